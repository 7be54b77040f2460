#include "server/client_batch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/mail.h"
#include "server/node.h"

namespace mydis {

size_t ExpectedReplyBytes(const Keyspace& keyspace, uint32_t db, const CommandSpec& spec,
                          Args args) {
  constexpr size_t kHeader = 64;
  constexpr size_t kKeyless = 1 << 20;
  if (spec.keys.empty()) return kKeyless;
  size_t bytes = kHeader;
  for (std::string_view word : args.subspan(1)) {
    const Entry* entry = keyspace.Find(db, word);
    if (entry != nullptr) bytes += Keyspace::CostOf(*entry);
  }
  return bytes;
}

BatchItem& ClientBatch::AddItem(BatchItem::Kind what, Connection* connection, int resp_version) {
  constexpr size_t kUsual = 16;
  if (items_.empty()) items_.reserve(kUsual);
  bytes_before_last_ = builder_.bytes();
  BatchItem& item = items_.emplace_back();
  item.kind = what;
  item.resp_version = static_cast<uint8_t>(resp_version);
  item.connection = connection;
  return item;
}

BatchItem& ClientBatch::AddCommand(BatchItem::Kind what, Connection* connection,
                                   const CommandSpec* spec, int resp_version) {
  BatchItem& item = AddItem(what, connection, resp_version);
  item.spec = spec;
  if (const auto attempt = std::exchange(behind_, std::nullopt)) {
    item.behind = attempt->item + 1;
    item.counts_late = true;
    if (item.is_operation()) builder_.Behind(builder_.operations() - attempt->operation);
  }
  return item;
}

void ClientBatch::AddWrite(Connection* connection, const CommandSpec* spec, uint32_t db,
                           int resp_version, Args args, std::string_view user,
                           const SharedOnceRequest& once) {
  BatchItem& item = AddCommand(BatchItem::Kind::kWrite, connection, spec, resp_version);
  if (once != nullptr) [[unlikely]] {
    builder_.Once(once->Tag());
    item.Extra().once = once;
  }
  if (!user.empty()) {
    item.Extra().refused_calls = std::make_unique<std::vector<RefusedCall>>();
    builder_.AsUser(user);
  }
  builder_.AddCommand(db, args);
}

void ClientBatch::AddTransaction(Connection* connection, int resp_version,
                                 std::span<const WatchedKey> watched,
                                 std::unique_ptr<StoredTransaction> transaction,
                                 const SharedOnceRequest& once) {
  BatchItem& item = AddItem(BatchItem::Kind::kTransaction, connection, resp_version);
  if (once != nullptr) [[unlikely]] {
    once->words = HashOfWords(transaction->commands);
    builder_.Once(once->Tag());
  }
  size_t elements = 0;
  for (const StoredCommand& command : transaction->commands) elements += !command.local();
  for (const StoredCommand& command : transaction->commands) {
    if (command.user.empty()) continue;
    builder_.AsUser(command.user);
    item.Extra().refused_calls = std::make_unique<std::vector<RefusedCall>>();
    break;
  }
  builder_.BeginTransaction(watched, elements);
  std::vector<std::string_view> views;
  for (const StoredCommand& command : transaction->commands) {
    if (!command.local()) builder_.AddElement(command.db, command.Views(views));
  }
  item.transaction = std::move(transaction);
}

void ClientBatch::AddRead(Connection* connection, const CommandSpec* spec, uint32_t db,
                          int resp_version, Args args, size_t expected_bytes,
                          std::string_view user) {
  expected_read_bytes_ += std::min(expected_bytes, kExpectedReadBytes - expected_read_bytes_);
  BatchItem& item = AddCommand(BatchItem::Kind::kRead, connection, spec, resp_version);
  item.read = std::make_unique<StoredCommand>(spec, db, args);
  item.read->user = user;
  if (!user.empty()) item.Extra().refused_calls = std::make_unique<std::vector<RefusedCall>>();
}

void ClientBatch::AddLiteral(Connection* connection, std::string_view reply) {
  BatchItem& item = AddItem(BatchItem::Kind::kLiteral, connection, 2);
  item.begin = literals_.size();
  literals_ += reply;
  item.end = literals_.size();
}

bool ClientBatch::ExtendLiteral(const Connection* connection, std::string_view reply) {
  if (items_.empty()) return false;
  BatchItem& last = items_.back();
  if (last.kind != BatchItem::Kind::kLiteral || last.connection != connection || last.silent)
    return false;
  literals_ += reply;
  last.end = literals_.size();
  return true;
}

void ClientBatch::Watch(std::span<WatchedKey> keys) {
  BatchItem& item = items_.back();
  MYDIS_ASSERT(item.kind == BatchItem::Kind::kLiteral, "the reply of WATCH is known already");
  const uint32_t mark = builder_.Mark();
  // Another WATCH whose reply this item has stands at the same place.
  std::unique_ptr<WatchNote>& watch = item.Extra().watch;
  if (watch == nullptr) watch = std::make_unique<WatchNote>();
  watch->mark = mark;
  for (WatchedKey& key : keys) {
    key.revision = mark | kAtMark;
    watch->keys.push_back(key);
  }
}

void ClientBatch::Seal() {
  operations = builder_.operations();
  kind = EntryBody::kCommands;
  payload = builder_.Take();
  submitted_bytes_ = payload.size();
}

ApplyObserver* ClientBatch::BeginApply(Core& core) {
  core_ = &core;
  tells_misses_ = core.TellsMisses();
  replies_.reserve(items_.size() * 8);
  return this;
}

void ClientBatch::Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome,
                         Outbox& outbox) {
  outbox.Add(std::unique_ptr<ClientBatch>(static_cast<ClientBatch*>(self.release())), outcome);
}

void ClientBatch::WasApplied(std::string_view body) {
  if (!keeps_words_) return;
  EntryReader in(body, operations);
  auto item = items_.begin();
  while (in.HasNext() && item != items_.end()) {
    if (!item->is_operation()) {
      ++item;
      continue;
    }
    const bool slow = item->nanoseconds != 0 && thread_.node().config().IsSlow(item->nanoseconds);
    const Opcode opcode = in.NextOpcode();
    if (opcode == Opcode::kCommand && (slow || item->not_run || item->would_block)) {
      uint32_t db = 0;
      const Args args = in.Command(&db);
      item->Extra().words.assign(args.begin(), args.end());
    } else {
      in.SkipOperation(opcode);
    }
    ++item;
  }
}

uint64_t ClientBatch::current_client() const {
  return begun_ == 0 || next_ >= items_.size() ? 0 : items_[next_].connection->id();
}

void ClientBatch::RunRead(BatchItem& item) {
  if (item.behind != 0) {
    const BatchItem& attempt = items_[item.behind - 1];
    item.not_run = attempt.not_run || attempt.would_block;
    if (item.not_run) return;
  }
  item.refused = replies_.size() > kMaxReplyBytes;
  if (item.refused) return;
  const State& state = core_->machine.state();
  std::vector<std::string_view> views;
  Random random(Hash64(item.read->words[0], state.revision));
  reply_.set_version(item.resp_version);
  item.begin = replies_.size();
  ReadContext context{item.read->Views(views), reply_,        state, state.keyspace,
                      item.read->db,           state.time_ms, random};
  context.user = item.read->user;
  const UseScope uses(item.touches ? context.now_ms : 0, state.settings.use_rule());
  const LookupCount before = thread_lookups;
  const CallTimer timer(next_ % kTimedOneIn == 0 || thread_.node().config().Times(*item.spec));
  TraceInto(item);
  item.spec->handler.read(context);
  item.error_counted = thread_read_trace.error_counted;
  thread_read_trace = {};
  if (timer.on()) item.nanoseconds = static_cast<uint32_t>(timer.Nanoseconds());
  item.revision = state.revision;
  const LookupCount found = thread_lookups - before;
  lookups_.hits += found.hits;
  lookups_.misses += found.misses;
  item.end = replies_.size();
}

void ClientBatch::RunReads() {
  for (; next_ < items_.size(); ++next_) {
    BatchItem& item = items_[next_];
    if (item.kind == BatchItem::Kind::kRead) {
      RunRead(item);
    } else if (item.kind != BatchItem::Kind::kLiteral) {
      return;
    } else if (item.extra != nullptr && item.extra->watch != nullptr) {
      NoteWatched(*item.extra->watch);
    }
  }
}

void ClientBatch::NoteWatched(WatchNote& watch) {
  const Keyspace& keyspace = core_->machine.state().keyspace;
  for (WatchedKey& key : watch.keys) key.revision = keyspace.WatchRevision(key.db, key.key);
  watch.made = true;
}

void ClientBatch::TraceInto(BatchItem& item) {
  // Of plain reads the client's own thread knows which keys they name.
  const bool script = item.spec == nullptr || item.spec->group == Group::kScripting;
  if (script) thread_read_trace.counter = &thread_.node().stats().applying();
  if (tells_misses_) thread_read_trace.missing = &item.Extra().keys_missing;
  if (item.tracks && (script || item.kind != BatchItem::Kind::kRead))
    thread_read_trace.keys = &item.Extra().keys_read;
  if (item.extra == nullptr) return;
  thread_read_trace.refused = item.extra->refused_calls.get();
  thread_read_trace.calls = item.extra->calls.get();
}

BatchItem& ClientBatch::Advance() {
  RunReads();
  MYDIS_ASSERT(next_ < items_.size(), "every operation has an item");
  BatchItem& item = items_[next_];
  reply_.set_version(item.resp_version);
  item.begin = replies_.size();
  TraceInto(item);
  ++begun_;
  return item;
}

Reply& ClientBatch::BeginCommand(uint32_t i) {
  const BatchItem& item = Advance();
  if (item.kind == BatchItem::Kind::kTransaction) [[unlikely]] {
    item.transaction->refused = true;
    return reply_;
  }
  timer_ = CallTimer(i % kTimedOneIn == 0 || thread_.node().config().Times(*item.spec));
  return reply_;
}

void ClientBatch::BeginTransaction(uint32_t, bool aborted) {
  BatchItem& item = Advance();
  item.transaction->aborted = aborted;
  if (aborted) {
    reply_.NullArray();
  } else {
    reply_.ArrayHeader(item.transaction->commands.size());
  }
}

void ClientBatch::EndElement() {
  StoredTransaction& transaction = *items_[next_].transaction;
  if (std::exchange(thread_read_trace.error_counted, false))
    transaction.errors_counted.push_back(transaction.ends.size() - 1);
  transaction.ends.push_back(replies_.size());
}

Reply& ClientBatch::ElementReply(uint32_t, uint32_t) {
  // The end of the array's header, or of the element before.
  EndElement();
  return reply_;
}

void ClientBatch::Repeats(uint32_t, uint64_t revision) {
  BatchItem& item = items_[next_];
  item.repeats = true;
  item.revision = revision;
}

void ClientBatch::End(uint32_t i, bool would_block) {
  BatchItem& item = items_[next_];
  if (timer_.on() && item.kind == BatchItem::Kind::kWrite) {
    item.nanoseconds = static_cast<uint32_t>(std::min<uint64_t>(timer_.Nanoseconds(), UINT32_MAX));
    keeps_words_ |= thread_.node().config().IsSlow(item.nanoseconds);
  }
  if (item.kind == BatchItem::Kind::kTransaction && !item.transaction->aborted &&
      !item.transaction->refused)
    EndElement();
  item.end = replies_.size();
  if (!item.repeats) [[likely]]
    item.revision = core_->machine.state().revision;
  item.would_block = would_block;
  keeps_words_ |= would_block;
  item.error_counted = thread_read_trace.error_counted;
  thread_read_trace = {};
  ++next_;
  if (i + 1 == operations) RunReads();
}

void ClientBatch::NotRun(uint32_t i) {
  RunReads();
  MYDIS_ASSERT(next_ < items_.size(), "every operation has an item");
  BatchItem& item = items_[next_];
  item.not_run = true;
  keeps_words_ = true;
  ++begun_;
  ++next_;
  if (i + 1 == operations) RunReads();
}

}  // namespace mydis
