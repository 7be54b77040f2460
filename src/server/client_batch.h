// What one I/O thread submits in one go: the writes of all its connections since the last batch,
// with the reads and local commands that stand between them.
//
// Life: filled by the I/O thread; given to the replica; Apply makes the replies (consensus thread);
// comes back to the I/O thread, which writes each reply to its connection, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lookup_count.h"
#include "base/read_trace.h"
#include "commands/spec.h"
#include "consensus/submission.h"
#include "server/core.h"
#include "server/once_request.h"
#include "server/resp_reply.h"
#include "server/server_submission.h"
#include "server/stats.h"
#include "state/entry_codec.h"

namespace mydis {

class Connection;
class IoThread;

// A command whose words outlive the input they came from.
struct StoredCommand {
  const CommandSpec* spec = nullptr;
  uint32_t db = 0;
  std::vector<std::string> words;
  std::string user;     // Whose rights bound a script; empty: nobody's.
  std::string refusal;  // Of a command that EXEC does not run: the error.
  // Whether it is for this connection alone: nothing that touches the state.
  bool local() const { return spec->effect == Effect::kLocal || !refusal.empty(); }
  StoredCommand() = default;
  StoredCommand(const CommandSpec* command, uint32_t database, Args args)
      : spec(command), db(database), words(args.begin(), args.end()) {}
  // Views of the words, into `views`.
  Args Views(std::vector<std::string_view>& views) const {
    views.assign(words.begin(), words.end());
    return views;
  }
};

// The commands of an EXEC, and where their replies end in the batch's reply bytes.
struct StoredTransaction {
  std::vector<StoredCommand> commands;
  std::vector<size_t> ends;  // Of commands that touch the state, in order.
  // Made by the server for one command of the client, which gets this reply if nothing fails.
  std::string single_reply;
  std::string aborted_reply;  // Likewise, if a watched key has changed.
  bool aborted = false;
  bool refused = false;  // The reply is one error.
  // Those of the commands that touch the state whose error is counted already.
  std::vector<size_t> errors_counted;
};

// Keys that a client began to watch in the midst of a batch.
struct WatchNote {
  uint32_t mark = 0;  // That transactions of the batch refer to.
  bool made = false;  // The revisions are those at its place; false: it was not come to.
  std::vector<WatchedKey> keys;
};

// Where an item stands: among the items of its batch, and among the operations of the entry.
struct BatchPlace {
  uint32_t item = 0;
  uint32_t operation = 0;
};

// What few items have.
struct BatchItemExtra {
  // Of a blocking command's first attempt: its place among those who wait.
  uint64_t ticket = 0;
  std::unique_ptr<WatchNote> watch;  // kLiteral: of WATCH.
  SharedOnceRequest once;
  // Of a write that took long, or has to be done again: see WasApplied.
  std::vector<std::string> words;
  std::vector<MissingKey> keys_missing;  // That its reads have looked for.
  // Of a script that a user with bounded rights runs; else null.
  std::unique_ptr<std::vector<RefusedCall>> refused_calls;
  // Of scripts, while there are monitors; else null.
  std::unique_ptr<std::vector<CalledCommand>> calls;
  std::vector<std::string> keys_read;  // By its scripts and transactions, if `tracks`.
};

// There is one for every command under way: small, since all of a batch are gone through three
// times.
struct BatchItem {
  enum class Kind : uint8_t { kWrite, kTransaction, kRead, kLiteral };
  Kind kind = Kind::kWrite;
  // Whether it is one of the entry's operations.
  bool is_operation() const { return kind == Kind::kWrite || kind == Kind::kTransaction; }
  // Made when it is first asked for.
  BatchItemExtra& Extra() {
    if (extra == nullptr) extra = std::make_unique<BatchItemExtra>();
    return *extra;
  }
  // Whether it is a blocking command's first attempt.
  bool attempts() const { return extra != nullptr && extra->ticket != 0; }

  uint8_t resp_version = 2;
  bool silent = false;               // CLIENT REPLY OFF: the reply is thrown away.
  bool attributes = false;           // CLIENT ATTRIBUTES: the reply has the revision before it.
  bool would_block = false;          // It found nothing to take, and said so.
  bool not_run = false;              // What it stands behind was not run, or would have blocked.
  bool counts_late = false;          // As a call, once it has been carried out.
  bool touches = true;               // Its reads are uses of the keys: not CLIENT NO-TOUCH.
  bool tracks = false;               // The client may keep what it reads: note the keys.
  bool error_counted = false;        // Its error, that of a command a script called.
  bool refused = false;              // kRead: not run, since the batch's replies are too large.
  bool repeats = false;              // The reply is that to an earlier request with its id.
  uint32_t behind = 0;               // The item that it stands behind, and 1; 0: none.
  uint32_t nanoseconds = 0;          // That a command took to run, for those that were timed.
  Connection* connection = nullptr;  // The I/O thread's; it stays while it has items under way.
  const CommandSpec* spec = nullptr;
  size_t begin = 0;  // Of the reply in `replies`; of a literal, among the literals.
  size_t end = 0;
  uint64_t revision = 0;                           // After the operation, or what it repeats.
  std::unique_ptr<StoredCommand> read;             // kRead
  std::unique_ptr<StoredTransaction> transaction;  // kTransaction
  std::unique_ptr<BatchItemExtra> extra;           // Null: it has nothing of that.
};

// About how many bytes a read would answer now.
size_t ExpectedReplyBytes(const Keyspace& keyspace, uint32_t db, const CommandSpec& spec,
                          Args args);

class ClientBatch final : public ServerSubmission, private ApplyObserver {
 public:
  ClientBatch(IoThread& thread, bool wait_for_all) : thread_(thread) { strong = wait_for_all; }

  // --- The I/O thread, before it is submitted ---
  // `user`: whose rights bound a script; empty: nobody's. `once`: null, or what makes it happen at
  // most once.
  void AddWrite(Connection* connection, const CommandSpec* spec, uint32_t db, int resp_version,
                Args args, std::string_view user = {}, const SharedOnceRequest& once = nullptr);
  void AddTransaction(Connection* connection, int resp_version, std::span<const WatchedKey> watched,
                      std::unique_ptr<StoredTransaction> transaction,
                      const SharedOnceRequest& once = nullptr);
  // `expected_bytes`: about how much it will answer.
  void AddRead(Connection* connection, const CommandSpec* spec, uint32_t db, int resp_version,
               Args args, size_t expected_bytes, std::string_view user = {});
  // False: this read is better run by itself, after the batch, where a client that does not take
  // its replies is not read from. A batch has to keep all its replies until it is back.
  bool HasRoomForRead(size_t expected_bytes) const {
    return expected_bytes <= kExpectedReadBytes - expected_read_bytes_;
  }
  void AddLiteral(Connection* connection, std::string_view reply);
  // What is added next, a write or a read, is to be run only if the attempt at this place finds
  // something, having been run itself.
  void Behind(const BatchPlace& attempt) { behind_ = attempt; }
  // Of the last write.
  BatchPlace last_place() const {
    return {static_cast<uint32_t>(items_.size() - 1), builder_.operations() - 1};
  }
  // Notes at the place of the last item, a literal, how these keys are; afterwards they refer to
  // that.
  void Watch(std::span<WatchedKey> keys);
  // False, with nothing done, unless the last item is a literal of this connection that is sent.
  bool ExtendLiteral(const Connection* connection, std::string_view reply);
  bool empty() const { return items_.empty(); }
  size_t bytes() const { return builder_.bytes(); }
  // The same before the last item was added.
  size_t bytes_before_last() const { return bytes_before_last_; }
  // Makes the payload. No more can be added.
  void Seal();
  uint64_t serial = 0;  // Its number among the batches of its I/O thread.

  // --- The consensus thread ---
  ApplyObserver* BeginApply(Core& core) override;
  void Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome,
              Outbox& outbox) override;
  void WasApplied(std::string_view body) override;
  uint32_t begun() const override { return begun_; }
  uint64_t current_client() const override;

  // --- The I/O thread, when it is back ---
  IoThread& thread() { return thread_; }
  std::vector<BatchItem>& items() { return items_; }
  std::string_view ReplyOf(const BatchItem& item) const {
    const std::string& bytes = item.kind == BatchItem::Kind::kLiteral ? literals_ : replies_;
    return std::string_view(bytes).substr(item.begin, item.end - item.begin);
  }
  std::string_view Replies(size_t begin, size_t end) const {
    return std::string_view(replies_).substr(begin, end - begin);
  }
  // Of the reads in it.
  const LookupCount& lookups() const { return lookups_; }
  // Bytes that count against the I/O thread's window.
  size_t submitted_bytes() const { return submitted_bytes_; }

  // What attached reads may be expected to answer, and, since a write before them may have made
  // their values much larger, what a batch's replies may take before no more reads are run for it.
  static constexpr size_t kExpectedReadBytes = 4 << 20;
  static constexpr size_t kMaxReplyBytes = 64 << 20;

 private:
  BatchItem& AddItem(BatchItem::Kind what, Connection* connection, int resp_version);
  // As AddItem, of what may stand behind an attempt.
  BatchItem& AddCommand(BatchItem::Kind what, Connection* connection, const CommandSpec* spec,
                        int resp_version);
  Reply& BeginCommand(uint32_t i) override;
  void BeginTransaction(uint32_t i, bool aborted) override;
  Reply& ElementReply(uint32_t i, uint32_t element) override;
  void Repeats(uint32_t i, uint64_t revision) override;
  void End(uint32_t i, bool would_block) override;
  void NotRun(uint32_t i) override;
  // Runs what stands before the next operation and makes that the current item.
  BatchItem& Advance();
  void RunReads();
  void RunRead(BatchItem& item);
  void NoteWatched(WatchNote& watch);
  // Lets the thread's trace go to the item that runs next.
  void TraceInto(BatchItem& item);
  void EndElement();

  IoThread& thread_;
  EntryBuilder builder_;
  std::vector<BatchItem> items_;
  std::string literals_;  // Replies that were made already, one after the other.
  size_t submitted_bytes_ = 0;
  size_t bytes_before_last_ = 0;
  size_t expected_read_bytes_ = 0;
  std::optional<BatchPlace> behind_;  // Of what is added next.

  // During Apply.
  Core* core_ = nullptr;
  size_t next_ = 0;
  uint32_t begun_ = 0;
  bool tells_misses_ = false;  // Somebody may want to hear of look-ups that find nothing.
  bool keeps_words_ = false;   // Those of a write are needed yet.
  CallTimer timer_{false};
  LookupCount lookups_;
  std::string replies_;
  RespReply reply_{replies_, 2};
};

}  // namespace mydis
