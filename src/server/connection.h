// One client connection: parses, routes, keeps the order of replies. It speaks RESP; what comes in
// by another door has a filter that translates.
//
// Order. Replies leave in the order of the commands. While writes of this connection are under way
// (`pending_` > 0), what follows either joins the batch being filled, if a write of this connection
// is already in it, or waits in the input until they are answered. A blocking command joins it as
// an attempt; reads and writes that join it behind an attempt are run only if that finds something,
// and are carried out anew when the waiting has ended if it does not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "protocol/resp_parser.h"
#include "server/acl_log.h"
#include "server/client_batch.h"
#include "server/door.h"
#include "server/local_context.h"
#include "server/push.h"
#include "server/session.h"
#include "server/wake_batch.h"

namespace mydis {

// A command whose first attempt has found nothing, or was not worth making: it waits for keys.
struct BlockedCommand;

// The I/O thread's. Deletes itself through the thread once closed and idle.
class Connection final : private StreamHandler {
 public:
  // Where the client comes from.
  struct Origin {
    Door door;
    std::string user;                      // See Node::AdoptOwn.
    std::unique_ptr<StreamFilter> filter;  // Between the client and this; null: nothing.
  };
  Connection(IoThread& thread, int fd, uint64_t id, Origin origin);
  ~Connection();

  uint64_t id() const { return session_.record->id; }
  ClientSession& session() { return session_; }
  ByteStream& stream() { return stream_; }
  const RespParser& parser() const { return parser_; }

  // An item of this connection has come back from the log.
  void Deliver(const ClientBatch& batch, BatchItem& item, const Outcome& outcome);
  // Called after all items of a batch were delivered.
  void AfterBatch();
  // The barrier asked for has ended.
  void BarrierDone(const Status& status);
  // The answer of a suspended command.
  void Resumed(uint64_t suspension, LocalContext::Answer answer);
  // Room to submit again, or CLIENT PAUSE is over: goes on if it waited for that.
  void Retry();
  // Gives the number of this suspension.
  uint64_t Suspend();
  // While suspended it counts as blocked, and CLIENT UNBLOCK calls `unblock`, which is told whether
  // to answer with an error.
  void LetUnblock(std::move_only_function<void(bool)> unblock);
  // The attempt of the waiter of this connection has ended; `item` is of `batch`.
  void AttemptEnded(const WakeBatch& batch, const WakeBatch::Item& item, const Outcome& outcome);
  // A key that the waiter's read waits for may serve it.
  void WakeRead(const std::shared_ptr<Waiter>& waiter);
  // Answers in place of what the connection waits for, unless an attempt under way serves it first;
  // `done` is told whether it was unblocked by this.
  void Unblock(bool with_error, std::move_only_function<void(bool)> done);
  // The instance can serve no waiter any more.
  void FailWait(std::string_view error);
  // Replies and then closes (QUIT, CLIENT KILL of oneself).
  void CloseAfterReply() { close_after_reply_ = true; }
  void Kill();
  // Submits cluster-wide settings in place of the local command under way (CONFIG SET): one
  // transaction of MYDIS SET, answered OK when it is applied.
  void SubmitSettings(const std::vector<std::pair<std::string, std::string>>& settings);
  // Likewise the removal of keys that have not changed since (MIGRATE), answered with `reply`.
  // REQUIRES: there are some, all of one database.
  void SubmitRemoval(const std::vector<WatchedKey>& keys, std::string reply);
  // Likewise this command, answered with `reply` unless it fails.
  void SubmitOne(std::span<const std::string> words, std::string reply);
  // Likewise, of a command that changes nothing that anybody can read: other instances are not
  // waited for, whatever the consistency of writes is.
  void SubmitUnseen(std::span<const std::string> words, std::string reply);
  // Leaves MULTI and forgets watched keys.
  void ResetTransaction();
  // Sends what the client did not ask for. A client that does not read it is closed.
  void Push(PushForms& push);
  void PushBytes(std::string_view bytes);
  // Whether a watch of keys may tell of this one.
  bool MayWatch(std::string_view key);
  // The mail that was waited for has been handled.
  void MailHandled();

  // --- Who the client is, and what it may do (connection_access.cc) ---
  // An HTTP session: whether the commands of the request at hand are refused, with this error.
  void SetRequestError(std::string error);
  void BecomeUser(const AclUser& user);
  // Whom it is without logging in: "default", whom its certificate names, or whom the program
  // around has said.
  void BecomeDefaultUser();
  // Whether it has to say first who it is.
  bool NeedsLogin() const;
  // Users have changed: closes the connection if its user is gone or may not listen any more.
  void CheckUser();
  // Lets ACL LOG know of what this client was refused. `object`: the command, key, channel or AUTH.
  void NoteRefusal(AclLogEntry::Reason reason, AclLogEntry::Context context,
                   std::string_view object, std::string_view user);

 private:
  // Why the input is not looked at.
  enum class Wait : uint8_t { kNone, kIdle, kBarrier, kAnswer, kRoom, kPause, kKeys, kMail };
  enum class Step : uint8_t { kNext, kStop };
  // What INFO commandstats counts the command at hand as. kQueued: when EXEC runs it. kLater: when
  // its waiting ends, or that of a command before it.
  enum class Counted : uint8_t { kCall, kFailed, kRejected, kQueued, kLater };

  size_t OnData(ByteStream& stream, std::string_view bytes) override;
  std::span<char> ReadTarget() override { return parser_.Target(); }
  void OnTargetFilled(ByteStream&, size_t n) override { parser_.TargetFilled(n); }
  void OnEnd(ByteStream& stream, bool unread) override;
  void OnDrained(ByteStream& stream) override;
  void OnClosed(ByteStream& stream, const Status& reason) override;

  // Loads what the next requests will look up into the processor's caches; gives how far it went.
  size_t Prefetch(const RequestBatch& batch, size_t from);
  Step Handle(Args args);
  // The same of words whose first is a prefix, or another command of the group.
  Step HandlePrefixed(const CommandSpec* spec, Args args);
  // What prefixes say; they are taken off. Gives an error, or empty.
  struct Prefixes;
  std::string TakePrefixes(const CommandSpec** spec, Args* args, Prefixes* prefixes);
  static std::string TakeRequest(Args prefix, Prefixes* prefixes);
  // Why this command cannot have an id; empty: it can, or needs none.
  std::string RefusalOfOnce(const CommandSpec* spec, bool numbered) const;
  // ATLEAST: true once the state is that far; else `step` is what became of the command.
  bool PassRevision(const CommandSpec* spec, uint64_t revision, Step* step);
  // An error of a prefix.
  Step RefusePrefixed(const CommandSpec* spec, std::string_view error);
  // `spec`: null if there is no such command.
  Step HandleCommand(const CommandSpec* spec, Args args, std::optional<Consistency> forced);
  // Of a command that has been carried out, or waits for its reply: counts it, shows it to MONITOR.
  void AfterCommand(const CommandSpec& spec, Args args, std::span<const StoredCommand> executed);
  // A command that nothing speaks against.
  Step Run(const CommandSpec* spec, Args args, std::optional<Consistency> forced);
  Step HandleQueued(const CommandSpec* spec, Args args, bool strong);
  Step HandleRead(const CommandSpec* spec, Args args, bool strong);
  // The command that a call of a script is carried out as: one that writes nothing is a read.
  const CommandSpec* ScriptForm(const CommandSpec* spec, Args args);
  Step HandleWrite(const CommandSpec* spec, Args args, bool strong);
  Step HandleLocal(const CommandSpec* spec, Args args);
  Step HandleExec(std::optional<Consistency> forced);
  // True if the command may have to wait for keys; then `step` is what became of it.
  bool HandleBlocking(const CommandSpec* spec, Args args, bool strong, Step* step);
  Step SubmitTransaction(bool strong);
  // A transaction that the server makes for the client's one command.
  std::unique_ptr<StoredTransaction> Alone(std::span<const std::string> words,
                                           std::string reply) const;
  void SubmitInPlace(std::span<const WatchedKey> watched,
                     std::unique_ptr<StoredTransaction> transaction, bool strong);
  Step RunReadTransaction(bool strong);

  // --- connection_access.cc ---
  bool MayDoEverything() const {
    return session_.free_version == core_.users_version.load(std::memory_order_relaxed);
  }
  // After the handshake: who the client's certificate says it is.
  void TakeCertificate();
  void BecomeCertifiedUser();
  void BecomeOwnUser();
  void RefreshRights();
  // HTTP sessions hold back what is large until they know who sends it.
  bool KnownToParser() const { return session_.door == Door::kHttp || !NeedsLogin(); }
  // The error for what the client may not do, or empty. The verdict is for ACL LOG.
  std::string RefusalOf(const CommandSpec& spec, Args args, AclVerdict* verdict);
  // True if the command was refused, or waits for that; then `step` is what became of it.
  bool Refuses(const CommandSpec& spec, Args args, Step* step);
  // The same for words that make no command, if what the user may do goes before that: DEBUG's.
  bool RefusesUnknown(const CommandSpec* spec, Args args, Step* step);
  // EXEC: puts errors in the places of commands that are not allowed any more.
  void RefuseQueued();
  void RefuseInExec(StoredCommand& command);
  void NoteRefusal(const AclVerdict& verdict, AclLogEntry::Context context, const CommandSpec& spec,
                   Args args);
  // By scripts.
  void NoteRefusals(const std::vector<RefusedCall>& calls);
  // Whether the command that waits is not allowed any more.
  bool RefusesWait();
  // Then ends the waiting.
  void CheckWait();
  bool MayStillListen() const;
  // Whose rights a script has that this client runs; empty: it may do everything.
  std::string_view ScriptUser(const CommandSpec& spec);

  // Strong reads: true once a barrier covers this one; otherwise the connection waits for it.
  bool PassBarrier(Step* step);
  void RunLocal(const CommandSpec* spec, Args args, RespReply& reply, bool in_transaction);
  void RunRead(const CommandSpec* spec, Args args, uint32_t db, Reply& reply);

  // True if no write is possible on this instance now; the error has been sent.
  bool RefusesWrites(Step* step);
  // True if a write may be submitted now; otherwise it waits, or an error has been sent.
  bool MaySubmit(Step* step);
  Step WaitFor(Wait wait);
  void GoOn();
  // Answers with an error, in order: the command was not run.
  Step ReplyError(std::string_view error);
  // The same for a command that ran and failed.
  Step ReplyFailure(std::string_view error);
  // Whether this instance has the reply to the request already.
  bool RequestKnown(const SharedOnceRequest& request);
  // True if the command would add data and the cluster's memory limit is reached.
  bool RefusesData(const CommandSpec& spec) const;
  // Whether a command in MULTI writes.
  bool QueuedWrites() const;
  // Whether CLIENT PAUSE WRITE holds back the command, or one in MULTI.
  bool Pauses(const CommandSpec* spec, Args args) const;
  bool QueuedPauses() const;
  // True if a write may follow what is under way: an eventual batch is answered before a strong one
  // that waits for members, and a strong one that the full disk refuses before an eventual one.
  bool MayFollow(bool strong) const {
    return pending_ == 0 || (last_strong_ == strong && (attempts_ == 0 || MayStandBehind()));
  }
  bool direct() const { return pending_ == 0; }
  // Whether the batch being filled has items of this connection.
  bool InBatch() const;
  // Whether a reply that is made already can be put in order behind them.
  bool CanAttach() const { return InBatch() && attempts_ == 0; }
  void Attached(ClientBatch& batch) { Attached(batch, Silent()); }
  void Attached(ClientBatch& batch, bool silent);
  // Puts a reply that is made already behind the items of this connection. REQUIRES: CanAttach().
  void AttachReply(std::string_view reply);
  // WATCH behind writes that are under way: the keys from this one on are looked at in their midst.
  void WatchInOrder(size_t from);
  void LearnWatched(const ClientBatch& batch, const WatchNote& note);

  // --- What goes on behind the attempt of a blocking command (connection_attempts.cc) ---
  // Submits the non-blocking form of a command that may wait; what follows goes on behind it.
  Step Attempt(const CommandSpec* spec, Args args, bool strong);
  // Whether reads and writes may go on behind the attempt, in the same batch.
  bool MayStandBehind() const;
  // What is added next to the batch is behind the attempt under way, if there is one.
  void StandBehindAttempt(ClientBatch& batch);
  // The first attempt has found nothing.
  void StartWaiting(const ClientBatch& batch, BatchItem& item);
  // What stood behind it was not run.
  void Hold(const ClientBatch& batch, BatchItem& item);
  // Carries that out; false if there is more of it, for later.
  bool HandleHeld();

  // --- The command that waits for keys (connection_blocking.cc) ---
  // Looks at the state: true if the command may wait, with its plan.
  bool Plan(const CommandSpec* spec, Args args, uint32_t db, WaitPlan* plan);
  // Submits the command again, or waits for its keys.
  void TryOrWait(bool may_wait, const WaitPlan& plan);
  void Register(const WaitPlan& plan);
  // The time-out counts from now, if it does not yet.
  void SetDeadline(const WaitPlan& plan);
  void AttemptFoundNothing();
  void WaitTimedOut();
  // True if it is out of the queues; false if its attempt is under way.
  bool LeaveQueue();
  // Ends the waiting with these bytes as the reply. `revision`: of what it did, 0 for the state's.
  void EndWait(std::string_view bytes, bool unblocked, uint64_t revision = 0);
  // Ends it without an element; with an error.
  void EndWaitEmpty();
  void EndWaitFailed(std::string_view error);
  void ClientGone();
  // The connection closes: no attempt begins any more, and nobody is answered.
  void AbandonWait();

  void SendItem(const ClientBatch& batch, BatchItem& item, const Outcome& outcome);
  // What was noted while an item ran.
  void TellExtra(const BatchItemExtra& extra);
  // A command that EXEC ran or refused, with its reply.
  void CountElement(const StoredCommand& command, std::string_view reply, bool error_counted);
  void SendTransaction(const ClientBatch& batch, BatchItem& item);
  // Where the reply at hand begins: behind its attributes, if the client wants them.
  size_t BeginReply(std::string& out) {
    if (session_.reply_mode == ClientSession::ReplyMode::kWithAttributes) [[unlikely]]
      AppendAttributes(out, StateRevision());
    return out.size();
  }
  uint64_t StateRevision();
  // `repeats`: it is the reply to an earlier request.
  static void AppendAttributes(std::string& out, uint64_t revision, bool repeats = false);
  // Counts an error and applies the reply mode to what was appended since `before`.
  void AfterReply(size_t before, bool pushes = false);
  bool Silent();
  // Shows MONITOR the command that has run, and with EXEC the commands of the transaction.
  void TellMonitors(const CommandSpec& spec, Args args, std::span<const StoredCommand> executed);
  // Lets the audit log know of a command that administers.
  void Audit(const CommandSpec& spec, Args args);
  // The same of what a script has called.
  void TellCalls(const std::vector<CalledCommand>& calls);
  // A local command whose answer takes time, and how long it has taken.
  struct SuspendedCall {
    StoredCommand command;
    CallTimer timer;
  };
  // A call has ended, and was timed.
  void NoteTime(const CommandSpec& spec, Args args, uint64_t nanoseconds);
  // Of a call that waited: only its words matter.
  void NoteCall(const CommandSpec& spec, Args args, uint64_t nanoseconds);
  void NoteItemTime(const BatchItem& item);
  // A client that listens hears what was announced before it is served; false: it waits for that.
  bool MayListenerGoOn();
  // Sent more than the limit for what was not asked for: closed.
  void CheckPushed();
  // Whether the keys read now are to be remembered for this client; and remembering them (of
  // scripts that is RunRead's).
  bool Tracks() const { return session_.tracking != nullptr && session_.tracking->Wants(); }
  void TrackKeys(const CommandSpec* spec, Args args);
  // The same for what came back from the log.
  void TrackRead(const ClientBatch& batch, const BatchItem& item);
  static std::string WriteError(uint64_t revision, const Outcome& outcome);
  bool Strong(Effect effect, std::optional<Consistency> forced) const;
  void FinishIfDone();

  IoThread& thread_;
  Node& node_;
  Core& core_;
  ClientSession session_;
  RespParser parser_;
  ByteStream stream_;
  uint32_t pending_ = 0;         // Items under way, in the batch being filled or submitted.
  uint64_t batch_serial_ = 0;    // Of the batch that the last item went into.
  size_t batch_begin_ = 0;       // Its bytes before the first item of this connection.
  uint32_t barrier_budget_ = 0;  // Requests, from the next one on, that the last barrier covers.
  Wait wait_ = Wait::kNone;
  uint64_t suspension_ = 0;                      // How many there were.
  std::move_only_function<void(bool)> unblock_;  // Of the suspended command.
  std::unique_ptr<BlockedCommand> blocked_;      // While wait_ is kKeys.
  uint32_t attempts_ = 0;                        // First attempts under way, all in one batch …
  BatchPlace attempt_;                           // … and the last of them.
  // Commands that stood behind an attempt which found nothing. They come before the input.
  std::deque<std::vector<std::string>> held_;
  std::string barrier_error_;  // Why the barrier that was waited for failed.
  size_t arrived_ = 0;         // Requests parsed and not handled, this one included.
  Counted counted_ = Counted::kCall;
  std::optional<Consistency> forced_;  // By the prefix of the local command at hand.
  SharedOnceRequest once_;             // Of the command at hand.
  bool error_counted_ = false;         // The error just read, that of a command a script called.
  bool last_strong_ = false;           // Of the batch that the last item went into.
  bool close_after_reply_ = false;
  bool certificate_seen_ = true;  // False until the first data of a client that may show one.
  std::unique_ptr<SuspendedCall> suspended_;
  std::vector<CalledCommand> script_calls_;  // That MONITOR is to be shown behind the script.
  bool mail_waited_ = false;                 // The input at hand has waited for mail already.
  bool ended_ = false;                       // The client sends no more, and all has been read.
  bool half_closed_ = false;                 // The client sends no more.
  bool closed_ = false;
};

}  // namespace mydis
