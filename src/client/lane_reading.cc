// Who reads a lane's connection.
#include <algorithm>
#include <utility>

#include "client/client_core.h"
#include "client/lane.h"

namespace mydis {

void PendingCall::Wait() {
  if (const std::shared_ptr<Lane> own = lane.lock()) return own->Wait(*this);
  WaitForOthers();
}

void PendingCall::LetCome() {
  if (const std::shared_ptr<Lane> own = lane.lock()) own->LetCome();
}

void Lane::Wait(PendingCall& call) {
  // Who waits may have nothing else of the client's.
  const std::shared_ptr<ClientCore> core = shared_core_.lock();
  waiting_.fetch_add(1);
  std::shared_ptr<Wire> wire;
  if (core) {
    MutexLock lock(mutex_);
    if (BecomeReader(call)) wire = wire_;
  }
  if (wire) ReadForCaller(call, wire);
  call.WaitForOthers();
  waiting_.fetch_sub(1);
}

void Lane::LetCome() {
  if (is_to_come_.load()) return;
  const std::shared_ptr<ClientCore> core = shared_core_.lock();
  if (!core) return;
  MutexLock lock(mutex_);
  // What is not under way yet is looked at when it is started.
  if (calls_.empty()) return;
  is_to_come_.store(true);
  if (stage_ == Stage::kReady && reader_ == Reader::kNobody) LetCoreRead();
}

// If nobody else waits, who would have to be woken for each answer, and the core's thread is not
// to read anyhow.
bool Lane::BecomeReader(const PendingCall& call) {
  if (stage_ != Stage::kReady || reader_ == Reader::kCaller || call.given) return false;
  if (waiting_.load() > 1 || is_to_come_.load()) {
    if (reader_ == Reader::kNobody) LetCoreRead();
    return false;
  }
  // Nothing more is collected for what is waited for.
  Flush();
  if (stage_ != Stage::kReady) return false;
  reader_ = Reader::kCaller;
  Watch(WantedEvents());
  return true;
}

// Until the call has its answer, or the core's thread is to go on.
void Lane::ReadForCaller(const PendingCall& call, const std::shared_ptr<Wire>& wire) {
  while (true) {
    const Result<std::string_view> bytes = wire->Read(Wire::Patience::kAWhile);
    MutexLock lock(mutex_);
    if (wire_ != wire) return;
    AnsweredCalls answered;
    Take(bytes, &answered);
    // With the lock, so that the next reader's callbacks come behind these, and the end of the
    // client behind them all: here they are only posted.
    Complete(std::move(answered));
    if (!call.given && stage_ == Stage::kReady) continue;
    return StopReading();
  }
}

// Who has waited for one of several calls is expected to wait for the next one.
void Lane::StopReading() {
  reader_ = Reader::kNobody;
  Watch(WantedEvents());
  const bool core_goes_on = stage_ != Stage::kReady || is_to_come_.load() || waiting_.load() > 1;
  if (core_goes_on && !calls_.empty()) LetCoreRead();
}

void Lane::OnEvents(uint32_t events) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    if (!wire_) return;
    if ((events & EPOLLOUT) != 0) Flush();
    if (reader_ == Reader::kCaller) {
      // It sees for itself what else there is. That this is the end need not be said on and on.
      if ((events & EPOLLRDHUP) != 0) Watch(watched_events_ & ~uint32_t{EPOLLRDHUP});
    } else if ((events & ~uint32_t{EPOLLOUT}) != 0) {
      Take(wire_->Read(Wire::Patience::kNone), &answered);
    }
    // Said with the lock: a thread that reads from now on posts behind these in any case.
    if (DeliverLater(&answered)) return;
  }
  Complete(std::move(answered));
}

void Lane::Take(const Result<std::string_view>& bytes, AnsweredCalls* answered) {
  if (!bytes) return BreakOff(bytes.error());
  if (bytes->empty()) return;
  if (Status status = wire_->Take(*bytes); !status.ok()) return BreakOff(std::move(status));
  heard_us_ = core_.NowUs();
  ReceivedValue received;
  while (stage_ != Stage::kBroken) {
    const ValueReader::Outcome outcome = wire_->Next(&received);
    if (outcome == ValueReader::Outcome::kNeedMore) break;
    if (outcome == ValueReader::Outcome::kBroken)
      return BreakOff(Status(ErrorCode::kCorrupt, wire_->error()));
    TakeValue(std::move(received), answered);
  }
  if (stage_ == Stage::kReady) PutPending(answered);
  if (calls_.empty()) is_to_come_.store(false);
  Flush();
}

void Lane::LetCoreRead() {
  reader_ = Reader::kCore;
  Watch(WantedEvents());
}

// The end of a connection that nobody reads is to be noticed, before a call is risked on it. That
// is asked for while a caller reads, too: to change it would take two system calls for each wait.
uint32_t Lane::WantedEvents() const {
  const uint32_t events = reader_ == Reader::kCore ? EPOLLIN : EPOLLRDHUP;
  return wire_->blocked() ? events | EPOLLOUT : events;
}

// One system call on a descriptor that is watched as long as wire_ is there, so any thread may.
void Lane::Watch(uint32_t events) {
  if (events == watched_events_) return;
  watched_events_ = events;
  core_.loop().Modify(wire_->fd(), events, this);
}

}  // namespace mydis
