// Who reads a lane's connection.
#include <poll.h>

#include <algorithm>
#include <utility>

#include "client/client_core.h"
#include "client/lane.h"

namespace mydis {
namespace {

// A caller that reads looks so often whether its call has ended in another way.
constexpr int kLookMs = 100;

}  // namespace

Result<Value> Lane::Wait(const CallPointer& call) {
  std::shared_ptr<Wire> wire;
  {
    MutexLock lock(mutex_);
    if (BecomeReader(*call)) wire = wire_;
  }
  if (wire) ReadForCaller(call, wire);
  return call->answer().Take();
}

// If nothing but its call is under way, which does not take for ever.
bool Lane::BecomeReader(const PendingCall& call) {
  if (stage_ != Stage::kReady || reader_ == Reader::kCaller) return false;
  const bool alone = calls_.size() == 1 && sent_ == 1 && calls_.front().get() == &call;
  if (!alone || call.blocks) {
    // It was started for a caller that reads.
    if (reader_ == Reader::kNobody && !calls_.empty()) LetCoreRead();
    return false;
  }
  reader_ = Reader::kCaller;
  Watch(wire_->blocked() ? EPOLLOUT : 0u);
  return true;
}

void Lane::ReadForCaller(const CallPointer& call, const std::shared_ptr<Wire>& wire) {
  for (bool reads = true; reads;) {
    pollfd ready{wire->fd(), POLLIN, 0};
    (void)poll(&ready, 1, kLookMs);
    AnsweredCalls answered;
    {
      MutexLock lock(mutex_);
      if (wire_ != wire) return;  // The core's thread goes on.
      if (ready.revents != 0) ReadAvailable(&answered);
      const bool mine =
          std::ranges::any_of(answered, [&](const auto& one) { return one.first == call; });
      if (mine || call->answer().done() || stage_ != Stage::kReady) {
        reads = false;
        reader_ = Reader::kNobody;
        if (!calls_.empty()) LetCoreRead();
      }
    }
    Deliver(std::move(answered));
  }
}

void Lane::OnEvents(uint32_t events) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    if (!wire_) return;
    if ((events & EPOLLOUT) != 0) Flush();
    // A caller that reads sees for itself what else there is.
    if (reader_ != Reader::kCaller && (events & ~uint32_t{EPOLLOUT}) != 0) ReadAvailable(&answered);
  }
  Deliver(std::move(answered));
}

void Lane::ReadAvailable(AnsweredCalls* answered) {
  Status status = wire_->Receive();
  if (!status.ok()) return BreakOff(std::move(status));
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
  Flush();
}

void Lane::LetCoreRead() {
  reader_ = Reader::kCore;
  Watch(EPOLLIN | (wire_->blocked() ? EPOLLOUT : 0u));
}

// One system call on a descriptor that is watched as long as wire_ is there, so any thread may.
void Lane::Watch(uint32_t events) {
  if (events == watched_events_) return;
  watched_events_ = events;
  core_.loop().Modify(wire_->fd(), events, this);
}

}  // namespace mydis
