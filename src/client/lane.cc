// Calls on their way out, and their replies.
#include "client/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/client_core.h"
#include "client/reply_status.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

// So much is written by the thread that has brought it; less waits for the core's.
constexpr size_t kFlushAt = 64 * 1024;

}  // namespace

Lane::Lane(ClientCore& core, SessionOptions settings, WriterIdentity identity, uint64_t choice)
    : core_(core),
      shared_core_(core.weak_from_this()),
      settings_(std::move(settings)),
      revisions_(std::make_shared<SessionRevisions>()),
      identity_(std::move(identity)),
      random_(choice),
      oldest_number_(identity_.next_number),
      choice_(choice) {}

void Lane::Serve(std::shared_ptr<SessionRevisions> revisions) {
  MutexLock lock(mutex_);
  revisions_ = std::move(revisions);
}

void Lane::Rest() {
  MutexLock lock(mutex_);
  revisions_ = std::make_shared<SessionRevisions>();
  // What is started without a thread that waits for it, a call that blocks, may come next.
  if (wire_ && reader_ == Reader::kNobody) LetCoreRead();
}

void Lane::Start(std::span<const CallPointer> calls, bool at_once) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    const bool was_idle = calls_.empty();
    for (const CallPointer& call : calls) Admit(call, &answered);
    if (stage_ == Stage::kIdle && !calls_.empty()) {
      DialSoon();
    } else if (stage_ == Stage::kReady) {
      PutPending(&answered);
      const auto calls_back = [](const CallPointer& call) { return call->calls_back(); };
      // Of a stream of calls one thread reads while another brings more.
      if ((!at_once && !was_idle) || std::ranges::any_of(calls, calls_back))
        is_to_come_.store(true);
      // Who starts calls is expected to wait for them, or to say that they are to come anyhow.
      if (reader_ == Reader::kNobody && (is_to_come_.load() || waiting_.load() > 0)) LetCoreRead();
      if (at_once || was_idle || wire_->output_size() > kFlushAt) {
        Flush();
      } else {
        FlushSoon();
      }
    }
  }
  core_.WatchTime();
  Deliver(std::move(answered));
}

void Lane::Admit(const CallPointer& call, AnsweredCalls* answered) {
  call->given = true;
  if (closed_) {
    answered->emplace_back(call, Fail(*closed_));
    return;
  }
  const size_t bytes = call->bytes();
  if (bytes_ > 0 && bytes_ + bytes > kMostBytes) {
    answered->emplace_back(
        call, Fail(ErrorCode::kBusy,
                   fmt::format("{} MiB of calls are under way in this session: wait for some of "
                               "their answers before more are started",
                               kMostBytes >> 20)));
    return;
  }
  call->given = false;
  bytes_ += bytes;
  under_way_.fetch_add(1);
  if (!call->is_read && !call->unnumbered && call->request_id.empty())
    call->number = identity_.next_number++;
  calls_.push_back(call);
}

void Lane::PutPending(AnsweredCalls* answered) {
  while (sent_ < calls_.size() && !at_guard_) {
    const CallPointer call = calls_[sent_];
    Status why;
    if (MaySend(*call, &why)) {
      Put(*call);
      ++sent_;
    } else {
      calls_.erase(calls_.begin() + static_cast<ptrdiff_t>(sent_));
      Give(call, Fail(call->Outcome(std::move(why))), answered);
    }
  }
}

// By what the server can tell that a write is sent again.
WriteTag Lane::TagFor(const PendingCall& call) const {
  if (call.is_read || call.unnumbered) return WriteTag::kNone;
  if (call.number != 0 && features_.numbered) return WriteTag::kNumber;
  return features_.once ? WriteTag::kId : WriteTag::kNone;
}

bool Lane::MaySend(const PendingCall& call, Status* why) {
  // Under another tag it would be another write.
  if (call.doubt_before_us != 0 && (!call.repeatable() || TagFor(call) != call.tag)) {
    *why = Status(ErrorCode::kUnknown,
                  "the connection was lost before the answer came: the write may or may not have "
                  "happened, and this server could not tell if it were sent again");
    return false;
  }
  if (call.prelude_count > 0 && features_.no_multi) {
    *why = Status(ErrorCode::kNoPermission, "this user may not say MULTI, and so no transaction");
    return false;
  }
  if (!call.guard.empty() && !features_.watch) {
    *why = Status(ErrorCode::kInvalid,
                  "this server does not know MYDIS WATCH: a transaction cannot have conditions");
    return false;
  }
  return true;
}

void Lane::Put(PendingCall& call) {
  call.tag = TagFor(call);
  if (!call.guard.empty() && !call.guard_passed) {
    wire_->Tail() += call.guard;
    at_guard_ = true;
  } else {
    PutLast(call);
  }
}

// The whole call, but for its guard.
void Lane::PutLast(PendingCall& call) {
  if (!call.is_read) call.doubt_us = call.started_us;
  const uint64_t wanted =
      std::max(call.min_revision, revisions_->seen.load(std::memory_order_acquire));
  const bool at_least =
      features_.at_least &&
      wanted > std::max(assured_, revisions_->here.load(std::memory_order_acquire));
  call.at_least = at_least ? wanted : 0;
  const bool numbered = call.tag == WriteTag::kNumber;
  // Without numbers the id is made of what they would be.
  const bool once = call.tag == WriteTag::kId;
  std::string& out = wire_->Tail();
  out += call.prelude;
  RespWriter writer(out, 2);
  writer.ArrayHeader(call.word_count + (call.consistency ? 1u : 0u) + (at_least ? 2u : 0u) +
                     (numbered ? 4u : 0u) + (once ? 2u : 0u));
  if (call.consistency)
    writer.Bulk(*call.consistency == Consistency::kStrong ? "STRONG" : "EVENTUAL");
  if (at_least) {
    writer.Bulk("ATLEAST");
    writer.BulkInteger(static_cast<int64_t>(wanted));
  }
  if (numbered) {
    writer.Bulk("NUMBERED");
    writer.Bulk(identity_.name);
    writer.BulkInteger(static_cast<int64_t>(call.number));
    writer.BulkInteger(static_cast<int64_t>(oldest_number_));
  }
  if (once) {
    writer.Bulk("ONCE");
    writer.Bulk(call.request_id.empty() ? fmt::format("{}:{}", identity_.name, call.number)
                                        : call.request_id);
  }
  if (call.long_words) {
    wire_->Append(call.long_words);
  } else {
    out += call.words;
  }
}

void Lane::Flush() {
  if (!wire_ || stage_ == Stage::kBroken) return;
  const bool waited = wire_->blocked();
  const uint64_t sent = wire_->sent();
  const Status status = wire_->Send();
  if (!status.ok()) return BreakOff(status);
  // The other side has made room: it is there, though it cannot answer what it does not have yet.
  // (What a socket takes at once says nothing of the other side.)
  if (waited && wire_->sent() > sent) heard_us_ = core_.NowUs();
  Watch(WantedEvents());
}

void Lane::FlushSoon() {
  if (std::exchange(flush_posted_, true)) return;
  core_.Post([self = shared_from_this()] {
    MutexLock lock(self->mutex_);
    self->flush_posted_ = false;
    self->Flush();
  });
}

void Lane::TakeValue(ReceivedValue&& received, AnsweredCalls* answered) {
  if (received.value.kind() == Value::Kind::kPush) return;
  if (stage_ == Stage::kGreeting) return TakeGreeting(received.value, answered);
  if (refused_ >= sent_)
    return BreakOff(Status(ErrorCode::kCorrupt, "a reply came that nothing had asked for"));
  if (received.revision != 0) {
    SessionRevisions::Raise(revisions_->seen, received.revision);
    assured_ = std::max(assured_, received.revision);
  }
  if (!TakePart(*calls_[refused_], received.value)) TakeReply(std::move(received), answered);
}

// Whether it is not yet the reply to the call's last command.
bool Lane::TakePart(PendingCall& call, const Value& value) {
  if (!call.guard.empty() && !call.guard_passed) {
    at_guard_ = false;
    if (value.is_error()) return false;
    if (call.given_up) {
      // Its caller was told that nothing has happened; and its conditions are not the next one's.
      BreakOff(Status(ErrorCode::kTimeout, "a transaction's time was up before it had begun"));
      return true;
    }
    call.guard_passed = true;
    PutLast(call);
    return true;
  }
  if (call.prelude_replies == call.prelude_count) return false;
  if (value.is_error()) {
    Status why = StatusOfError(value.string());
    bool doubtful = false;
    if (IsRefusal(value.string(), &doubtful)) {
      call.prelude_refused = true;
      call.refusal = why;
    }
    // Of one that was given up they are the caller's, who may be reading them.
    if (!call.given_up) call.prelude_errors.emplace_back(call.prelude_replies, std::move(why));
  }
  ++call.prelude_replies;
  return true;
}

void Lane::TakeReply(ReceivedValue&& received, AnsweredCalls* answered) {
  PendingCall& call = *calls_[refused_];
  const bool multi_is_open = LeavesMultiOpen(call, received.value);
  if (Refuses(call, received.value)) {
    ++refused_;
    stage_ = Stage::kDraining;
    if (refused_ == sent_ || multi_is_open) BreakOff(last_failure_);
    return;
  }
  // That it has come so far is certain only now: it might have been refused before it was looked
  // at.
  if (!received.value.is_error()) assured_ = std::max(assured_, call.at_least);
  // What was refused before it is not carried out behind it.
  for (; refused_ > 0; --refused_) {
    const CallPointer& first = calls_.front();
    AnswerFirst(Fail(first->Outcome(*first->refusal)), answered);
  }
  AnswerFirst(AnswerOf(call, std::move(received.value)), answered);
  failures_ = 0;
  stage_ = Stage::kReady;
  if (multi_is_open)
    BreakOff(Status(ErrorCode::kInvalid, "EXEC was refused, which leaves MULTI open"));
}

// Whether a prefix of EXEC was refused before EXEC was looked at: what comes behind it is queued.
bool Lane::LeavesMultiOpen(const PendingCall& call, const Value& value) {
  if (!value.is_error() || call.prelude_count == 0 || call.prelude_replies < call.prelude_count)
    return false;
  return value.string().starts_with("STALE") || value.string().starts_with("ERR");
}

Result<Value> Lane::AnswerOf(PendingCall& call, Value value) {
  if (!value.is_error()) return value;
  Status why = StatusOfError(value.string());
  const bool at_guard = !call.guard.empty() && !call.guard_passed;
  if (!at_guard && !IsSaidBeforehand(value.string())) return Fail(std::move(why));
  // Of this attempt it is certain.
  call.doubt_us = 0;
  return Fail(call.Outcome(std::move(why)));
}

bool Lane::Refuses(PendingCall& call, const Value& value) {
  if (!value.is_error()) return false;
  const std::string& text = value.string();
  // For what one of its commands was refused with.
  if (text.starts_with("EXECABORT")) {
    call.doubt_us = 0;
    if (call.prelude_refused) last_failure_ = *call.refusal;
    return call.prelude_refused;
  }
  bool doubtful = false;
  if (!IsRefusal(text, &doubtful) || (doubtful && !call.repeatable())) return false;
  if (!doubtful) call.doubt_us = 0;
  call.refusal = StatusOfError(text);
  last_failure_ = *call.refusal;
  return true;
}

void Lane::AnswerFirst(Result<Value> result, AnsweredCalls* answered) {
  const CallPointer call = std::move(calls_.front());
  calls_.pop_front();
  --sent_;
  if (call->number != 0) oldest_number_ = call->number + 1;
  if (!call->given_up) Give(call, std::move(result), answered);
}

// REQUIRES: it is none of calls_ any more, or given up.
void Lane::Give(const CallPointer& call, Result<Value> result, AnsweredCalls* answered) {
  bytes_ -= call->bytes();
  under_way_.fetch_sub(1);
  call->given = true;
  // What its parts were refused with says nothing of an earlier attempt.
  if (!result && result.error().code() == ErrorCode::kUnknown) call->prelude_errors.clear();
  answered->emplace_back(call, std::move(result));
}

void Lane::Deliver(AnsweredCalls answered) {
  if (!DeliverLater(&answered)) Complete(std::move(answered));
}

// Behind what threads that waited have read before it, if that is still to be called back.
bool Lane::DeliverLater(AnsweredCalls* answered) {
  if (answered->empty() || !core_.DeliveriesWait()) return false;
  core_.PostDelivery([self = shared_from_this(), answered = std::move(*answered)]() mutable {
    self->Complete(std::move(answered));
  });
  return true;
}

// On the core's thread callbacks are called at once, so that the lock must not be held.
void Lane::Complete(AnsweredCalls answered) {
  for (auto& [call, result] : answered) call->Complete(std::move(result), &core_);
}

}  // namespace mydis
