// A lane's connections: how they begin, and what becomes of the calls when one is lost.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/version.h"
#include "client/client_core.h"
#include "client/lane.h"
#include "client/reply_status.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

constexpr uint64_t kGreetingLimitUs = 5'000'000;
// Between attempts, once every instance has failed: doubled with each, up to the longest.
constexpr uint64_t kShortestPauseMs = 20;
constexpr uint64_t kLongestPauseMs = 1000;

constexpr std::string_view kWord(Consistency consistency) {
  return consistency == Consistency::kStrong ? "strong" : "eventual";
}

}  // namespace

// ---- Connecting ----

void Lane::DialSoon() {
  stage_ = Stage::kDialing;
  const size_t choices = core_.dialer().choices();
  uint64_t pause_ms = 0;
  if (failures_ >= choices) {
    const uint64_t doublings = std::min<uint64_t>((failures_ - choices) / choices, 10);
    const uint64_t longest = std::min(kShortestPauseMs << doublings, kLongestPauseMs);
    pause_ms = longest / 2 + random_.Below(longest / 2 + 1);
  }
  core_.Post([self = shared_from_this(), pause_ms] {
    if (pause_ms == 0) return self->Dial();
    self->core_.loop().AddTimer(pause_ms, [self] { self->Dial(); });
  });
}

void Lane::Dial() {
  uint64_t choice;
  {
    MutexLock lock(mutex_);
    if (closed_ || stage_ != Stage::kDialing) return;
    choice = choice_;
  }
  core_.dialer().Dial(core_.loop(), settings_, choice,
                      [weak = weak_from_this()](Result<DialedConnection> result) {
                        if (const auto self = weak.lock()) self->Dialed(std::move(result));
                      });
}

void Lane::Dialed(Result<DialedConnection> result) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    if (closed_ || stage_ != Stage::kDialing) return;
    if (!result) {
      NotDialed(result.error(), &answered);
    } else {
      wire_ = std::make_shared<Wire>(*std::move(result));
      Status status = core_.loop().Add(wire_->fd(), EPOLLIN, this);
      if (status.ok()) {
        reader_ = Reader::kCore;
        watched_events_ = EPOLLIN;
        stage_ = Stage::kGreeting;
        status = wire_->Open();
        if (!status.ok()) {
          BreakOff(std::move(status));
        } else {
          Greet();
          Flush();
        }
      } else {
        wire_.reset();
        NotDialed(status, &answered);
      }
    }
  }
  Deliver(std::move(answered));
}

void Lane::NotDialed(const Status& why, AnsweredCalls* answered) {
  last_failure_ = Status(ErrorCode::kUnavailable, why.message());
  ++choice_;
  ++failures_;
  EndImpatient(answered);
  stage_ = Stage::kIdle;
  if (!calls_.empty()) DialSoon();
}

// ---- Greeting ----

void Lane::Say(Greeting meaning, std::span<const std::string_view> words) {
  RespWriter writer(wire_->Tail(), 2);
  writer.ArrayHeader(words.size());
  for (const std::string_view word : words) writer.Bulk(word);
  greetings_.push_back(meaning);
}

void Lane::Say(Greeting meaning, std::initializer_list<std::string_view> words) {
  Say(meaning, std::span(words.begin(), words.size()));
}

void Lane::Greet() {
  features_ = {};
  assured_ = 0;
  heard_us_ = core_.NowUs();
  for (const auto& words : {core_.dialer().Login(), core_.dialer().Hello()}) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    if (!words.empty()) Say(Greeting::kRequired, views);
  }
  Say(Greeting::kOptional, {"CLIENT", "SETINFO", "LIB-NAME", "mydis"});
  Say(Greeting::kOptional, {"CLIENT", "SETINFO", "LIB-VER", Version()});
  Say(Greeting::kFeatures, {"COMMAND", "INFO", "NUMBERED", "ONCE", "ATLEAST", "MYDIS|WATCH"});
  // Where MULTI is refused, what follows it would be carried out at once.
  Say(Greeting::kMulti, {"MULTI"});
  Say(Greeting::kOptional, {"DISCARD"});
  Say(Greeting::kOptional, {"CLIENT", "ATTRIBUTES", "ON"});
  if (settings_.database != 0)
    Say(Greeting::kRequired, {"SELECT", std::to_string(settings_.database)});
  if (settings_.read_consistency)
    Say(Greeting::kRequired, {"CLIENT", "CONSISTENCY", "READ", kWord(*settings_.read_consistency)});
  if (settings_.write_consistency)
    Say(Greeting::kRequired,
        {"CLIENT", "CONSISTENCY", "WRITE", kWord(*settings_.write_consistency)});
  if (!settings_.name.empty()) Say(Greeting::kRequired, {"CLIENT", "SETNAME", settings_.name});
}

void Lane::TakeGreeting(const Value& value, AnsweredCalls* answered) {
  const Greeting meaning = greetings_.front();
  greetings_.pop_front();
  if (meaning == Greeting::kRequired && value.is_error()) {
    const Status why = StatusOfError(value.string());
    if (IsTurnedAway(value.string()))
      return BreakOff(Status(ErrorCode::kUnavailable, why.message()));
    bool doubtful = false;
    // Another instance would say the same of what is wrong.
    if (!IsRefusal(value.string(), &doubtful)) FailAll(why, answered);
    return BreakOff(why);
  }
  if (meaning == Greeting::kFeatures) TakeFeatures(value);
  if (meaning == Greeting::kMulti)
    features_.no_multi = value.is_error() && value.string().starts_with("NOPERM");
  if (greetings_.empty()) stage_ = Stage::kReady;
}

// What COMMAND INFO says: null for a command that there is not.
void Lane::TakeFeatures(const Value& value) {
  const std::array<bool*, 4> flags = {&features_.numbered, &features_.once, &features_.at_least,
                                      &features_.watch};
  if (value.kind() != Value::Kind::kArray || value.elements().size() != flags.size()) return;
  for (size_t i = 0; i < flags.size(); ++i) *flags[i] = value.elements()[i].is_collection();
}

void Lane::FailAll(const Status& why, AnsweredCalls* answered) {
  for (const CallPointer& call : std::exchange(calls_, {})) {
    if (!call->given_up) Give(call, Fail(call->Outcome(why)), answered);
  }
  sent_ = refused_ = 0;
}

// ---- Losing a connection ----

void Lane::BreakOff(Status why) {
  if (stage_ != Stage::kGreeting && stage_ != Stage::kReady && stage_ != Stage::kDraining) return;
  stage_ = Stage::kBroken;
  last_failure_ = Status(why.code(), fmt::format("{}: {}", wire_->peer(), why.message()));
  core_.Post([self = shared_from_this()] { self->Recover(); });
}

void Lane::Recover() {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    if (closed_ || stage_ != Stage::kBroken) return;
    DropConnection();
    KeepRepeatable(&answered);
    ++choice_;
    ++failures_;
    EndImpatient(&answered);
    stage_ = Stage::kIdle;
    if (!calls_.empty()) DialSoon();
  }
  Deliver(std::move(answered));
}

void Lane::DropConnection() {
  if (!wire_) return;
  core_.loop().Remove(wire_->fd(), this);
  wire_->ShutDown();
  wire_.reset();
  reader_ = Reader::kNobody;
  watched_events_ = 0;
  greetings_.clear();
  at_guard_ = false;
}

// Of what was sent, what may be sent again stays, as if it had not been.
void Lane::KeepRepeatable(AnsweredCalls* answered) {
  const uint64_t now_us = core_.NowUs();
  const size_t sent = std::exchange(sent_, 0);
  const size_t refused = std::exchange(refused_, 0);
  const std::deque<CallPointer> before = std::exchange(calls_, {});
  size_t doubtful = 0;  // Up to and with the last write that this connection may have carried out.
  for (size_t i = 0; i < sent; ++i) {
    if (before[i]->doubt_us != 0) doubtful = i + 1;
  }
  for (size_t i = 0; i < before.size(); ++i) {
    const CallPointer& call = before[i];
    if (call->given_up) continue;
    // A write that was refused is not carried out behind one that may not have been.
    const bool overtaken = i < std::min(refused, doubtful) && !call->is_read && call->doubt_us == 0;
    call->EndAttempt(now_us);
    if (overtaken) {
      Give(call, Fail(call->Outcome(*call->refusal)), answered);
    } else if (MayRepeat(*call, now_us)) {
      calls_.push_back(call);
    } else {
      Give(call, Fail(Lost(*call)), answered);
    }
  }
}

// REQUIRES: its attempt has ended.
bool Lane::MayRepeat(const PendingCall& call, uint64_t now_us) {
  return call.doubt_before_us == 0 ||
         (call.repeatable() && now_us - call.doubt_before_us <= kRepeatWindowUs);
}

Status Lane::Lost(const PendingCall& call) const {
  return {ErrorCode::kUnknown,
          fmt::format("the connection was lost before the answer came ({}): the write may or may "
                      "not have happened{}",
                      last_failure_.message(),
                      call.repeatable() ? ""
                                        : ", and this server cannot tell whether one that is sent "
                                          "again is the same")};
}

// ---- Time ----

// Calls that do not wait for an instance to come back, once all have failed.
void Lane::EndImpatient(AnsweredCalls* answered) {
  if (failures_ < core_.dialer().choices()) return;
  for (size_t i = 0; i < calls_.size();) {
    const CallPointer call = calls_[i];
    if (call->impatient) {
      calls_.erase(calls_.begin() + static_cast<ptrdiff_t>(i));
      Give(call, Fail(last_failure_), answered);
    } else {
      ++i;
    }
  }
}

void Lane::CheckTime(uint64_t now_us) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    // Answers may have come that nobody has read: what has none is known the next time.
    if (stage_ == Stage::kReady && reader_ == Reader::kNobody && !calls_.empty())
      return LetCoreRead();
    for (size_t i = 0; i < calls_.size();) {
      const size_t before = calls_.size();
      if (!calls_[i]->given_up && calls_[i]->deadline_us <= now_us) Expire(i, &answered);
      if (calls_.size() == before) ++i;
    }
    if (stage_ == Stage::kDraining && refused_ == sent_) BreakOff(last_failure_);
    CheckSilence(now_us);
  }
  Deliver(std::move(answered));
}

void Lane::CheckSilence(uint64_t now_us) {
  if (stage_ == Stage::kGreeting && now_us > heard_us_ + kGreetingLimitUs)
    return BreakOff(Status(ErrorCode::kTimeout, "it does not answer HELLO"));
  if ((stage_ != Stage::kReady && stage_ != Stage::kDraining) || refused_ >= sent_) return;
  const PendingCall& first = *calls_[refused_];
  if (first.silence_us == PendingCall::kNever) return;
  if (now_us <= std::max(heard_us_, first.started_us) + first.silence_us) return;
  // It may have made room, but too little for the socket to say so.
  const uint64_t heard_us = heard_us_;
  if (wire_->blocked()) Flush();
  if (heard_us_ != heard_us) return;
  BreakOff(Status(ErrorCode::kTimeout,
                  fmt::format("it has not answered for {} ms", first.silence_us / 1000)));
}

void Lane::Expire(size_t index, AnsweredCalls* answered) {
  const CallPointer call = calls_[index];
  const bool reply_to_come = index >= refused_ && index < sent_;
  Status why = TimeIsUp(*call, reply_to_come);
  if (reply_to_come) {
    call->given_up = true;
  } else {
    calls_.erase(calls_.begin() + static_cast<ptrdiff_t>(index));
    if (index < refused_) --refused_;
    if (index < sent_) --sent_;
  }
  Give(call, Fail(std::move(why)), answered);
}

Status Lane::TimeIsUp(const PendingCall& call, bool sent) const {
  const uint64_t limit_ms = (call.deadline_us - call.started_us) / 1000;
  const std::string reason =
      last_failure_.ok() ? "" : fmt::format(" (last of all: {})", last_failure_.message());
  if (call.in_doubt()) {
    return {ErrorCode::kUnknown,
            fmt::format("no answer within {} ms: the write may or may not have happened, or happen "
                        "later{}",
                        limit_ms, reason)};
  }
  if (sent) {
    return {ErrorCode::kTimeout,
            fmt::format("no answer within {} ms: nothing has happened{}", limit_ms, reason)};
  }
  if (call.refusal) return *call.refusal;
  // An instance that does not answer, or none that can be reached.
  const bool silent = last_failure_.code() == ErrorCode::kTimeout;
  return {silent ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
          fmt::format("no instance could be asked within {} ms: nothing has happened{}", limit_ms,
                      reason)};
}

// ---- The end ----

void Lane::Close(const Status& why) {
  AnsweredCalls answered;
  {
    MutexLock lock(mutex_);
    closed_ = why;
    DropConnection();
    for (const CallPointer& call : std::exchange(calls_, {})) {
      if (call->given_up) continue;
      Give(call, Fail(call->Outcome(why)), &answered);
    }
    sent_ = refused_ = 0;
    stage_ = Stage::kIdle;
  }
  Deliver(std::move(answered));
}

WriterIdentity Lane::identity() {
  MutexLock lock(mutex_);
  return identity_;
}

bool Lane::connected() {
  MutexLock lock(mutex_);
  return stage_ == Stage::kReady && calls_.empty() && !closed_;
}

}  // namespace mydis
