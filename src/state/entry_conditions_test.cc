// Operations of an entry that depend on others before them: those behind one that may find nothing,
// and transactions that watch keys since a mark.
#include <gtest/gtest.h>

#include <functional>

#include "state/entry_codec.h"
#include "state/state_machine.h"

namespace mydis {
namespace {

using Words = std::vector<std::string_view>;

// SET key value | DEL key | POP key, which removes it or would block.
class TestRunner final : public CommandRunner {
 public:
  Meaning Look(Args args) const override {
    return {.kind = args[0] == "GET" ? Kind::kRead : Kind::kWrite};
  }
  void Run(const Meaning&, WriteContext& c) const override {
    if (c.args[0] == "SET") {
      c.keyspace.SetString(c.db, c.args[1], c.args[2], Ttl::None());
      c.reply.Ok();
    } else if (c.args[0] == "DEL") {
      c.keyspace.Erase(c.db, c.args[1]);
      c.reply.Ok();
    } else if (c.args[0] == "POP" && !c.keyspace.Erase(c.db, c.args[1])) {
      c.reply.WouldBlock(Reply::NullForm::kArray);
    }
  }
};

// Notes what becomes of each operation: r ran, b would have blocked, n was not run, t a transaction
// that ran, a one that was aborted.
class Fates final : public ApplyObserver {
 public:
  std::string fates;
  // Said to the reply before an operation, as by a read of this instance alone.
  bool reads_would_block = false;

  Reply& BeginCommand(uint32_t) override {
    if (reads_would_block) reply_.WouldBlock(Reply::NullForm::kNull);
    fates += 'r';
    return reply_;
  }
  void BeginTransaction(uint32_t, bool aborted) override { fates += aborted ? 'a' : 't'; }
  Reply& ElementReply(uint32_t, uint32_t) override { return reply_; }
  void End(uint32_t i, bool would_block) override {
    EXPECT_EQ(i + 1, fates.size());
    if (would_block) fates.back() = 'b';
  }
  void NotRun(uint32_t i) override {
    fates += 'n';
    EXPECT_EQ(i + 1, fates.size());
  }

 private:
  NullReply reply_;
};

class EntryConditionsTest : public ::testing::Test {
 protected:
  EntryConditionsTest() {
    for (StateMachine* machine : {&machine_, &other_})
      EXPECT_TRUE(machine->Apply(RegistrationPayload(77, 0, "a"), nullptr).has_value());
  }
  void Command(const Words& words) { builder_.AddCommand(0, words); }
  void Behind(uint32_t distance, const Words& words) {
    builder_.Behind(distance);
    builder_.AddCommand(0, words);
  }
  void Transaction(std::span<const WatchedKey> watched, const std::vector<Words>& commands) {
    builder_.BeginTransaction(watched, commands.size());
    for (const Words& words : commands) builder_.AddElement(0, words);
  }
  std::string Payload() {
    const uint32_t operations = builder_.operations();
    std::string payload = builder_.Take();
    StoreEnvelope(payload.data(), {.kind = EntryBody::kCommands,
                                   .operations = operations,
                                   .time_ms = 1000,
                                   .seed = 1,
                                   .origin = 77,
                                   .sequence = ++sequence_});
    return payload;
  }
  // What became of the operations; an instance without clients comes to the same state.
  std::string Apply() {
    const std::string payload = Payload();
    Fates fates;
    fates.reads_would_block = reads_would_block_;
    EXPECT_TRUE(machine_.Apply(payload, &fates).has_value());
    EXPECT_TRUE(other_.Apply(payload, nullptr).has_value());
    EXPECT_EQ(machine_.Digest(), other_.Digest());
    return fates.fates;
  }
  bool Has(std::string_view key) { return machine_.state().keyspace.Find(0, key) != nullptr; }

  TestRunner runner_;
  StateMachine machine_{runner_, 5};
  StateMachine other_{runner_, 5};
  EntryBuilder builder_;
  bool reads_would_block_ = false;
  uint64_t sequence_ = 0;
};

TEST_F(EntryConditionsTest, WhatStandsBehindAServedAttemptRuns) {
  Command({"SET", "q", "1"});
  Command({"POP", "q"});
  Behind(1, {"SET", "a", "1"});
  Behind(2, {"POP", "a"});
  Behind(1, {"SET", "b", "1"});
  EXPECT_EQ(Apply(), "rrrrr");
  EXPECT_FALSE(Has("q"));
  EXPECT_FALSE(Has("a"));
  EXPECT_TRUE(Has("b"));
}

TEST_F(EntryConditionsTest, WhatStandsBehindOneThatWouldBlockIsNotRun) {
  Command({"POP", "q"});
  Behind(1, {"SET", "a", "1"});
  // Of another client: for it, it never happened.
  Command({"SET", "q", "1"});
  Behind(3, {"POP", "q"});
  Behind(1, {"SET", "b", "1"});
  Command({"POP", "q"});
  Behind(1, {"SET", "c", "1"});
  EXPECT_EQ(Apply(), "bnrnnrr");
  EXPECT_FALSE(Has("a"));
  EXPECT_FALSE(Has("b"));
  EXPECT_TRUE(Has("c"));
  const uint64_t revision = machine_.state().revision;
  Command({"POP", "q"});
  Behind(1, {"SET", "a", "1"});
  EXPECT_EQ(Apply(), "bn");
  EXPECT_EQ(machine_.state().revision, revision + 1) << "what is not run has no revision";
}

TEST_F(EntryConditionsTest, TransactionsMayStandBehindAndNobodyBlocksInThem) {
  Transaction({}, {{"POP", "q"}, {"SET", "a", "1"}});
  Behind(1, {"SET", "b", "1"});
  Command({"POP", "q"});
  builder_.Behind(1);
  builder_.AsUser("ada");
  Transaction({}, {{"SET", "c", "1"}});
  Command({"SET", "d", "1"});
  EXPECT_EQ(Apply(), "trbnr");
  EXPECT_TRUE(Has("b"));
  EXPECT_FALSE(Has("c"));
  EXPECT_TRUE(Has("d"));
}

TEST_F(EntryConditionsTest, WhatReadsOfOneInstanceSaidCountsNowhere) {
  reads_would_block_ = true;
  Command({"SET", "q", "1"});
  Behind(1, {"POP", "q"});
  Behind(1, {"SET", "a", "1"});
  EXPECT_EQ(Apply(), "rrr");
}

TEST_F(EntryConditionsTest, AMarkedKeyMustNotChangeBehindTheMark) {
  Command({"SET", "k", "1"});
  const WatchedKey since_first[] = {{0, "k", builder_.Mark() | kAtMark},
                                    {0, "none", builder_.Mark() | kAtMark}};
  Transaction(since_first, {{"SET", "k", "2"}});
  Transaction(since_first, {{"SET", "k", "3"}});
  const WatchedKey since_second[] = {{0, "k", builder_.Mark() | kAtMark}};
  Command({"SET", "other", "1"});
  Transaction(since_second, {{"SET", "k", "4"}});
  EXPECT_EQ(Apply(), "rtart");
  EXPECT_EQ(machine_.state().keyspace.Find(0, "k")->integer(), 4);
}

TEST_F(EntryConditionsTest, AMissingKeyThatCameOrCameAndWentHasChanged) {
  Command({"SET", "gone", "1"});
  const WatchedKey watched[] = {{0, "k", builder_.Mark() | kAtMark}};
  const WatchedKey gone[] = {{0, "gone", builder_.Mark() | kAtMark}};
  Command({"SET", "k", "1"});
  Command({"DEL", "k"});
  Transaction(watched, {{"SET", "a", "1"}});
  Command({"DEL", "gone"});
  Transaction(gone, {{"SET", "a", "1"}});
  EXPECT_EQ(Apply(), "rrrara");
  EXPECT_FALSE(Has("a"));
}

TEST_F(EntryConditionsTest, AMarkIsKeptWhateverItStandsBefore) {
  Command({"POP", "q"});
  const WatchedKey watched[] = {{0, "k", builder_.Mark() | kAtMark}};
  Behind(1, {"SET", "k", "1"});
  Transaction(watched, {{"SET", "k", "2"}});
  EXPECT_EQ(Apply(), "bnt");
  // One that nothing follows leaves no trace.
  Command({"SET", "k", "1"});
  EXPECT_EQ(builder_.Mark(), 0u);
  EXPECT_EQ(builder_.Mark(), 0u);
  const size_t marked = builder_.Take().size();
  Command({"SET", "k", "1"});
  EXPECT_EQ(builder_.Take().size(), marked);
}

TEST_F(EntryConditionsTest, NoRevisionThatAClientMaySayIsAMark) {
  Command({"SET", "k", "1"});
  builder_.Mark();
  for (const uint64_t said : {uint64_t{1} << 62, kAtMark - 1, uint64_t{INT64_MAX}}) {
    const WatchedKey watched[] = {{0, "k", said}};
    Transaction(watched, {{"SET", "k", "2"}});
  }
  const WatchedKey missing[] = {{0, "none", Keyspace::kWatchMissing}};
  Transaction(missing, {{"SET", "none", "1"}});
  Transaction(missing, {{"SET", "none", "2"}});
  EXPECT_EQ(Apply(), "raaata");
}

TEST_F(EntryConditionsTest, WhatDependsOnNothingCannotBeRead) {
  const auto refused = [&](const std::function<void()>& fill) {
    fill();
    sequence_ = 0;
    const std::string payload = Payload();
    StateMachine machine(runner_, 5);
    EXPECT_TRUE(machine.Apply(RegistrationPayload(77, 0, "a"), nullptr).has_value());
    return !machine.Apply(payload, nullptr).has_value();
  };
  EXPECT_TRUE(refused([&] { Behind(1, {"SET", "k", "1"}); })) << "the first one";
  EXPECT_TRUE(refused([&] {
    Command({"SET", "k", "1"});
    Behind(2, {"SET", "k", "1"});
  }));
  EXPECT_TRUE(refused([&] {
    Command({"SET", "k", "1"});
    Behind(0, {"SET", "k", "1"});
  }));
  const WatchedKey unknown[] = {{0, "k", kAtMark | 1}};
  EXPECT_TRUE(refused([&] {
    Command({"SET", "k", "1"});
    builder_.Mark();
    Transaction(unknown, {{"SET", "k", "1"}});
  }));
}

}  // namespace
}  // namespace mydis
