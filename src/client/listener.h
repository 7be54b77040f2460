// Subscriptions and watches: each has a connection of its own, and another one when that is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "client/client_core.h"
#include "client/event_strand.h"
#include "client/pending_call.h"
#include "client/wire.h"
#include "mydis/channel.h"
#include "mydis/events.h"

namespace mydis {

// The core's thread, unless it says otherwise.
class Listener : public ClientCore::Closable,
                 public std::enable_shared_from_this<Listener>,
                 private FdHandler {
 public:
  // Any thread.
  Listener(ClientCore& core, SessionOptions settings);

  // Connects, until `limit_us` at most.
  void Begin(uint64_t limit_us);
  // Completed when it listens, or cannot. Any thread.
  detail::FutureState& begun() { return *begun_; }
  void CloseNow(const Status& why) override;
  // Any thread.
  EventStrand& strand() { return *strand_; }

 protected:
  using Command = std::vector<std::string>;

  // What is sent on each new connection, behind the greeting.
  virtual std::vector<Command> Requests() = 0;
  // A reply to one of them, which is no error.
  virtual void TakeReply(const Value& value) = 0;
  // An error that another instance would give too. False: it is worth another attempt.
  virtual bool TakeError(const Status& why, const std::string& text) = 0;
  virtual void TakePush(const std::vector<Value>& words) = 0;

  void Tell(EventStrand::Event event) { strand_->Add(std::move(event)); }
  // It listens: on this connection, as asked for.
  void Listening();
  // There is nothing more to listen to: no connection any more.
  void End();
  // Whether it has listened over another connection before.
  bool resumed() const { return listened_ > 1; }
  bool has_listened() const { return listened_ > 0; }
  const SessionOptions& settings() const { return settings_; }

 private:
  void AnswerBegin(Result<Value> answer);
  void DialSoon();
  void Dial();
  void Dialed(Result<DialedConnection> result);
  void Greet();
  void Say(const Command& words);
  void OnEvents(uint32_t events) override;
  void TakeValue(Value&& value);
  void Lost(const Status& why);
  void Drop();
  void Flush();
  void Watch(uint32_t events);
  void PauseIfBehind();
  void CheckSilence();

  ClientCore& core_;
  const SessionOptions settings_;
  const std::shared_ptr<EventStrand> strand_;
  const detail::AnswerState begun_ = std::make_shared<detail::FutureState>();
  bool has_begun_ = false;
  TimerId begin_timer_ = 0;  // Ends it if it has not begun by then.
  bool ended_ = false;
  std::unique_ptr<Wire> wire_;
  bool dialing_ = false;
  bool paused_ = false;  // Handlers are behind: nothing is read.
  uint32_t watched_events_ = 0;
  uint64_t connection_ = 0;      // Counts them, so that timers know theirs.
  size_t greeting_replies_ = 0;  // Still to come.
  uint64_t heard_us_ = 0;
  bool pinged_ = false;
  size_t pongs_due_ = 0;
  uint32_t listened_ = 0;
  uint64_t choice_;
  uint32_t failures_ = 0;
  Random random_;
  Status last_failure_;
};

class Subscriber final : public Listener {
 public:
  Subscriber(ClientCore& core, SessionOptions settings, SubscribeOptions options,
             SubscribeHandlers handlers);

 private:
  std::vector<Command> Requests() override;
  void TakeReply(const Value&) override {}
  bool TakeError(const Status& why, const std::string& text) override;
  void TakePush(const std::vector<Value>& words) override;

  const SubscribeOptions options_;
  const std::shared_ptr<SubscribeHandlers> handlers_;  // Shared with the events.
  size_t confirmed_ = 0;  // Of the channels and patterns, over this connection.
};

class Watcher final : public Listener {
 public:
  Watcher(ClientCore& core, SessionOptions settings, std::shared_ptr<SessionRevisions> revisions,
          WatchOptions options, WatchHandlers handlers);

 private:
  std::vector<Command> Requests() override;
  void TakeReply(const Value& value) override;
  bool TakeError(const Status& why, const std::string& text) override;
  void TakePush(const std::vector<Value>& words) override;
  bool IsNew(uint64_t revision, bool last);
  void TellChange(const std::vector<Value>& words);
  void TellMessage(const std::vector<Value>& words);
  void TellEnd(Status why, uint64_t current);

  const std::shared_ptr<SessionRevisions> revisions_;
  const WatchOptions options_;
  const std::shared_ptr<WatchHandlers> handlers_;  // Shared with the events.
  bool has_place_ = false;                         // complete_ is where to go on from.
  uint64_t complete_ = 0;                          // All up to this revision has been told.
  // Of the revision after that, so many events have been told; and of what a new connection tells
  // of it, so many are still to be passed over.
  uint64_t part_revision_ = 0;
  size_t part_told_ = 0;
  size_t part_skip_ = 0;
};

// Has it listen and waits for that. Not on the core's thread.
Result<std::shared_ptr<detail::Channel::Listening>> BeginListening(
    const std::shared_ptr<ClientCore>& core, std::shared_ptr<Listener> listener, uint64_t limit_us);

}  // namespace mydis
