#include "state/state_machine.h"

#include <gtest/gtest.h>

#include "state/entry_codec.h"
#include "state/restore_stage.h"
#include "state/snapshot_taker.h"

namespace mydis {
namespace {

// SET key value | PSET key value ttl_ms | DEL key | GET key | RAND key: enough to exercise the
// machine.
class TestRunner final : public CommandRunner {
 public:
  Meaning Look(Args args) const override {
    return {.kind = args[0] == "GET" ? Kind::kRead : Kind::kWrite};
  }
  void Run(const Meaning&, WriteContext& c) const override {
    if (c.args[0] == "SET") {
      c.keyspace.SetString(c.db, c.args[1], c.args[2], Ttl::None());
      c.reply.Ok();
    } else if (c.args[0] == "PSET") {
      c.keyspace.SetString(
          c.db, c.args[1], c.args[2],
          Ttl::At(static_cast<int64_t>(c.now_ms) + std::stoi(std::string(c.args[3]))));
    } else if (c.args[0] == "DEL") {
      c.keyspace.Erase(c.db, c.args[1]);
    } else if (c.args[0] == "RAND") {
      c.keyspace.SetInteger(c.db, c.args[1], static_cast<int64_t>(c.random.Next() >> 1),
                            Ttl::None());
    } else if (c.args[0] == "FLUSH") {
      c.keyspace.FlushAll();
    }
  }
};

std::string Entry(std::vector<std::vector<std::string_view>> commands, uint64_t sequence,
                  uint64_t time_ms = 1000, uint64_t seed = 42) {
  EntryBuilder builder;
  for (auto& words : commands) builder.AddCommand(0, words);
  std::string payload = builder.Take();
  StoreEnvelope(payload.data(), {.kind = EntryBody::kCommands,
                                 .operations = static_cast<uint32_t>(commands.size()),
                                 .time_ms = time_ms,
                                 .seed = seed,
                                 .origin = 77,
                                 .sequence = sequence});
  return payload;
}

class StateMachineTest : public ::testing::Test {
 protected:
  StateMachineTest() : machine_(runner_, 5) { Apply(machine_, RegistrationPayload(77, 0, "a")); }
  static bool Apply(StateMachine& machine, const std::string& payload) {
    auto applied = machine.Apply(payload, nullptr);
    EXPECT_TRUE(applied.has_value());
    return applied->fresh;
  }
  std::string SnapshotOf(StateMachine& machine, size_t part = 64) {
    SnapshotTaker taker(machine);
    std::string stream;
    while (*taker.Next(part, stream)) {
    }
    return stream;
  }
  TestRunner runner_;
  StateMachine machine_;
};

TEST_F(StateMachineTest, AppliesEachSubmissionOnceAndInOrder) {
  EXPECT_TRUE(Apply(machine_, Entry({{"SET", "k", "1"}, {"SET", "j", "1"}}, 1)));
  EXPECT_FALSE(Apply(machine_, Entry({{"SET", "k", "again"}}, 1)));
  EXPECT_FALSE(Apply(machine_, Entry({{"SET", "k", "gap"}}, 3)));
  EXPECT_EQ(machine_.state().revision, 2u);
  EXPECT_EQ(machine_.state().keyspace.Find(0, "k")->integer(), 1);
  EXPECT_FALSE(Apply(machine_, RegistrationPayload(79, 0, "a")));  // From a process that is dead.
  EXPECT_TRUE(Apply(machine_, RegistrationPayload(78, 77, "a")));  // The instance started anew.
  EXPECT_FALSE(Apply(machine_, Entry({{"SET", "k", "late"}}, 2)));
}

TEST_F(StateMachineTest, BetweenEntriesNoChangeCanCarryTheRevisionOfAKey) {
  const Keyspace& keyspace = machine_.state().keyspace;
  for (uint64_t sequence = 1; sequence < 5; ++sequence) {
    Apply(machine_, Entry({{"SET", "k", "1"}, {"SET", "j", "1"}}, sequence));
    EXPECT_LT(keyspace.Find(0, "j")->revision(), keyspace.revision());
    EXPECT_EQ(keyspace.Find(0, "j")->revision(), 2 * sequence);
  }
}

TEST_F(StateMachineTest, KeysExpireWithTheEntryThatReachesTheirDeadline) {
  Apply(machine_, Entry({{"PSET", "k", "v", "100"}}, 1, 1000));
  Apply(machine_, Entry({{"GET", "x"}}, 2, 1099));
  EXPECT_NE(machine_.state().keyspace.Find(0, "k"), nullptr);
  Apply(machine_, Entry({{"GET", "x"}}, 3, 1100));
  EXPECT_EQ(machine_.state().keyspace.Find(0, "k"), nullptr);
}

TEST_F(StateMachineTest, ARecordedLogGivesTheSameDigestAlsoAcrossASnapshot) {
  std::vector<std::string> log;
  Random random(3);
  for (uint64_t i = 1; i <= 2000; ++i) {
    const std::string key = "k" + std::to_string(random.Below(300));
    const std::string ttl = std::to_string(1 + random.Below(50));
    const char* names[] = {"SET", "PSET", "DEL", "RAND"};
    log.push_back(Entry({{names[random.Below(4)], key, "value", ttl}}, i, 1000 + i, random.Next()));
  }
  StateMachine again(runner_, 5);
  Apply(again, RegistrationPayload(77, 0, "a"));
  StateMachine restored(runner_, 999);
  for (size_t i = 0; i < log.size(); ++i) {
    Apply(machine_, log[i]);
    Apply(again, log[i]);
    if (i == 1000) {
      SnapshotLoader loader(restored);
      const std::string stream = SnapshotOf(again);
      EXPECT_EQ(stream, SnapshotOf(machine_, 1000000));
      for (size_t at = 0; at < stream.size(); at += 13)
        ASSERT_TRUE(loader.Add(std::string_view(stream).substr(at, 13)).ok());
      ASSERT_TRUE(loader.Finish().ok());
    } else if (i > 1000) {
      Apply(restored, log[i]);
    }
  }
  EXPECT_EQ(machine_.Digest(), again.Digest());
  EXPECT_EQ(machine_.Digest(), restored.Digest());
  machine_.CheckInvariants();
  restored.CheckInvariants();
}

TEST_F(StateMachineTest, ASnapshotHoldsTheStateAtItsBeginningWhileWritesGoOn) {
  for (uint64_t i = 1; i <= 500; ++i)
    Apply(machine_, Entry({{"SET", "k" + std::to_string(i), "old"}}, i));
  const std::string expected = SnapshotOf(machine_);
  uint64_t sequence = 501;
  std::string stream;
  {
    SnapshotTaker taker(machine_);
    while (*taker.Next(64, stream)) {
      const std::string key = "k" + std::to_string(1 + sequence % 600);
      Apply(machine_, Entry({{sequence % 3 == 0 ? "DEL" : "SET", key, "new"}}, sequence));
      ++sequence;
    }
  }
  EXPECT_EQ(stream, expected);
  EXPECT_NE(SnapshotOf(machine_), expected);
  SnapshotTaker spoiled(machine_);
  Apply(machine_, Entry({{"FLUSH"}}, sequence));
  std::string out;
  EXPECT_EQ(spoiled.Next(64, out).error().code(), ErrorCode::kBusy);
}

TEST_F(StateMachineTest, AReplacedStateIsHandedOver) {
  struct Counter : Reclaimer {
    void Reclaim(std::unique_ptr<Remains> remains) override { objects += remains->objects(); }
    size_t objects = 0;
  } counter;
  for (uint64_t i = 1; i <= 500; ++i)
    Apply(machine_, Entry({{"SET", "k" + std::to_string(i), "old"}}, i));
  const std::string stream = SnapshotOf(machine_);
  StateMachine incoming(runner_, 1);
  SnapshotLoader loader(incoming);
  ASSERT_TRUE(loader.Add(stream).ok());
  machine_.set_reclaimer(&counter);
  Apply(machine_, Entry({{"DEL", "k7"}}, 501));
  machine_.TakeStateOf(incoming);
  EXPECT_EQ(counter.objects, 499u);
  EXPECT_EQ(SnapshotOf(machine_), stream);
  Apply(machine_, Entry({{"FLUSH"}}, 501));
  EXPECT_EQ(counter.objects, 999u) << "the new state knows to whom";
}

// Notes what it is told of removals.
struct Removals : RemovalListener {
  void OnManyBegin(Cause cause) override { told += cause == Cause::kExpiry ? "(x" : "(e"; }
  void OnManyEnd(Cause) override { told += ")"; }
  std::string told;
};

TEST_F(StateMachineTest, TellsOfManyRemovalsAtOnce) {
  Removals removals;
  machine_.set_removal_listener(&removals);
  uint64_t sequence = 0;
  for (const auto& [keys, told] : {std::pair{15, ""}, {16, "(x)"}, {500, "(x)(x)"}}) {
    const uint64_t now_ms = 1000 + 1000 * sequence;
    for (int i = 0; i < keys; ++i)
      Apply(machine_, Entry({{"PSET", "k" + std::to_string(i), "v", "100"}}, ++sequence, now_ms));
    const auto applied = machine_.Apply(Entry({{"GET", "x"}}, ++sequence, now_ms + 100), nullptr);
    EXPECT_EQ(applied->expired, static_cast<size_t>(keys));
    EXPECT_EQ(removals.told, told) << keys;
    EXPECT_EQ(machine_.state().keyspace.Size(0), 0u);
  }
}

TEST_F(StateMachineTest, TellsOfManyEvictionsAtOnce) {
  Removals removals;
  machine_.set_removal_listener(&removals);
  const auto set = [&](std::string_view name, const std::string& value) {
    ASSERT_TRUE(const_cast<State&>(machine_.state()).settings.Set(name, value).ok());
  };
  uint64_t sequence = 0;
  for (int i = 0; i < 100; ++i)
    Apply(machine_, Entry({{"SET", "k" + std::to_string(i), "v"}}, ++sequence));
  set("maxmemory-policy", "allkeys-random");
  const uint64_t key_bytes = machine_.state().keyspace.MemoryBytes() / 100;
  set("maxmemory", std::to_string(machine_.state().CountedBytes() - 5 * key_bytes));
  auto applied = machine_.Apply(Entry({{"GET", "x"}}, ++sequence), nullptr);
  EXPECT_GT(applied->evicted, 0u);
  EXPECT_EQ(removals.told, "");
  set("maxmemory", std::to_string(machine_.state().CountedBytes() - 50 * key_bytes));
  applied = machine_.Apply(Entry({{"GET", "x"}}, ++sequence), nullptr);
  EXPECT_GT(applied->evicted, 40u);
  EXPECT_LT(applied->evicted, 60u);
  EXPECT_EQ(removals.told, "(e)");
}

TEST_F(StateMachineTest, AnAbandonedRestoreEnds) {
  Apply(machine_, Entry({{"SET", "k", "v"}}, 1, 1000));
  State& state = const_cast<State&>(machine_.state());
  state.restoring = std::make_shared<RestoreStage>("id", 7, kDatabases);
  state.restoring->touched_ms = 1000;
  Apply(machine_, Entry({{"SET", "k", "w"}}, 2, 1000 + RestoreStage::kIdleMs - 1));
  EXPECT_NE(state.restoring, nullptr);
  Apply(machine_, Entry({{"SET", "k", "x"}}, 3, 1000 + RestoreStage::kIdleMs));
  EXPECT_EQ(state.restoring, nullptr);
}

TEST_F(StateMachineTest, MalformedEntriesAndSnapshotsAreErrors) {
  std::string entry = Entry({{"SET", "k", "v"}}, 1);
  EXPECT_FALSE(machine_.Apply(std::string_view(entry).substr(0, 20), nullptr).has_value());
  EXPECT_FALSE(
      machine_.Apply(std::string_view(entry).substr(0, entry.size() - 1), nullptr).has_value());
  SnapshotLoader loader(machine_);
  EXPECT_FALSE(loader.Add(std::string("\x04zzzz", 5)).ok());
  const std::string stream = SnapshotOf(machine_);
  SnapshotLoader cut(machine_);
  EXPECT_TRUE(cut.Add(std::string_view(stream).substr(0, stream.size() - 1)).ok());
  EXPECT_FALSE(cut.Finish().ok());
}

TEST_F(StateMachineTest, LooksAtPartsOfTheStateWhereTimeEntersANewSecond) {
  const auto check = [](StateMachine& machine, uint64_t sequence, uint64_t time_ms,
                        std::string_view value = "v") {
    return machine.Apply(Entry({{"SET", "k", value}}, sequence, time_ms), nullptr)->check;
  };
  StateMachine other(runner_, 5);
  Apply(other, RegistrationPayload(77, 0, "a"));
  EXPECT_TRUE(check(machine_, 1, 1000));
  EXPECT_TRUE(check(other, 1, 1000));
  EXPECT_FALSE(check(machine_, 2, 1999));
  EXPECT_FALSE(check(other, 2, 1999));
  const auto mine = check(machine_, 3, 2000);
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->count, 1u);
  EXPECT_EQ(mine, check(other, 3, 2000));
  EXPECT_NE(mine->first, check(machine_, 4, 3000)->first) << "not always the same one";
}

TEST_F(StateMachineTest, AChecksDigestShowsAnyDifferenceInItsPartition) {
  StateMachine other(runner_, 5);
  Apply(other, RegistrationPayload(77, 0, "a"));
  machine_.set_checks({.period_ms = 1000, .partitions = kPartitions});
  other.set_checks({.period_ms = 1000, .partitions = kPartitions});
  const auto check = [](StateMachine& machine, uint64_t sequence) {
    return *machine.Apply(Entry({{"SET", "k", "v"}}, sequence, sequence * 1000), nullptr)->check;
  };
  EXPECT_EQ(check(machine_, 1), check(other, 1));
  other.Corrupt("j");
  EXPECT_NE(check(machine_, 2), check(other, 2));
}

}  // namespace
}  // namespace mydis
