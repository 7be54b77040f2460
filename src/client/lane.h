// An ordered stream of calls to whichever instance answers: at most one connection at a time, and
// at the next instance in its place when it breaks, or refuses (docs/library.md, "When an instance
// fails").
//
// Calls are answered in order. When the connection is lost, all that have no answer are sent again
// over the next one, in their order: reads as they are, writes under the number that they have, by
// which the cluster knows whether it has carried them out already. A write that a server without
// such numbers may have carried out is not sent again: kUnknown.
//
// The connection is read by the thread that waits for a call, if it is the only one that waits, or
// else by the core's: that saves a hand-over between threads where one thread uses a session.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "client/pending_call.h"
#include "client/wire.h"
#include "mydis/options.h"
#include "net/event_loop.h"

namespace mydis {

class ClientCore;

// By whose name a lane's writes are numbered.
struct WriterIdentity {
  std::string name;
  uint64_t next_number = 1;
};

// Any thread, unless it says "the core's thread". Owned by the core until it is closed.
class Lane final : public std::enable_shared_from_this<Lane>, private FdHandler {
 public:
  // More bytes are not under way at a time; calls beyond are kBusy.
  static constexpr size_t kMostBytes = 64 << 20;

  // `choice` of the dialer's instances is tried first.
  Lane(ClientCore& core, SessionOptions settings, WriterIdentity identity, uint64_t choice);

  const SessionOptions& settings() const { return settings_; }
  // The session that uses it from now on.
  void Serve(std::shared_ptr<SessionRevisions> revisions);
  // No session uses it for now.
  void Rest();

  // `at_once`: the caller waits, so they are written now. Otherwise they may be collected for as
  // long as the core's thread takes to wake up.
  void Start(std::span<const CallPointer> calls, bool at_once);
  // Returns once a call has its answer, which may be brought meanwhile.
  void Wait(PendingCall& call);
  // Answers are to come though no thread waits for them.
  void LetCome();
  // Calls without an answer.
  size_t under_way() const { return under_way_.load(); }
  // Whether it has a connection in good order.
  bool connected();

  // Ends calls whose time is up, and a connection that is silent for too long.
  void CheckTime(uint64_t now_us);
  // The core's thread: ends the connection, and all calls with `why`.
  void Close(const Status& why);
  // After Close: what it may go on with elsewhere.
  WriterIdentity identity();

 private:
  enum class Stage : uint8_t {
    kIdle,      // No connection: the next call brings one about.
    kDialing,   // Or pausing before that.
    kGreeting,  // Says who it is and what it wants.
    kReady,
    kDraining,  // The instance has refused a call: the replies to the others are awaited.
    kBroken,    // The core's thread has been told to find another one.
  };
  enum class Reader : uint8_t { kNobody, kCore, kCaller };
  // What the server knows of what plain Redis does not.
  struct Features {
    bool numbered = false;
    bool once = false;
    bool at_least = false;
    bool watch = false;  // MYDIS WATCH
    // Not of the server: the user may not say MULTI.
    bool no_multi = false;
  };
  // What a reply to the greeting means.
  enum class Greeting : uint8_t { kRequired, kOptional, kFeatures, kMulti };

  // --- lane.cc: calls and replies ---
  void Admit(const CallPointer& call, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void PutPending(AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  WriteTag TagFor(const PendingCall& call) const MYDIS_REQUIRES(mutex_);
  bool MaySend(const PendingCall& call, Status* why) MYDIS_REQUIRES(mutex_);
  void Put(PendingCall& call) MYDIS_REQUIRES(mutex_);
  void PutLast(PendingCall& call) MYDIS_REQUIRES(mutex_);
  void Flush() MYDIS_REQUIRES(mutex_);
  void FlushSoon() MYDIS_REQUIRES(mutex_);
  void TakeValue(ReceivedValue&& received, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  bool TakePart(PendingCall& call, const Value& value) MYDIS_REQUIRES(mutex_);
  void TakeReply(ReceivedValue&& received, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  bool Refuses(PendingCall& call, const Value& value) MYDIS_REQUIRES(mutex_);
  static bool LeavesMultiOpen(const PendingCall& call, const Value& value);
  static Result<Value> AnswerOf(PendingCall& call, Value value);
  void AnswerFirst(Result<Value> result, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void Give(const CallPointer& call, Result<Value> result, AnsweredCalls* answered)
      MYDIS_REQUIRES(mutex_);
  void Deliver(AnsweredCalls answered) MYDIS_EXCLUDES(mutex_);
  bool DeliverLater(AnsweredCalls* answered);
  void Complete(AnsweredCalls answered);

  // --- lane_reading.cc: who reads ---
  void OnEvents(uint32_t events) override;
  void Take(const Result<std::string_view>& bytes, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  bool BecomeReader(const PendingCall& call) MYDIS_REQUIRES(mutex_);
  void ReadForCaller(const PendingCall& call, const std::shared_ptr<Wire>& wire);
  void StopReading() MYDIS_REQUIRES(mutex_);
  void LetCoreRead() MYDIS_REQUIRES(mutex_);
  uint32_t WantedEvents() const MYDIS_REQUIRES(mutex_);
  void Watch(uint32_t events) MYDIS_REQUIRES(mutex_);

  // --- lane_connection.cc: connecting, and what is lost with a connection ---
  void DialSoon() MYDIS_REQUIRES(mutex_);
  void Dial();
  void Dialed(Result<DialedConnection> result);
  void NotDialed(const Status& why, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void Greet() MYDIS_REQUIRES(mutex_);
  void Say(Greeting meaning, std::span<const std::string_view> words) MYDIS_REQUIRES(mutex_);
  void Say(Greeting meaning, std::initializer_list<std::string_view> words) MYDIS_REQUIRES(mutex_);
  void TakeGreeting(const Value& value, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void TakeFeatures(const Value& value) MYDIS_REQUIRES(mutex_);
  void FailAll(const Status& why, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void BreakOff(Status why) MYDIS_REQUIRES(mutex_);
  void Recover();
  void DropConnection() MYDIS_REQUIRES(mutex_);
  void KeepRepeatable(AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  static bool MayRepeat(const PendingCall& call, uint64_t now_us);
  Status Lost(const PendingCall& call) const MYDIS_REQUIRES(mutex_);
  void EndImpatient(AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  void CheckSilence(uint64_t now_us) MYDIS_REQUIRES(mutex_);
  void Expire(size_t index, AnsweredCalls* answered) MYDIS_REQUIRES(mutex_);
  Status TimeIsUp(const PendingCall& call, bool sent) const MYDIS_REQUIRES(mutex_);

  ClientCore& core_;
  const std::weak_ptr<ClientCore> shared_core_;
  const SessionOptions settings_;
  std::atomic<size_t> under_way_{0};
  std::atomic<uint32_t> waiting_{0};  // Threads within Wait.
  // The core's thread is to read until nothing is under way, if no caller does already: for what
  // no thread waits for, and for streams of calls. Changed with the lock.
  std::atomic<bool> is_to_come_{false};

  Mutex mutex_;
  std::shared_ptr<SessionRevisions> revisions_ MYDIS_GUARDED_BY(mutex_);
  WriterIdentity identity_ MYDIS_GUARDED_BY(mutex_);
  std::optional<Status> closed_ MYDIS_GUARDED_BY(mutex_);
  Stage stage_ MYDIS_GUARDED_BY(mutex_) = Stage::kIdle;
  Random random_ MYDIS_GUARDED_BY(mutex_);

  // All calls without an answer, and those given up that still have a reply to come, in order. The
  // first `sent_` have been sent over this connection; of these the first `refused_` refused.
  std::deque<CallPointer> calls_ MYDIS_GUARDED_BY(mutex_);
  size_t sent_ MYDIS_GUARDED_BY(mutex_) = 0;
  size_t refused_ MYDIS_GUARDED_BY(mutex_) = 0;
  size_t bytes_ MYDIS_GUARDED_BY(mutex_) = 0;
  // All numbers below this one have their answer.
  uint64_t oldest_number_ MYDIS_GUARDED_BY(mutex_) = 1;
  // The last one sent waits for the reply to its guard.
  bool at_guard_ MYDIS_GUARDED_BY(mutex_) = false;

  std::shared_ptr<Wire> wire_ MYDIS_GUARDED_BY(mutex_);  // A caller that reads it has a share.
  Features features_ MYDIS_GUARDED_BY(mutex_);
  std::deque<Greeting> greetings_ MYDIS_GUARDED_BY(mutex_);  // Whose replies are to come.
  Reader reader_ MYDIS_GUARDED_BY(mutex_) = Reader::kNobody;
  uint32_t watched_events_ MYDIS_GUARDED_BY(mutex_) = 0;
  bool flush_posted_ MYDIS_GUARDED_BY(mutex_) = false;
  // A revision that this connection's next reply has seen in any case, as replies have shown.
  uint64_t assured_ MYDIS_GUARDED_BY(mutex_) = 0;
  uint64_t heard_us_ MYDIS_GUARDED_BY(mutex_) = 0;  // When bytes came, or were made room for.

  uint64_t choice_ MYDIS_GUARDED_BY(mutex_);
  uint32_t failures_ MYDIS_GUARDED_BY(mutex_) = 0;  // Since the last answer.
  Status last_failure_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
