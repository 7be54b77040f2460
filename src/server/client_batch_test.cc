#include "server/client_batch.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

constexpr uint64_t kOrigin = 5;

// A batch between the I/O thread that fills it and the state machine, without both threads.
class ClientBatchTest : public testing::Test {
 protected:
  ClientBatchTest() {
    auto loop = EventLoop::Create();
    EXPECT_TRUE(loop.has_value());
    thread_ = std::make_unique<IoThread>(node_, 0, *std::move(loop));
    core_.machine.Reset(1);
    std::string payload = RegistrationPayload(kOrigin, 0, "n1");
    Envelope envelope{.kind = EntryBody::kRegister, .time_ms = 1000, .origin = kOrigin};
    StoreEnvelope(payload.data(), envelope);
    EXPECT_TRUE(core_.machine.Apply(payload, nullptr).has_value());
    NewBatch();
  }
  void NewBatch() { batch_ = std::make_unique<ClientBatch>(*thread_, false); }
  const CommandSpec* Spec(std::string_view name) {
    const std::string_view words[] = {name};
    return node_.table().Resolve(words);
  }
  using Words = std::vector<std::string_view>;
  void Write(const Words& words) { batch_->AddWrite(nullptr, Spec(words[0]), 0, 2, words); }
  void Read(const Words& words, size_t expected_bytes = 100) {
    batch_->AddRead(nullptr, Spec(words[0]), 0, 2, words, expected_bytes);
  }
  void Transaction(const std::vector<Words>& commands, std::span<const WatchedKey> watched = {}) {
    auto transaction = std::make_unique<StoredTransaction>();
    for (const Words& words : commands)
      transaction->commands.emplace_back(Spec(words[0]), 0, Args(words));
    batch_->AddTransaction(nullptr, 2, watched, std::move(transaction));
  }
  // As the connection does with what goes on behind an attempt.
  void Attempt(const Words& words) {
    Write(words);
    attempt_ = batch_->last_place();
  }
  void AttemptBehind(const Words& words) {
    batch_->Behind(attempt_);
    Attempt(words);
  }
  void WriteBehind(const Words& words) {
    batch_->Behind(attempt_);
    Write(words);
  }
  void ReadBehind(const Words& words) {
    batch_->Behind(attempt_);
    Read(words);
  }
  // As the replica, the leader and NodeMachine do.
  void Apply() {
    batch_->Seal();
    std::string payload = std::exchange(batch_->payload, {});
    Envelope envelope{.kind = EntryBody::kCommands,
                      .operations = batch_->operations,
                      .time_ms = 1000,
                      .origin = kOrigin,
                      .sequence = ++sequence_};
    StoreEnvelope(payload.data(), envelope);
    auto applied = core_.machine.Apply(payload, batch_->BeginApply(core_));
    ASSERT_TRUE(applied.has_value());
    ASSERT_TRUE(applied->fresh);
    static_cast<ServerSubmission&>(*batch_).WasApplied(
        std::string_view(payload).substr(kEnvelopeSize));
  }
  std::string Reply(size_t item) { return std::string(batch_->ReplyOf(batch_->items()[item])); }

  ServerOptions options_;
  Node node_{options_};
  SystemClock clock_;
  Core core_{clock_, node_.table(), 1};
  std::unique_ptr<IoThread> thread_;
  std::unique_ptr<ClientBatch> batch_;
  BatchPlace attempt_;
  uint64_t sequence_ = 0;
};

TEST_F(ClientBatchTest, ReadsRunAtTheirPlaceBetweenWrites) {
  Write({"SET", "k", "1"});
  Read({"GET", "k"});
  batch_->AddLiteral(nullptr, "+PONG\r\n");
  Write({"INCR", "k"});
  Read({"GET", "k"});
  Read({"GET", "none"});
  Write({"DEL", "k"});
  Read({"GET", "k"});
  Apply();
  EXPECT_EQ(Reply(0), "+OK\r\n");
  EXPECT_EQ(Reply(1), "$1\r\n1\r\n");
  EXPECT_EQ(batch_->ReplyOf(batch_->items()[2]), "+PONG\r\n");
  EXPECT_EQ(Reply(3), ":2\r\n");
  EXPECT_EQ(Reply(4), "$1\r\n2\r\n");
  EXPECT_EQ(Reply(5), "$-1\r\n");
  EXPECT_EQ(Reply(6), ":1\r\n");
  EXPECT_EQ(Reply(7), "$-1\r\n");
  EXPECT_EQ(batch_->items()[0].revision + 2, batch_->items()[6].revision);
  EXPECT_EQ(batch_->lookups().hits, 2u);
  EXPECT_EQ(batch_->lookups().misses, 2u);
}

TEST_F(ClientBatchTest, ATransactionTellsWhereEachReplyEnds) {
  Transaction({{"SET", "k", "1"}, {"PING"}, {"GET", "k"}, {"INCR", "k"}});
  Read({"GET", "k"});
  Apply();
  EXPECT_EQ(Reply(0), "*4\r\n+OK\r\n$1\r\n1\r\n:2\r\n") << "the local one is added later";
  const StoredTransaction& transaction = *batch_->items()[0].transaction;
  ASSERT_EQ(transaction.ends.size(), 4u);
  const auto element = [&](size_t i) {
    return batch_->Replies(transaction.ends[i], transaction.ends[i + 1]);
  };
  EXPECT_EQ(element(0), "+OK\r\n");
  EXPECT_EQ(element(1), "$1\r\n1\r\n");
  EXPECT_EQ(element(2), ":2\r\n");
  EXPECT_EQ(Reply(1), "$1\r\n2\r\n");
}

TEST_F(ClientBatchTest, LiteralsOfOneConnectionBecomeOne) {
  const auto* const other = reinterpret_cast<const Connection*>(this);
  EXPECT_FALSE(batch_->ExtendLiteral(nullptr, "+OK\r\n"));
  batch_->AddLiteral(nullptr, "+OK\r\n");
  EXPECT_FALSE(batch_->ExtendLiteral(other, "+QUEUED\r\n"));
  EXPECT_TRUE(batch_->ExtendLiteral(nullptr, "+QUEUED\r\n"));
  ASSERT_EQ(batch_->items().size(), 1u);
  EXPECT_EQ(batch_->ReplyOf(batch_->items()[0]), "+OK\r\n+QUEUED\r\n");
  // What is thrown away takes no reply along that is not.
  batch_->items()[0].silent = true;
  EXPECT_FALSE(batch_->ExtendLiteral(nullptr, "+QUEUED\r\n"));
  Write({"SET", "k", "1"});
  EXPECT_FALSE(batch_->ExtendLiteral(nullptr, "+OK\r\n"));
}

TEST_F(ClientBatchTest, AWatchedKeyThatChangedAbortsTheTransactionAlone) {
  const WatchedKey watched[] = {{0, "k", core_.machine.state().keyspace.WatchRevision(0, "k")}};
  Write({"SET", "k", "other"});
  Transaction({{"SET", "k", "1"}}, watched);
  Read({"GET", "k"});
  Apply();
  EXPECT_EQ(Reply(1), "*-1\r\n");
  EXPECT_TRUE(batch_->items()[1].transaction->aborted);
  EXPECT_EQ(Reply(2), "$5\r\nother\r\n");
}

TEST_F(ClientBatchTest, WhatStandsBehindAServedAttemptRunsInItsPlace) {
  Write({"RPUSH", "q", "a"});
  Attempt({"BLPOP", "q", "0"});
  ReadBehind({"LLEN", "q"});
  WriteBehind({"RPUSH", "q", "b"});
  AttemptBehind({"BLPOP", "q", "0"});
  ReadBehind({"LLEN", "q"});
  Apply();
  EXPECT_EQ(Reply(1), "*2\r\n$1\r\nq\r\n$1\r\na\r\n");
  EXPECT_EQ(Reply(2), ":0\r\n");
  EXPECT_EQ(Reply(3), ":1\r\n");
  EXPECT_EQ(Reply(4), "*2\r\n$1\r\nq\r\n$1\r\nb\r\n");
  EXPECT_EQ(Reply(5), ":0\r\n");
  EXPECT_FALSE(batch_->items()[1].counts_late) << "the connection says so of attempts";
  for (size_t i = 2; i < 6; ++i) EXPECT_TRUE(batch_->items()[i].counts_late);
  for (const BatchItem& item : batch_->items()) EXPECT_EQ(item.extra, nullptr);
}

TEST_F(ClientBatchTest, WhatStandsBehindOneThatFoundNothingKeepsItsWords) {
  Write({"SET", "k", "1"});
  Attempt({"BLPOP", "q", "0"});
  ReadBehind({"GET", "k"});
  // Of another connection.
  Write({"INCR", "k"});
  Read({"GET", "k"});
  WriteBehind({"SET", "k", "not yet"});
  AttemptBehind({"BLPOP", "k", "0"});
  ReadBehind({"GET", "k"});
  Apply();
  const std::vector<BatchItem>& items = batch_->items();
  EXPECT_TRUE(items[1].would_block);
  EXPECT_FALSE(items[1].not_run);
  EXPECT_EQ(items[1].extra->words, (std::vector<std::string>{"BLPOP", "q", "0"}));
  for (const size_t i : {2, 5, 6, 7}) {
    EXPECT_TRUE(items[i].not_run) << i;
    EXPECT_FALSE(items[i].would_block) << i;
    EXPECT_EQ(Reply(i), "") << i;
  }
  EXPECT_EQ(items[5].extra->words, (std::vector<std::string>{"SET", "k", "not yet"}));
  EXPECT_EQ(items[6].extra->words, (std::vector<std::string>{"BLPOP", "k", "0"}));
  EXPECT_EQ(Reply(3), ":2\r\n");
  EXPECT_EQ(Reply(4), "$1\r\n2\r\n");
  EXPECT_EQ(items[3].extra, nullptr);
}

TEST_F(ClientBatchTest, KeysAreWatchedFromTheirPlaceOn) {
  std::vector<WatchedKey> watched = {{0, "k", 0}};
  Write({"SET", "k", "1"});
  batch_->AddLiteral(nullptr, "+OK\r\n");
  batch_->Watch(watched);
  Transaction({{"INCR", "k"}}, watched);
  Transaction({{"INCR", "k"}}, watched);
  batch_->AddLiteral(nullptr, "+OK\r\n");
  std::vector<WatchedKey> later = {{0, "k", 0}};
  batch_->Watch(later);
  Write({"SET", "other", "1"});
  Transaction({{"INCR", "k"}}, later);
  Apply();
  EXPECT_EQ(Reply(2), "*1\r\n:2\r\n");
  EXPECT_EQ(Reply(3), "*-1\r\n");
  EXPECT_EQ(Reply(6), "*1\r\n:3\r\n");
  const WatchNote& note = *batch_->items()[1].extra->watch;
  EXPECT_TRUE(note.made);
  EXPECT_EQ(note.mark, watched[0].revision & ~kAtMark);
  EXPECT_EQ(note.keys[0].revision, batch_->items()[0].revision) << "as WATCH there has it";
}

TEST_F(ClientBatchTest, WhatAReadAnswersIsGuessedFromItsKeys) {
  const Keyspace& keyspace = core_.machine.state().keyspace;
  const auto expected = [&](const Words& words) {
    return ExpectedReplyBytes(keyspace, 0, *Spec(words[0]), words);
  };
  Write({"SETRANGE", "k", "99999", "x"});
  Apply();
  EXPECT_LT(expected({"GET", "none"}), 1000u);
  EXPECT_GE(expected({"GET", "k"}), 100'000u);
  EXPECT_GE(expected({"MGET", "k", "none", "k"}), 200'000u);
  EXPECT_GE(expected({"DBSIZE"}), 100'000u) << "nobody knows";
}

TEST_F(ClientBatchTest, ReadsAreAddedUntilTheirRepliesAreExpectedToBeLarge) {
  const size_t size = ClientBatch::kExpectedReadBytes / 4;
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(batch_->HasRoomForRead(size));
    Read({"GET", "k"}, size);
  }
  EXPECT_FALSE(batch_->HasRoomForRead(1));
  NewBatch();
  EXPECT_FALSE(batch_->HasRoomForRead(ClientBatch::kExpectedReadBytes + 1));
  EXPECT_TRUE(batch_->HasRoomForRead(1));
}

// A few bytes of a write make a large value, which reads behind it in the pipeline answer.
TEST_F(ClientBatchTest, RepliesThatGrewBeyondAllExpectationAreRefused) {
  const size_t size = ClientBatch::kMaxReplyBytes / 2 + 100;
  const std::string offset = std::to_string(size - 1);
  Write({"SETRANGE", "k", offset, "x"});
  for (int i = 0; i < 100; ++i) Read({"GET", "k"});
  Write({"SET", "k", "small"});
  Read({"GET", "k"});
  Apply();
  EXPECT_GT(Reply(1).size(), size);
  EXPECT_GT(Reply(2).size(), size);
  EXPECT_FALSE(batch_->items()[2].refused);
  for (int i = 3; i <= 100; ++i) {
    EXPECT_TRUE(batch_->items()[i].refused) << i;
    EXPECT_EQ(Reply(i), "");
  }
  EXPECT_EQ(Reply(101), "+OK\r\n") << "writes are answered whatever was read before";
}

}  // namespace
}  // namespace mydis
