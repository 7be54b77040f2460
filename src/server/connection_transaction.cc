// The part of a connection that carries out EXEC, and what comes back from the log.
#include <fmt/format.h>

#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "server/blocked_command.h"
#include "server/connection.h"
#include "server/dispatch.h"
#include "server/io_thread.h"
#include "server/node.h"
#include "server/password.h"

namespace mydis {
namespace {

constexpr std::string_view kErrPipelineReplies =
    "BUSY not read: the replies to reads between the writes of a pipeline take too much memory. "
    "Read large values in requests that follow no write";

}  // namespace

void Connection::ResetTransaction() {
  session_.in_multi = false;
  session_.multi_failed = false;
  session_.multi_strong = false;
  session_.queued.clear();
  session_.queued_bytes = 0;
  session_.watched.clear();
  session_.watch_batch = 0;
  session_.record->queued = -1;
  session_.record->watched = 0;
}

bool Connection::QueuedWrites() const {
  return std::any_of(session_.queued.begin(), session_.queued.end(), [](const StoredCommand& c) {
    return c.spec->effect == Effect::kWrite && c.refusal.empty();
  });
}

Connection::Step Connection::HandleQueued(const CommandSpec* spec, Args args, bool strong) {
  if (!direct() && !CanAttach()) return WaitFor(Wait::kIdle);
  if ((spec->flags & kNoMulti) != 0) {
    session_.multi_failed = true;
    return ReplyError("ERR Command not allowed inside a transaction");
  }
  // What is queued takes memory too, whatever it is.
  if (core_.out_of_memory.load(std::memory_order_relaxed)) [[unlikely]] {
    session_.multi_failed = true;
    return ReplyError(kErrOutOfMemory);
  }
  // A transaction is one log entry, which has to fit into one message.
  for (std::string_view word : args) session_.queued_bytes += word.size();
  if (session_.queued_bytes > node_.resp_limits().max_request) [[unlikely]] {
    session_.multi_failed = true;
    return ReplyError("ERR the commands of this transaction have too many bytes together");
  }
  counted_ = Counted::kQueued;
  session_.queued.emplace_back(spec, session_.db, args);
  session_.multi_strong |= strong;
  session_.record->queued = static_cast<int32_t>(session_.queued.size());
  if (direct()) {
    std::string& tail = stream_.Tail();
    const size_t before = BeginReply(tail);
    tail += "+QUEUED\r\n";
    AfterReply(before);
  } else {
    AttachReply("+QUEUED\r\n");
  }
  return Step::kNext;
}

Connection::Step Connection::HandleExec(std::optional<Consistency> forced) {
  if (!session_.in_multi) return ReplyFailure("ERR EXEC without MULTI");
  // One that was carried out already is answered all the same.
  const bool no_room =
      !RequestKnown(once_) &&
      std::any_of(session_.queued.begin(), session_.queued.end(),
                  [this](const StoredCommand& command) { return RefusesData(*command.spec); });
  if (session_.multi_failed || no_room) {
    if (!direct() && !CanAttach()) return WaitFor(Wait::kIdle);
    const bool failed = session_.multi_failed;
    ResetTransaction();
    if (failed) return ReplyFailure("EXECABORT Transaction discarded because of previous errors.");
    return ReplyError(
        "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > "
        "'maxmemory'.");
  }
  if (!MayDoEverything()) [[unlikely]]
    RefuseQueued();
  if (session_.multi_strong && !forced) forced = Consistency::kStrong;
  uint32_t db = session_.db;
  for (StoredCommand& command : session_.queued) {
    command.db = db;
    if (command.spec->name == "select" && command.words.size() == 2) {
      const auto wanted = ParseInteger(command.words[1]);
      if (wanted && *wanted >= 0 && *wanted < kDatabases) db = static_cast<uint32_t>(*wanted);
    }
  }
  return QueuedWrites() ? SubmitTransaction(Strong(Effect::kWrite, forced))
                        : RunReadTransaction(Strong(Effect::kRead, forced));
}

Connection::Step Connection::SubmitTransaction(bool strong) {
  Step step;
  if (!MayFollow(strong)) return WaitFor(Wait::kIdle);
  // In another entry there are no marks of this one: the revisions have to be known.
  if (session_.watch_batch != 0 && !thread_.Fills(session_.watch_batch, strong))
    return WaitFor(Wait::kIdle);
  if (!MaySubmit(&step)) {
    if (step == Step::kNext) ResetTransaction();
    return step;
  }
  auto transaction = std::make_unique<StoredTransaction>();
  transaction->commands = std::move(session_.queued);
  bool has_local = false;
  for (const StoredCommand& command : transaction->commands)
    has_local |= command.local() || IsChangeOfUsers(*command.spec);
  ClientBatch& batch = thread_.Batch(strong);
  batch.AddTransaction(this, session_.resp_version, session_.watched, std::move(transaction),
                       once_);
  Attached(batch);
  // CLIENT CACHING may be among the commands.
  if (has_local && session_.tracking != nullptr && !session_.tracking->broadcast)
    batch.items().back().tracks = true;
  ResetTransaction();
  // Local commands run when the replies come; what follows must see their effect.
  if (has_local) WaitFor(Wait::kIdle);
  return Step::kNext;
}

Connection::Step Connection::RunReadTransaction(bool strong) {
  Step step;
  if (!direct()) return WaitFor(Wait::kIdle);
  const bool reads = std::any_of(session_.queued.begin(), session_.queued.end(), [](const auto& c) {
    return c.spec->effect == Effect::kRead && !c.local();
  });
  if (strong && reads && !PassBarrier(&step)) {
    if (step == Step::kNext) ResetTransaction();
    return step;
  }
  if (reads && node_.consensus().readiness() != Readiness::kReady) {
    ResetTransaction();
    return ReplyError(node_.StaleError());
  }
  const Keyspace& keyspace = thread_.Read().keyspace;
  bool aborted = false;
  for (const WatchedKey& key : session_.watched)
    aborted |= !keyspace.IsUnchanged(key.db, key.key, key.revision);
  const std::vector<StoredCommand> commands = std::move(session_.queued);
  std::vector<const StoredCommand*> read;
  ResetTransaction();
  std::string& tail = stream_.Tail();
  const size_t before = BeginReply(tail);
  RespReply reply(tail, session_.resp_version);
  if (aborted) {
    reply.NullArray();
  } else {
    reply.ArrayHeader(commands.size());
    std::vector<std::string_view> views;
    for (const StoredCommand& command : commands) {
      const size_t start = tail.size();
      if (!command.refusal.empty()) {
        reply.Error(command.refusal);
      } else if (command.spec->effect == Effect::kRead) {
        RunRead(command.spec, command.Views(views), command.db, reply);
        if (session_.tracking != nullptr) read.push_back(&command);
      } else {
        RunLocal(command.spec, command.Views(views), reply, true);
      }
      CountElement(command, std::string_view(tail).substr(start),
                   std::exchange(error_counted_, false));
    }
  }
  AfterReply(before);
  std::vector<std::string_view> views;
  for (const StoredCommand* command : read) TrackKeys(command->spec, command->Views(views));
  return Step::kNext;
}

void Connection::CountElement(const StoredCommand& command, std::string_view reply,
                              bool error_counted) {
  const bool refused = !command.refusal.empty();
  refused ? thread_.CountRejected(command.spec) : thread_.Count(command.spec);
  if (!reply.starts_with('-')) return;
  if (!refused) thread_.CountFailed(command.spec);
  if (!error_counted) node_.stats().CountError(reply.substr(1));
}

void Connection::SubmitInPlace(std::span<const WatchedKey> watched,
                               std::unique_ptr<StoredTransaction> transaction, bool strong) {
  Step step;
  if (RefusesWrites(&step)) return;
  ClientBatch& batch = thread_.Batch(strong);
  batch.AddTransaction(this, session_.resp_version, watched, std::move(transaction), once_);
  Attached(batch);
}

void Connection::SubmitSettings(const std::vector<std::pair<std::string, std::string>>& settings) {
  auto transaction = std::make_unique<StoredTransaction>();
  transaction->single_reply = "+OK\r\n";
  for (const auto& [name, value] : settings) {
    const std::string hash = name == "requirepass" ? "#" + HashPassword(value) : "";
    const std::string_view pass = value.empty() ? "nopass" : std::string_view(hash);
    const std::string_view set[] = {"MYDIS", "SET", name, value};
    const std::string_view user[] = {"ACL", "SETUSER", kDefaultUser, "resetpass", pass};
    const Args words = hash.empty() ? Args(set) : Args(user);
    transaction->commands.emplace_back(node_.table().Resolve(words), 0, words);
  }
  SubmitInPlace({}, std::move(transaction), Strong(Effect::kWrite, forced_));
}

std::unique_ptr<StoredTransaction> Connection::Alone(std::span<const std::string> words,
                                                     std::string reply) const {
  auto transaction = std::make_unique<StoredTransaction>();
  transaction->single_reply = std::move(reply);
  const std::vector<std::string_view> views(words.begin(), words.end());
  transaction->commands.emplace_back(node_.table().Resolve(views), 0, views);
  return transaction;
}

void Connection::SubmitOne(std::span<const std::string> words, std::string reply) {
  SubmitInPlace({}, Alone(words, std::move(reply)), Strong(Effect::kWrite, forced_));
}

void Connection::SubmitUnseen(std::span<const std::string> words, std::string reply) {
  SubmitInPlace({}, Alone(words, std::move(reply)), false);
}

void Connection::SubmitRemoval(const std::vector<WatchedKey>& keys, std::string reply) {
  auto transaction = std::make_unique<StoredTransaction>();
  transaction->single_reply = std::move(reply);
  transaction->aborted_reply =
      "-ERR not removed here: what was sent to the other server has changed since. Send it again "
      "with REPLACE\r\n";
  std::vector<std::string_view> words = {"DEL"};
  for (const WatchedKey& key : keys) words.push_back(key.key);
  transaction->commands.emplace_back(node_.table().Resolve(words), keys[0].db, words);
  SubmitInPlace(keys, std::move(transaction), Strong(Effect::kWrite, forced_));
}

// The replies of commands that touch the state were made where the transaction ran; local commands
// run now, in their places among them.
void Connection::SendTransaction(const ClientBatch& batch, BatchItem& item) {
  const StoredTransaction& transaction = *item.transaction;
  if (transaction.refused) {
    stream_.Write(batch.ReplyOf(item));
    return;
  }
  if (transaction.aborted) {
    stream_.Write(transaction.single_reply.empty() ? batch.ReplyOf(item)
                                                   : std::string_view(transaction.aborted_reply));
    return;
  }
  std::string& tail = stream_.Tail();
  if (transaction.ends.empty()) return;
  if (!transaction.single_reply.empty()) {
    const std::string_view replies = batch.Replies(transaction.ends[0], item.end);
    tail += replies.starts_with('-') ? replies : std::string_view(transaction.single_reply);
    return;
  }
  tail += batch.Replies(item.begin, transaction.ends[0]);
  size_t element = 0;
  std::vector<std::string_view> views;
  for (const StoredCommand& command : transaction.commands) {
    const size_t start = tail.size();
    bool error_counted = false;
    if (!command.refusal.empty()) {
      RespReply(tail, item.resp_version).Error(command.refusal);
    } else if (command.spec->effect == Effect::kLocal) {
      RespReply reply(tail, item.resp_version);
      RunLocal(command.spec, command.Views(views), reply, true);
    } else {
      tail += batch.Replies(transaction.ends[element], transaction.ends[element + 1]);
      error_counted = std::ranges::find(transaction.errors_counted, element) !=
                      transaction.errors_counted.end();
      ++element;
    }
    CountElement(command, std::string_view(tail).substr(start), error_counted);
  }
}

void Connection::SendItem(const ClientBatch& batch, BatchItem& item, const Outcome& outcome) {
  const bool made = outcome.applied && outcome.status.ok();
  if (item.nanoseconds != 0) NoteItemTime(item);
  std::string& tail = stream_.Tail();
  if (item.attributes) [[unlikely]]
    AppendAttributes(tail, item.revision != 0 ? item.revision : StateRevision(), item.repeats);
  const size_t before = tail.size();
  switch (item.kind) {
    case BatchItem::Kind::kLiteral:
      tail += batch.ReplyOf(item);
      break;
    case BatchItem::Kind::kRead:
      if (outcome.applied && item.end > item.begin) {
        tail += batch.ReplyOf(item);
      } else if (outcome.applied && item.refused) {
        // Running it now would show what writes behind it have done.
        RespReply(tail, item.resp_version).Error(kErrPipelineReplies);
      } else {
        // The writes before it have failed, but the read itself can still be answered.
        RespReply reply(tail, item.resp_version);
        std::vector<std::string_view> views;
        RunRead(item.spec, item.read->Views(views), item.read->db, reply);
        item.error_counted = std::exchange(error_counted_, false);
        if (item.tracks) TrackKeys(item.spec, item.read->Views(views));
      }
      break;
    case BatchItem::Kind::kWrite:
    case BatchItem::Kind::kTransaction:
      if (!made) {
        RespReply(tail, item.resp_version).Error(WriteError(item.revision, outcome));
      } else if (item.kind == BatchItem::Kind::kTransaction) {
        SendTransaction(batch, item);
      } else {
        tail += batch.ReplyOf(item);
      }
      break;
  }
  std::string& after = stream_.Tail();
  if (&after == &tail && after.size() > before) {
    if (after[before] == '-' && item.kind != BatchItem::Kind::kLiteral) {
      if (!item.error_counted) node_.stats().CountError(std::string_view(after).substr(before + 1));
      if (item.spec != nullptr) thread_.CountFailed(item.spec);
    }
    if (item.silent) after.resize(before);
  }
  if (item.extra != nullptr) TellExtra(*item.extra);
  if (!script_calls_.empty()) TellCalls(std::exchange(script_calls_, {}));
  if (item.tracks && outcome.applied) [[unlikely]]
    TrackRead(batch, item);
}

void Connection::TellExtra(const BatchItemExtra& extra) {
  if (extra.refused_calls != nullptr) NoteRefusals(*extra.refused_calls);
  if (extra.calls != nullptr) TellCalls(*extra.calls);
  if (!extra.keys_missing.empty()) thread_.TellMisses(extra.keys_missing);
}

std::string Connection::WriteError(uint64_t revision, const Outcome& outcome) {
  if (outcome.status.code() == ErrorCode::kNotAll) {
    return fmt::format("NOTALL committed at revision {}, applied on {} of {} instances", revision,
                       outcome.applied_on, outcome.members);
  }
  return RedisError(outcome.status);
}

void Connection::Deliver(const ClientBatch& batch, BatchItem& item, const Outcome& outcome) {
  --pending_;
  if (item.attempts()) --attempts_;
  if (closed_) {
    if (pending_ == 0) thread_.Bury(this);
    return;
  }
  if (outcome.applied && item.kind != BatchItem::Kind::kLiteral) {
    session_.last_write_index = batch.index;
    if (item.is_operation() && item.revision != 0) session_.last_write_revision = item.revision;
  }
  if (item.not_run) return Hold(batch, item);
  if (blocked_ != nullptr) {
    // The only one under way.
    if (item.would_block) return AttemptFoundNothing();
    SendItem(batch, item, outcome);
    return EndWait({}, false);
  }
  if (item.would_block && item.attempts()) return StartWaiting(batch, item);
  if (item.extra != nullptr && item.extra->watch != nullptr)
    LearnWatched(batch, *item.extra->watch);
  if (item.counts_late) thread_.Count(item.spec);
  SendItem(batch, item, outcome);
}

void Connection::AfterBatch() {
  if (closed_ || pending_ > 0) return;
  if (wait_ == Wait::kIdle) {
    GoOn();
  } else {
    FinishIfDone();
  }
}

}  // namespace mydis
