#include "client/listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/version.h"
#include "client/reply_status.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

// A connection that has been silent for so long is asked whether it is there, and given up after
// as long again.
constexpr uint64_t kSilenceUs = 5'000'000;
constexpr uint64_t kLookMs = 1000;
constexpr uint64_t kShortestPauseMs = 20;
constexpr uint64_t kLongestPauseMs = 1000;
// While more events wait for their handlers, nothing is read.
constexpr size_t kMostWaiting = 4096;

// What the program holds: it ends the listener with itself.
class Holder final : public detail::Channel::Listening {
 public:
  Holder(std::shared_ptr<ClientCore> core, std::shared_ptr<Listener> listener)
      : core_(std::move(core)), listener_(std::move(listener)) {}
  ~Holder() override {
    listener_->strand().Stop();
    core_->Post([listener = listener_] { listener->CloseNow({}); });
  }

 private:
  const std::shared_ptr<ClientCore> core_;
  const std::shared_ptr<Listener> listener_;
};

}  // namespace

Result<std::shared_ptr<detail::Channel::Listening>> BeginListening(
    const std::shared_ptr<ClientCore>& core, std::shared_ptr<Listener> listener,
    uint64_t limit_us) {
  if (!core->Register(listener))
    return Fail(ErrorCode::kUnavailable, "the client, or the instance, has been closed");
  core->Post([listener, limit_us] { listener->Begin(limit_us); });
  auto holder = std::make_shared<Holder>(core, listener);
  const Result<Value> begun = listener->begun().Take();
  if (!begun) return Fail(begun.error());
  return holder;
}

Listener::Listener(ClientCore& core, SessionOptions settings)
    : core_(core),
      settings_(std::move(settings)),
      strand_(std::make_shared<EventStrand>(core)),
      choice_(RandomSeed() >> 1),
      random_(choice_) {}

void Listener::Begin(uint64_t limit_us) {
  begin_timer_ = core_.loop().AddTimer(limit_us / 1000, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->has_begun_ || self->ended_) return;
    self->CloseNow(
        Status(ErrorCode::kUnavailable,
               fmt::format("no instance could be asked in time{}{}",
                           self->last_failure_.ok() ? "" : ": ", self->last_failure_.message())));
  });
  DialSoon();
}

// Also the answer to who waits for the beginning.
void Listener::CloseNow(const Status& why) {
  if (ended_) return;
  ended_ = true;
  Drop();
  AnswerBegin(Fail(why.ok() ? Status(ErrorCode::kUnavailable, "the subscription was ended") : why));
}

// The first answer counts.
void Listener::AnswerBegin(Result<Value> answer) {
  if (std::exchange(has_begun_, true)) return;
  core_.loop().CancelTimer(begin_timer_);
  begun_->Complete(std::move(answer));
}

void Listener::End() { CloseNow(last_failure_); }

void Listener::Listening() {
  failures_ = 0;
  ++listened_;
  AnswerBegin(Value());
}

// ---- Connecting ----

void Listener::DialSoon() {
  if (ended_ || std::exchange(dialing_, true)) return;
  const size_t choices = core_.dialer().choices();
  uint64_t pause_ms = 0;
  if (failures_ >= choices) {
    const uint64_t doublings = std::min<uint64_t>((failures_ - choices) / choices, 10);
    const uint64_t longest = std::min(kShortestPauseMs << doublings, kLongestPauseMs);
    pause_ms = longest / 2 + random_.Below(longest / 2 + 1);
  }
  // Never from within a call of the connection that has been lost.
  core_.loop().AddTimer(pause_ms, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Dial();
  });
}

void Listener::Dial() {
  if (ended_) return;
  core_.dialer().Dial(core_.loop(), settings_, choice_,
                      [weak = weak_from_this()](Result<DialedConnection> result) {
                        if (const auto self = weak.lock()) self->Dialed(std::move(result));
                      });
}

void Listener::Dialed(Result<DialedConnection> result) {
  dialing_ = false;
  if (ended_) return;
  if (!result) return Lost(Status(ErrorCode::kUnavailable, result.error().message()));
  wire_ = std::make_unique<Wire>(*std::move(result));
  ++connection_;
  if (Status status = core_.loop().Add(wire_->fd(), EPOLLIN, this); !status.ok()) {
    wire_.reset();
    return Lost(status);
  }
  watched_events_ = EPOLLIN;
  paused_ = false;
  if (Status status = wire_->Open(); !status.ok()) return Lost(status);
  heard_us_ = core_.NowUs();
  pinged_ = false;
  pongs_due_ = 0;
  Greet();
  Flush();
  CheckSilence();
}

void Listener::Say(const Command& words) {
  RespWriter writer(wire_->Tail(), 2);
  writer.ArrayHeader(words.size());
  for (const std::string& word : words) writer.Bulk(word);
}

void Listener::Greet() {
  std::vector<Command> greeting = {core_.dialer().Hello(),
                                   {"CLIENT", "SETINFO", "LIB-NAME", "mydis"},
                                   {"CLIENT", "SETINFO", "LIB-VER", std::string(Version())}};
  if (!settings_.name.empty()) greeting.push_back({"CLIENT", "SETNAME", settings_.name});
  if (Command login = core_.dialer().Login(); !login.empty())
    greeting.insert(greeting.begin(), std::move(login));
  greeting_replies_ = greeting.size();
  for (const Command& command : greeting) Say(command);
}

void Listener::Lost(const Status& why) {
  if (wire_) {
    last_failure_ = Status(why.code(), fmt::format("{}: {}", wire_->peer(), why.message()));
  } else {
    last_failure_ = why;
  }
  Drop();
  ++choice_;
  ++failures_;
  DialSoon();
}

void Listener::Drop() {
  if (!wire_) return;
  core_.loop().Remove(wire_->fd(), this);
  wire_.reset();
  ++connection_;
}

// ---- Reading ----

void Listener::Flush() {
  if (!wire_) return;
  if (Status status = wire_->Send(); !status.ok()) return Lost(status);
  Watch((paused_ ? 0u : EPOLLIN) | (wire_->blocked() ? EPOLLOUT : 0u));
}

void Listener::Watch(uint32_t events) {
  if (events == watched_events_) return;
  watched_events_ = events;
  core_.loop().Modify(wire_->fd(), events, this);
}

void Listener::OnEvents(uint32_t events) {
  const std::shared_ptr<Listener> keep = shared_from_this();  // A handler may end it.
  if ((events & ~uint32_t{EPOLLOUT}) == 0) return Flush();
  if (Status status = wire_->Receive(); !status.ok()) return Lost(status);
  heard_us_ = core_.NowUs();
  pinged_ = false;
  const uint64_t connection = connection_;
  ReceivedValue received;
  while (wire_ && connection == connection_) {
    const ValueReader::Outcome outcome = wire_->Next(&received);
    if (outcome == ValueReader::Outcome::kBroken)
      return Lost(Status(ErrorCode::kCorrupt, wire_->error()));
    if (outcome == ValueReader::Outcome::kNeedMore) break;
    TakeValue(std::move(received.value));
  }
  if (connection != connection_) return;
  PauseIfBehind();
  Flush();
}

void Listener::TakeValue(Value&& value) {
  if (value.kind() == Value::Kind::kPush) return TakePush(value.elements());
  if (value.is_error()) {
    const std::string& text = value.string();
    bool doubtful = false;
    const bool optional = greeting_replies_ > 0 && text.starts_with("ERR");
    if (!optional) {
      const Status why = StatusOfError(text);
      if (IsRefusal(text, &doubtful)) return Lost(why);
      if (!TakeError(why, text)) return Lost(why);
      last_failure_ = why;
      return End();
    }
  }
  if (greeting_replies_ > 0) {
    if (--greeting_replies_ == 0) {
      for (const Command& command : Requests()) Say(command);
    }
    return;
  }
  if (pongs_due_ > 0 && value.is_string() && value.string() == "PONG") {
    --pongs_due_;
    return;
  }
  TakeReply(value);
}

// Handlers on an executor may be slower than the server.
void Listener::PauseIfBehind() {
  if (paused_ || strand_->waiting() <= kMostWaiting) return;
  paused_ = true;
  strand_->WhenFew(kMostWaiting / 2, [weak = weak_from_this(), &core = core_] {
    core.Post([weak] {
      const auto self = weak.lock();
      if (!self || !self->wire_) return;
      self->paused_ = false;
      self->Flush();
    });
  });
}

void Listener::CheckSilence() {
  if (!wire_) return;
  const uint64_t silent_us = core_.NowUs() - heard_us_;
  if (paused_) {
    heard_us_ = core_.NowUs();
  } else if (silent_us > 2 * kSilenceUs) {
    return Lost(Status(ErrorCode::kTimeout, "it does not answer any more"));
  } else if (silent_us > kSilenceUs && greeting_replies_ == 0 && !std::exchange(pinged_, true)) {
    ++pongs_due_;
    Say({"PING"});
    Flush();
  }
  core_.loop().AddTimer(kLookMs, [weak = weak_from_this(), connection = connection_] {
    const auto self = weak.lock();
    if (self && self->connection_ == connection) self->CheckSilence();
  });
}

}  // namespace mydis
