// Requests that are sent again, as the state machine carries them out.
#include <gtest/gtest.h>

#include "state/entry_codec.h"
#include "state/snapshot_taker.h"
#include "state/state_machine.h"

namespace mydis {
namespace {

// INCR key, answers the number | POP key, takes it or would block | GET key | ROLL, chance | FAIL.
class TestRunner final : public CommandRunner {
 public:
  Meaning Look(Args args) const override {
    return {.kind = args[0] == "GET" ? Kind::kRead : Kind::kWrite,
            .needs_memory = args[0] == "INCR"};
  }
  void Run(const Meaning&, WriteContext& c) const override {
    const Entry* entry = c.args.size() > 1 ? c.keyspace.Find(c.db, c.args[1]) : nullptr;
    if (c.args[0] == "INCR") {
      const int64_t number = (entry == nullptr ? 0 : entry->integer()) + 1;
      c.keyspace.SetInteger(c.db, c.args[1], number, Ttl::None());
      c.reply.Integer(number);
    } else if (c.args[0] == "POP") {
      if (entry == nullptr) return c.reply.WouldBlock(Reply::NullForm::kArray);
      c.keyspace.Erase(c.db, c.args[1]);
      c.reply.Ok();
    } else if (c.args[0] == "GET") {
      entry == nullptr ? c.reply.Null() : c.reply.Integer(entry->integer());
    } else if (c.args[0] == "ROLL") {
      EXPECT_TRUE(c.reply_is_kept);
      c.reply.Integer(static_cast<int64_t>(c.random.Next() >> 1));
    } else {
      c.reply.Error("ERR failed");
    }
  }
};

// What an instance tells its clients.
class Replies final : public ApplyObserver {
 public:
  std::string text;
  Reply& BeginCommand(uint32_t) override { return reply_; }
  void BeginTransaction(uint32_t, bool aborted) override { text += aborted ? "aborted" : "exec"; }
  Reply& ElementReply(uint32_t, uint32_t) override { return reply_; }
  void Repeats(uint32_t, uint64_t revision) override { text += "@" + std::to_string(revision); }
  void End(uint32_t, bool would_block) override { text += would_block ? "?;" : ";"; }
  void NotRun(uint32_t) override { text += "not run;"; }

 private:
  class Texts final : public Reply {
   public:
    explicit Texts(std::string& text) : text_(text) {}
    void Simple(std::string_view t) override { (text_ += '+') += t; }
    void Error(std::string_view t) override { (text_ += '-') += t.substr(0, t.find(' ')); }
    void Integer(int64_t value) override { (text_ += ':') += std::to_string(value); }
    void Bulk(std::string_view t) override { (text_ += '$') += t; }
    void Null() override { text_ += '_'; }
    void NullArray() override { text_ += '0'; }
    void ArrayHeader(size_t) override {}
    void MapHeader(size_t) override {}
    void SetHeader(size_t) override {}
    void PushHeader(size_t) override {}
    void AttributeHeader(size_t) override {}
    void Double(double) override {}
    void Bool(bool) override {}
    void BigNumber(std::string_view) override {}
    void Verbatim(std::string_view, std::string_view) override {}
    size_t OpenArray() override { return 0; }
    void CloseArray(size_t, size_t) override {}
    int resp_version() const override { return 2; }

   private:
    std::string& text_;
  };
  Texts reply_{text};
};

using Words = std::vector<std::string_view>;

class StateMachineOnceTest : public ::testing::Test {
 protected:
  StateMachineOnceTest() {
    for (StateMachine* machine : {&machine_, &other_})
      EXPECT_TRUE(machine->Apply(RegistrationPayload(77, 0, "a"), nullptr).has_value());
  }
  static RequestTag Tag(std::string_view id, uint64_t words = 1) {
    return {.user = "ada", .id = id, .words = words};
  }
  void Once(std::string_view id, const Words& words, uint64_t hash = 1) {
    builder_.Once(Tag(id, hash));
    builder_.AddCommand(0, words);
  }
  void OnceTransaction(std::string_view id, std::span<const WatchedKey> watched,
                       const std::vector<Words>& commands) {
    builder_.Once(Tag(id));
    builder_.BeginTransaction(watched, commands.size());
    for (const Words& words : commands) builder_.AddElement(0, words);
  }
  std::string Payload() {
    const uint32_t operations = builder_.operations();
    std::string payload = builder_.Take();
    StoreEnvelope(payload.data(), {.kind = EntryBody::kCommands,
                                   .operations = operations,
                                   .time_ms = time_ms_,
                                   .seed = ++seed_,
                                   .origin = 77,
                                   .sequence = ++sequence_});
    return payload;
  }
  // The replies; an instance without clients comes to the same state.
  std::string Apply() {
    const std::string payload = Payload();
    Replies replies;
    EXPECT_TRUE(machine_.Apply(payload, &replies).has_value());
    EXPECT_TRUE(other_.Apply(payload, nullptr).has_value());
    EXPECT_EQ(machine_.Digest(), other_.Digest());
    machine_.CheckInvariants();
    return replies.text;
  }
  std::string Once1(std::string_view id, const Words& words, uint64_t hash = 1) {
    Once(id, words, hash);
    return Apply();
  }
  static void Restore(StateMachine& from, StateMachine& to) {
    std::string stream;
    SnapshotTaker taker(from);
    while (*taker.Next(64, stream)) {
    }
    SnapshotLoader loader(to);
    ASSERT_TRUE(loader.Add(stream).ok());
    ASSERT_TRUE(loader.Finish().ok());
  }

  TestRunner runner_;
  StateMachine machine_{runner_, 5};
  StateMachine other_{runner_, 5};
  EntryBuilder builder_;
  uint64_t time_ms_ = 1'000'000;
  uint64_t seed_ = 0;
  uint64_t sequence_ = 0;
};

TEST_F(StateMachineOnceTest, ARequestIsCarriedOutOnceAndItsReplyRepeated) {
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1;");
  EXPECT_EQ(Once1("b", {"INCR", "n"}), ":2;");
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1@1;");
  EXPECT_EQ(Once1("b", {"INCR", "n"}), ":2@2;");
  EXPECT_EQ(machine_.state().revision, 2u);
  EXPECT_EQ(Once1("a", {"INCR", "n"}, 2), "-IDREUSED;");
  EXPECT_EQ(machine_.state().keyspace.Find(0, "n")->integer(), 2);
}

TEST_F(StateMachineOnceTest, InOneEntryToo) {
  Once("a", {"INCR", "n"});
  Once("a", {"INCR", "n"});
  builder_.AddCommand(0, Words{"INCR", "n"});
  OnceTransaction("t", {}, {{"INCR", "n"}});
  OnceTransaction("t", {}, {{"INCR", "n"}});
  EXPECT_EQ(Apply(), ":1;:1@1;:2;exec:3;exec:3@3;");
}

TEST_F(StateMachineOnceTest, ErrorsOfTheCommandAreResultsAndChanceIsThatOfTheFirstTime) {
  EXPECT_EQ(Once1("f", {"FAIL"}), "-ERR;");
  EXPECT_EQ(Once1("f", {"FAIL"}), "-ERR@1;");
  const std::string first = Once1("r", {"ROLL"});
  EXPECT_EQ(Once1("r", {"ROLL"}), first.substr(0, first.size() - 1) + "@2;");
}

TEST_F(StateMachineOnceTest, TransactionsWithTheirReadsAndTheirAborts) {
  const std::vector<Words> commands = {{"INCR", "n"}, {"GET", "n"}, {"FAIL"}, {"ROLL"}};
  OnceTransaction("t", {}, commands);
  const std::string first = Apply();
  EXPECT_EQ(first.substr(0, 12), "exec:1:1-ERR");
  OnceTransaction("t", {}, commands);
  EXPECT_EQ(Apply(), first.substr(0, first.size() - 1) + "@3;");
  const WatchedKey watched[] = {{0, "n", 999}};
  OnceTransaction("w", watched, commands);
  EXPECT_EQ(Apply(), "aborted;");
  // It stays aborted, whatever is watched now.
  OnceTransaction("w", {}, commands);
  EXPECT_EQ(Apply(), "aborted@3;");
  builder_.Once(Tag("w", 2));
  builder_.BeginTransaction({}, 1);
  builder_.AddElement(0, Words{"INCR", "n"});
  EXPECT_EQ(Apply(), "-IDREUSED;");
}

TEST_F(StateMachineOnceTest, AnAttemptThatFindsNothingIsNotRemembered) {
  Once("p", {"POP", "q"});
  builder_.Behind(1);
  Once("i", {"INCR", "n"});
  EXPECT_EQ(Apply(), "0?;not run;");
  EXPECT_EQ(machine_.state().requests.size(), 0u);
  builder_.AddCommand(0, Words{"INCR", "q"});
  Once("p", {"POP", "q"});
  builder_.Behind(1);
  Once("i", {"INCR", "n"});
  EXPECT_EQ(Apply(), ":1;+OK;:1;");
  Once("p", {"POP", "q"});
  builder_.Behind(1);
  Once("i", {"INCR", "n"});
  EXPECT_EQ(Apply(), "+OK@3;:1@4;");
}

TEST_F(StateMachineOnceTest, ACommandThatMemoryRefusesIsNotRemembered) {
  auto& settings = const_cast<State&>(machine_.state()).settings;
  auto& other = const_cast<State&>(other_.state()).settings;
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1;");
  ASSERT_TRUE(settings.Set("maxmemory", "1").ok() && other.Set("maxmemory", "1").ok());
  EXPECT_EQ(Once1("b", {"INCR", "n"}), "-OOM;");
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1@1;");
  ASSERT_TRUE(settings.Set("maxmemory", "0").ok() && other.Set("maxmemory", "0").ok());
  EXPECT_EQ(Once1("b", {"INCR", "n"}), ":2;");
}

TEST_F(StateMachineOnceTest, RepliesCountAsMemory) {
  const uint64_t before = machine_.state().CountedBytes();
  Once1("a", {"FAIL"});
  EXPECT_EQ(machine_.state().CountedBytes(), before + machine_.state().requests.MemoryBytes());
  EXPECT_GT(machine_.state().CountedBytes(), before);
}

TEST_F(StateMachineOnceTest, RepliesAreForgottenWhenTheirTimeHasPassed) {
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1;");
  time_ms_ += 299'999;
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":1@1;");
  EXPECT_EQ(machine_.state().RequestsDueMs(), 1'000'000u + 330'000);
  time_ms_ += 1;
  EXPECT_EQ(Once1("a", {"INCR", "n"}), ":2;");
  EXPECT_EQ(machine_.state().requests.size(), 1u);
}

TEST_F(StateMachineOnceTest, AnEntryForgetsABoundedNumberAndAPulseTheRest) {
  constexpr size_t kMany = 5000;
  for (size_t i = 0; i < kMany; ++i) Once(std::to_string(i), {"FAIL"});
  Apply();
  EXPECT_EQ(machine_.state().requests.size(), kMany);
  time_ms_ += 300'000;
  builder_.AddCommand(0, Words{"FAIL"});
  Apply();
  EXPECT_EQ(machine_.state().requests.size(), kMany - 1025);
  std::string pulse(kEnvelopeSize, '\0');
  StoreEnvelope(pulse.data(), {.kind = EntryBody::kPulse, .time_ms = time_ms_});
  ASSERT_TRUE(machine_.Apply(pulse, nullptr).has_value());
  EXPECT_EQ(machine_.state().requests.size(), 0u);
  EXPECT_EQ(machine_.state().RequestsDueMs(), UINT64_MAX);
}

TEST_F(StateMachineOnceTest, ASnapshotHasThem) {
  Once("a", {"INCR", "n"});
  OnceTransaction("t", {}, {{"INCR", "n"}, {"GET", "n"}});
  Apply();
  StateMachine restored(runner_, 999);
  Restore(machine_, restored);
  EXPECT_EQ(restored.Digest(), machine_.Digest());
  Once("a", {"INCR", "n"});
  OnceTransaction("t", {}, {{"INCR", "n"}, {"GET", "n"}});
  const std::string payload = Payload();
  Replies replies;
  ASSERT_TRUE(restored.Apply(payload, &replies).has_value());
  EXPECT_EQ(replies.text, ":1@1;exec:2:2@2;");
}

// What comes and goes while it is written is not in it.
TEST_F(StateMachineOnceTest, ASnapshotHasThemAsTheyWereWhenItBegan) {
  const auto many = [this](std::string_view prefix, size_t count) {
    for (size_t i = 0; i < count; ++i) Once(std::string(prefix) + std::to_string(i), {"FAIL"});
    Apply();
  };
  many("old", 3000);
  const uint64_t digest = machine_.Digest();
  std::string stream;
  {
    SnapshotTaker taker(machine_);
    for (size_t round = 0; *taker.Next(64, stream); ++round) {
      if (round > 5) continue;
      many(std::to_string(round) + "new", 500);
      time_ms_ += 100'000;
    }
  }
  EXPECT_LT(machine_.state().requests.size(), 3000u) << "the old are forgotten meanwhile";
  machine_.state().requests.CheckInvariants();
  StateMachine restored(runner_, 999);
  SnapshotLoader loader(restored);
  ASSERT_TRUE(loader.Add(stream).ok());
  ASSERT_TRUE(loader.Finish().ok());
  EXPECT_EQ(restored.state().requests.size(), 3000u);
  EXPECT_EQ(restored.Digest(), digest);
}

TEST_F(StateMachineOnceTest, AHeadOfAnOlderProgramHasNone) {
  Once1("a", {"INCR", "n"});
  std::string head = machine_.SaveHead();
  StateMachine restored(runner_, 999);
  ASSERT_TRUE(restored.LoadHead(head).ok());
  EXPECT_EQ(restored.state().requests.size(), 1u);
  // The requests are last; version 6 ended before them.
  std::string requests;
  Encoder out(requests);
  machine_.state().requests.Save(out);
  head.resize(head.size() - requests.size());
  head[0] = 6;
  ASSERT_TRUE(restored.LoadHead(head).ok());
  EXPECT_EQ(restored.state().requests.size(), 0u);
}

TEST_F(StateMachineOnceTest, WhoListensIsToldWhatIsRemembered) {
  struct Listener final : RequestListener {
    std::string told;
    void OnRemembered(const RequestTag& tag) override {
      (((told += tag.user) += '/') += tag.id) += ' ';
    }
  } listener;
  machine_.set_request_listener(&listener);
  Once("a", {"INCR", "n"});
  Once("a", {"INCR", "n"});
  Once("p", {"POP", "none"});
  OnceTransaction("t", {}, {{"INCR", "n"}});
  Apply();
  EXPECT_EQ(listener.told, "ada/a ada/t ");
}

}  // namespace
}  // namespace mydis
