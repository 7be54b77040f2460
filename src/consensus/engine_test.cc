#include "consensus/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "consensus/engine_cluster_test.h"

namespace mydis {
namespace {

using Strings = std::vector<std::string>;

constexpr ConfChangeKind kAddLearner = ConfChangeKind::kAddLearner;

TEST(EngineTest, ThreeInstancesElectOneLeaderAndApplyOneHistory) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  const uint64_t leader = cluster.Elect();
  ASSERT_NE(leader, 0u);
  cluster.ProposeAll({"a", "b", "c"});
  for (auto& node : cluster.nodes()) {
    EXPECT_EQ(node->Texts(), (Strings{"a", "b", "c"}));
    EXPECT_EQ(node->state().leader, leader);
    EXPECT_EQ(node->state().term, 2u);
    EXPECT_TRUE(node->step_errors.empty());
  }
}

TEST(EngineTest, ProposalsOfOneTurnTravelInOneMessage) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  for (int i = 0; i < 10; ++i) cluster[1].Propose(fmt::format("{}", i));
  cluster[1].Turn();
  ASSERT_EQ(cluster[1].last_messages.size(), 2u);
  for (const OutMessage& message : cluster[1].last_messages) {
    EXPECT_EQ(message.type, MessageType::kAppend);
    EXPECT_EQ(message.entry_count, 10u);
    EXPECT_EQ(message.first_index, 3u);
    EXPECT_TRUE(message.before_write);
  }
  cluster.Settle();
  EXPECT_EQ(cluster[3].Texts().size(), 10u);
}

TEST(EngineTest, MessagesHoldNoMoreEntriesThanAsked) {
  TestCluster cluster(2, 2);
  cluster[1].Start(1, {.max_entries_per_message = 8});
  cluster[2].Start(2, {.max_entries_per_message = 8});
  cluster.Lead(1);
  cluster.Isolate(2);
  cluster[1].engine().ReportUnreachable(2);
  for (int i = 0; i < 100; ++i) cluster[1].Propose("x");
  cluster.Settle();
  cluster.isolated.clear();
  cluster.Tick(50);
  EXPECT_EQ(cluster[2].Texts().size(), 100u);
  EXPECT_GE(cluster[1].most_entries_sent, 6u);
  EXPECT_LE(cluster[1].most_entries_sent, 8u);
}

// A message's entries are what was proposed in one turn, or what a follower lacks: in both cases
// their bytes are bounded, whatever their number.
TEST(EngineTest, MessagesAreBoundedByTheirPayloads) {
  const EngineOptions limits{.max_bytes_per_message = 1000};
  TestCluster cluster(3, 3);
  for (auto& node : cluster.nodes()) node->Start(node->id(), limits);
  cluster.Lead(1);
  cluster.Isolate(3);
  const std::string text(300, 'x');
  const std::string large(5000, 'y');
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(i % 10 == 4 ? large : text);
    cluster[1].Propose(expected.back());
  }
  cluster.Settle();
  EXPECT_EQ(cluster[2].Texts(), expected);
  EXPECT_EQ(cluster[1].most_bytes_sent, 900u);
  cluster.isolated.clear();
  cluster.Tick(50);
  EXPECT_EQ(cluster[3].Texts(), expected);
  EXPECT_EQ(cluster[1].most_bytes_sent, 900u);
}

TEST(EngineTest, AFollowerFarBehindCostsATurnFewBytesOfTheLog) {
  const EngineOptions limits{.max_bytes_per_message = 1000, .max_log_bytes_per_turn = 2000};
  TestCluster cluster(3, 3);
  for (auto& node : cluster.nodes()) node->Start(node->id(), limits);
  cluster.Lead(1);
  cluster.Isolate(3);
  cluster[1].engine().ReportUnreachable(3);
  for (int i = 0; i < 300; ++i) {
    cluster[1].Propose(std::string(100, 'x'));
    cluster.Settle();
  }
  cluster.isolated.clear();
  cluster[1].most_log_bytes_sent = 0;
  // It answers, and so it gets more, without a tick for each message.
  cluster.Tick(10);
  EXPECT_EQ(cluster[3].Texts().size(), 300u);
  EXPECT_GE(cluster[1].most_log_bytes_sent, 1000u);
  EXPECT_LE(cluster[1].most_log_bytes_sent, 3000u);
}

TEST(EngineTest, TurnsGoOnDuringAWriteAndItsSuccessorHoldsAllThatArrived) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  TestNode& one = cluster[1];
  one.hold_writes = true;
  one.Propose("a");
  cluster.Settle();
  ASSERT_TRUE(one.writing());
  const uint64_t applied = one.applied();
  one.Propose("b");
  one.Propose("c");
  cluster.Settle();
  EXPECT_EQ(one.applied(),
            applied);  // The followers' copies of "a" make a majority; one turn more.
  EXPECT_EQ(one.state().commit, applied + 1);
  one.FinishWrite();
  one.Turn();  // Hands out "b" and "c", and "a" to be applied at once: its write is done.
  ASSERT_TRUE(one.writing());
  EXPECT_EQ(one.Texts(), (Strings{"a"}));
  one.hold_writes = false;
  one.FinishWrite();
  cluster.Settle();
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->Texts(), (Strings{"a", "b", "c"}));
}

TEST(EngineTest, OneVoterCommitsNothingBeforeItsWrite) {
  TestCluster cluster(2, 1);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[1].ProposeConfChange({{{kAddLearner, 2}}, ""});
  cluster.Tick(20);
  ASSERT_EQ(cluster[2].conf_state.learners, std::vector<uint64_t>{2});
  TestNode& one = cluster[1];
  one.hold_writes = true;
  one.Propose("lost");
  cluster.Settle();
  ASSERT_TRUE(one.writing());
  EXPECT_EQ(one.Texts(), Strings{});
  EXPECT_EQ(cluster[2].Texts(), Strings{});  // The learner must not hear of it either.
  ASSERT_FALSE(one.last_messages.empty());
  for (const OutMessage& message : one.last_messages) EXPECT_FALSE(message.before_write);
  one.Crash();
  one.hold_writes = false;
  one.Start(77);
  cluster.Lead(1);
  cluster.ProposeAll({"kept"});
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->Texts(), (Strings{"kept"}));
}

TEST(EngineTest, ConflictingTailIsReplaced) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.ProposeAll({"a"});
  cluster.Isolate(1);
  for (int i = 0; i < 5; ++i) cluster[1].Propose("lost");
  cluster.Settle();
  cluster.Overthrow();
  cluster.ProposeAll({"b", "c"});
  EXPECT_EQ(cluster[1].Texts(), (Strings{"a"}));
  cluster.isolated.clear();
  cluster.Tick(30);
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->Texts(), (Strings{"a", "b", "c"}));
  EXPECT_EQ(cluster[1].disk.entries.size(), cluster[2].disk.entries.size());
}

// The leader's messages about entries that another leader has replaced meanwhile must not go out:
// their payloads would be looked up in the new log.
TEST(EngineTest, MessagesOfALostLeadershipAreNotSent) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  TestNode& one = cluster[1];
  one.hold_writes = true;
  one.Propose("lost one");
  one.Turn();
  one.Propose("lost two");  // Its messages wait for the next Ready.
  one.Turn();
  cluster.network.clear();
  const uint64_t next = cluster.Overthrow();
  cluster.ProposeAll({"b", "c", "d"});
  cluster.isolated.clear();
  cluster.RunUntil([&] { return one.state().term == cluster[next].state().term; });
  cluster.Settle();
  one.hold_writes = false;
  one.FinishWrite();
  one.Turn();
  for (const OutMessage& message : one.last_messages)
    EXPECT_NE(message.type, MessageType::kAppend) << "of a term that is over";
  cluster.Tick(30);
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->Texts(), (Strings{"b", "c", "d"}));
}

TEST(EngineTest, RestartFromDiskKeepsLogTermAndVote) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(3);
  cluster.ProposeAll({"a", "b"});
  const uint64_t term = cluster[1].state().term;
  for (auto& node : cluster.nodes()) node->Crash();
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->disk.hard_state.term, term);
  for (auto& node : cluster.nodes()) EXPECT_EQ(node->disk.hard_state.vote, 3u);
  cluster.StartAll();
  ASSERT_NE(cluster.Elect(), 0u);
  cluster.ProposeAll({"c"});
  for (auto& node : cluster.nodes()) {
    EXPECT_EQ(node->Texts(), (Strings{"a", "b", "c"}));
    EXPECT_GT(node->state().term, term);
  }
}

TEST(EngineTest, ProposalsThatCannotBeTakenAreRefused) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster[2].Propose("early");
  cluster.Settle();
  ASSERT_EQ(cluster[2].refusals.size(), 1u);
  EXPECT_EQ(cluster[2].refusals[0].reason, Refusal::kNotLeader);
  cluster.Lead(1);
  cluster[2].Propose("x");
  cluster[2].Propose("y");
  cluster.Settle();
  EXPECT_EQ(cluster[2].refused_texts, (Strings{"early", "x", "y"}));
  cluster.Isolate(3);
  cluster[1].engine().TransferLeadership(3);
  cluster[1].Propose("z");
  cluster[1].Turn();
  ASSERT_EQ(cluster[1].refusals.size(), 1u);
  EXPECT_EQ(cluster[1].refusals[0].reason, Refusal::kTransferring);
  EXPECT_EQ(cluster[1].state().transferee, 3u);
  cluster.Tick(12);  // The transfer is given up.
  cluster.ProposeAll({"w"});
  EXPECT_EQ(cluster[2].Texts(), (Strings{"w"}));
}

TEST(EngineTest, LeadershipTransfer) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[2].engine().TransferLeadership(3);  // Only the leader can.
  cluster.Settle();
  EXPECT_EQ(cluster.leader_id(), 1u);
  cluster[1].engine().TransferLeadership(3);
  cluster.Settle();
  EXPECT_EQ(cluster.leader_id(), 3u);
  EXPECT_EQ(cluster[1].state().leader, 3u);
}

TEST(EngineTest, LeaderWithoutAMajorityStepsDown) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(1);
  cluster.Tick(60);
  EXPECT_EQ(cluster[1].state().role, RaftRole::kPreCandidate);  // No new term without a majority.
  EXPECT_EQ(cluster[1].state().term, 2u);
  EXPECT_NE(cluster.leader_id(), 0u);
  EXPECT_NE(cluster.leader_id(), 1u);
}

TEST(EngineTest, ReadIndexOnLeaderAndFollower) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.ProposeAll({"a", "b"});
  const uint64_t commit = cluster[1].state().commit;
  for (uint64_t id : {1, 2, 3}) cluster[id].engine().ReadIndex(7);  // The same context everywhere.
  cluster.Settle();
  for (auto& node : cluster.nodes()) {
    ASSERT_EQ(node->read_states.size(), 1u) << node->id();
    EXPECT_EQ(node->read_states[0].context, 7u);
    EXPECT_EQ(node->read_states[0].index, commit);
  }
}

TEST(EngineTest, ReadIndexNeedsTheMajority) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(1);
  cluster[1].engine().ReadIndex(1);
  cluster.Settle();
  const uint64_t next = cluster.Overthrow();
  cluster.ProposeAll({"b"});
  cluster.isolated.clear();
  cluster.Tick(30);
  EXPECT_TRUE(cluster[1].read_states.empty());  // It never comes: a repetition does.
  cluster[1].engine().ReadIndex(2);
  cluster.Settle();
  ASSERT_EQ(cluster[1].read_states.size(), 1u);
  EXPECT_EQ(cluster[1].read_states[0].context, 2u);
  EXPECT_EQ(cluster[1].read_states[0].index, cluster[next].state().commit);
}

TEST(EngineTest, ReadIndexIsDroppedWithoutALeaderAndKeptByANewOne) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster[2].engine().ReadIndex(1);
  cluster.Settle();
  cluster.lost = {MessageType::kAppendResponse};  // The new leader can commit nothing …
  cluster.Lead(1);
  cluster[1].engine().ReadIndex(2);
  cluster[2].engine().ReadIndex(3);
  cluster.Tick(2);
  for (auto& node : cluster.nodes()) EXPECT_TRUE(node->read_states.empty());
  cluster.lost.clear();  // … until here.
  cluster.Tick(2);
  ASSERT_EQ(cluster[1].read_states.size(), 1u);
  EXPECT_EQ(cluster[1].read_states[0].context, 2u);
  ASSERT_EQ(cluster[2].read_states.size(), 1u);
  EXPECT_EQ(cluster[2].read_states[0].context, 3u);
}

// An answer to a request of an earlier start must not pass for one to a new request.
TEST(EngineTest, LateReadIndexAnswersDoNotOutliveARestart) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[2].engine().ReadIndex(1);
  cluster[2].Turn();
  cluster[2].Crash();
  cluster[2].Start(cluster.NextSeed());
  cluster.Settle();
  EXPECT_TRUE(cluster[2].read_states.empty());
  cluster[2].engine().ReadIndex(1);
  cluster.Tick(2);
  EXPECT_EQ(cluster[2].read_states.size(), 1u);
}

TEST(EngineTest, MalformedMessagesAreDropped) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[1].Propose("a");
  cluster[1].Turn();
  ASSERT_FALSE(cluster.network.empty());
  const TestMessage good = cluster.network.front();
  TestNode& to = cluster[good.to];
  const auto drops = [&](const std::string& bytes, uint64_t from, std::span<const uint64_t> refs) {
    const size_t before = to.step_errors.size();
    to.engine().Step(from, bytes, refs);
    to.Turn();
    return to.step_errors.size() == before + 1;
  };
  const std::vector<uint64_t> one = {1000};
  EXPECT_TRUE(drops("", 1, {}));
  EXPECT_TRUE(drops("nonsense", 1, {}));
  EXPECT_TRUE(drops(good.bytes.substr(0, good.bytes.size() - 1), 1, one));
  EXPECT_TRUE(drops(good.bytes, 1, {}));                 // A payload is missing.
  EXPECT_TRUE(drops(good.bytes, 4 - good.to + 1, one));  // Not from whom it says.
  EXPECT_TRUE(drops(good.bytes + good.bytes, 1, one));   // Entries twice.
}

// Whatever bits flip on the way of messages that the transport would let through: what is not in
// form is dropped, and nothing stops the process. (What is in form may claim anything: that is what
// checksums and keys are for. So only the form is varied here: lengths, types, entries.)
TEST(EngineTest, DamagedMessagesDoNotStopTheProcess) {
  TestCluster cluster(4, 3);
  std::vector<TestMessage> samples;
  cluster.StartAll();
  cluster.Lead(1);
  cluster[1].ProposeConfChange({{{kAddLearner, 4}}, "context"});
  cluster[1].Propose("a");
  cluster[2].engine().ReadIndex(1);
  for (int i = 0; i < 200; ++i) {
    for (auto& node : cluster.nodes())
      if (node->engine().HasInput()) node->Turn();
    for (const TestMessage& message : cluster.network)
      if (message.to == 2 || message.to == 4) samples.push_back(message);
    if (cluster.network.empty()) cluster[1].engine().Tick();
    while (!cluster.network.empty()) cluster.DeliverFirst();
  }
  ASSERT_GT(samples.size(), 50u);
  Random random(5);
  size_t dropped = 0;
  for (int i = 0; i < 3000; ++i) {
    const TestMessage& sample = samples[random.Below(samples.size())];
    TestNode& to = cluster[sample.to];
    std::string bytes = sample.bytes;
    // Keys, types and lengths of protobuf; varied numbers would be claims.
    bytes.erase(random.Below(bytes.size()), 1 + random.Below(3));
    std::vector<uint64_t> refs(sample.payloads.size());
    to.engine().Step(sample.from, bytes, refs);
    to.step_errors.clear();
    to.Turn();
    dropped += to.step_errors.size();
  }
  EXPECT_GT(dropped, 2000u);
}

TEST(EngineTest, StartRefusesWhatContradictsItself) {
  const ConfState conf{{1}, {}, {}, {}, false};
  const std::vector<LogEntry> log = {{2, 1, EntryKind::kNormal, nullptr},
                                     {3, 2, EntryKind::kNormal, nullptr}};
  const auto start = [](const EngineOptions& options, const EngineState& state) -> std::string {
    auto engine = Engine::Start(options, state);
    return engine ? ""
                  : fmt::format("{} {}", static_cast<int>(engine.error().code()),
                                engine.error().message());
  };
  const EngineState good{{2, 1, 2}, {1, 1, conf}, 1, 1, log};
  EXPECT_EQ(start({.id = 1}, good), "");
  EXPECT_EQ(start({.id = 0}, good), "1 consensus: the instance's raft id is 0");
  EXPECT_EQ(start({.id = 1, .election_ticks = 1}, good),
            "1 consensus: the election time-out must be longer than the heartbeat");
  EngineState state = good;
  state.hard_state.commit = 4;
  EXPECT_EQ(start({.id = 1}, state),
            "5 consensus: the log ends at index 3, but entries up to 4 are known to be committed");
  state = good;
  state.snapshot.index = 4;
  state.snapshot.term = 2;
  EXPECT_EQ(
      start({.id = 1}, state),
      "5 consensus: the log ends at index 3, before the snapshot at 4; it must be reset to it");
  state.snapshot.index = 3;
  state.snapshot.term = 1;
  EXPECT_EQ(
      start({.id = 1}, state),
      "5 consensus: at index 3 the log has term 2, the snapshot has 1; it must be reset to it");
  state = good;
  state.base_index = 2;
  EXPECT_EQ(start({.id = 1}, state), "1 consensus: the log has entry 2 where 3 is due");
  state = good;
  state.snapshot.conf_state.learners = {1};
  EXPECT_NE(start({.id = 1}, state), "");
  state = good;
  state.snapshot.conf_state = {};
  EXPECT_EQ(start({.id = 1}, state),
            "1 consensus: there is a log or a snapshot, but no configuration");
}

TEST(EngineTest, StartRepairsWhatACrashCanLeave) {
  const ConfState conf{{1, 2}, {}, {}, {}, false};
  auto engine = Engine::Start({.id = 1, .random_seed = 1}, {{3, 2, 4}, {9, 5, conf}, 9, 5, {}});
  ASSERT_TRUE(engine) << engine.error().message();
  const TurnOutput& out = (*engine)->Turn();
  EXPECT_EQ(out.state.commit, 9u);
  EXPECT_EQ(out.state.term, 5u);
  EXPECT_TRUE(out.settled);
  EXPECT_FALSE(out.has_ready);
}

// The log may begin before the snapshot, for the sake of slow followers.
TEST(EngineTest, RestartWithALogThatBeginsBeforeTheSnapshot) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(3);
  for (int i = 0; i < 10; ++i) cluster.ProposeAll({fmt::format("{}", i)});
  for (uint64_t id : {1, 2}) cluster[id].TakeSnapshot(10);
  EXPECT_LT(cluster[1].disk.base_index, cluster[1].disk.snapshot.index);
  for (uint64_t id : {1, 2}) cluster[id].Crash();
  for (uint64_t id : {1, 2}) cluster[id].Start(cluster.NextSeed());
  cluster.isolated.clear();
  cluster.Elect();
  cluster.Tick(10);
  EXPECT_EQ(cluster[3].snapshots_installed, 0);
  EXPECT_EQ(cluster[3].Texts(), cluster[1].Texts());
}

TEST(EngineTest, ABrokenPromiseStopsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto break_promise = [] {
    TestCluster cluster(2, 2);
    cluster.StartAll();
    cluster.Lead(1);
    cluster.ProposeAll({"a", "b"});
    cluster[2].Crash();
    cluster[2].disk.entries.clear();
    cluster[2].disk.hard_state.commit = 1;
    cluster[2].Start(3);
    cluster.Tick(5);
  };
  EXPECT_DEATH(break_promise(), "is out of range.*Was the raft log corrupted, truncated, or lost");
}

}  // namespace
}  // namespace mydis
