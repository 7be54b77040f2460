// Members that come and go, and the snapshots by which they catch up.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "consensus/engine_cluster_test.h"

namespace mydis {
namespace {

using Strings = std::vector<std::string>;

constexpr ConfChangeKind kAddVoter = ConfChangeKind::kAddVoter;
constexpr ConfChangeKind kAddLearner = ConfChangeKind::kAddLearner;
constexpr ConfChangeKind kRemove = ConfChangeKind::kRemove;

ConfChange Change(ConfChangeKind kind, uint64_t id) { return {{{kind, id}}, ""}; }

TEST(EngineMembershipTest, AddLearnerPromoteAndRemove) {
  TestCluster cluster(4, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.ProposeAll({"a"});
  cluster[1].ProposeConfChange({{{kAddLearner, 4}}, "host:1"}, 9);
  cluster.Tick(20);
  ASSERT_EQ(cluster[1].conf_change_results.size(), 1u);
  EXPECT_EQ(cluster[1].conf_change_results[0].token, 9u);
  EXPECT_EQ(cluster[1].conf_change_results[0].reason, Refusal::kNone);
  const LogEntry& entry = cluster[2].At(cluster[1].conf_change_results[0].index);
  EXPECT_EQ(entry.kind, EntryKind::kConfChange);
  const auto decoded = DecodeConfChange(*entry.data);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, (ConfChange{{{kAddLearner, 4}}, "host:1"}));
  EXPECT_EQ(cluster[4].snapshots_installed, 1);
  EXPECT_EQ(cluster[4].conf_state, (ConfState{{1, 2, 3}, {4}, {}, {}, false}));
  EXPECT_EQ(cluster[4].Texts(), (Strings{"a"}));

  cluster[1].ProposeConfChange(Change(kAddVoter, 4));
  cluster.Tick(3);
  EXPECT_EQ(cluster[4].conf_state, (ConfState{{1, 2, 3, 4}, {}, {}, {}, false}));
  cluster[1].ProposeConfChange(Change(kRemove, 2));
  cluster.Tick(3);
  cluster[1].ProposeConfChange(Change(kRemove, 3));
  cluster.Tick(3);
  cluster.isolated = {2, 3};
  cluster.ProposeAll({"b"});
  EXPECT_EQ(cluster[4].Texts(), (Strings{"a", "b"}));
  EXPECT_EQ(cluster[1].conf_state, (ConfState{{1, 4}, {}, {}, {}, false}));
  cluster[1].engine().RequestStatus();
  cluster[1].Turn();
  ASSERT_TRUE(cluster[1].status);
  ASSERT_EQ(cluster[1].status->peers.size(), 2u);
  EXPECT_EQ(cluster[1].status->peers[1].id, 4u);
  EXPECT_EQ(cluster[1].status->peers[1].match, cluster[1].applied());
  EXPECT_EQ(cluster[1].status->peers[1].state, ProgressState::kReplicate);
  EXPECT_TRUE(cluster[1].status->peers[1].recent_active);
}

TEST(EngineMembershipTest, ReplacementGoesThroughAJointConfiguration) {
  TestCluster cluster(4, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[1].ProposeConfChange(Change(kAddLearner, 4));
  cluster.Tick(20);
  cluster[1].ProposeConfChange({{{kAddVoter, 4}, {kRemove, 3}}, ""});
  cluster.Tick(5);
  for (uint64_t id : {1u, 2u, 4u})
    EXPECT_EQ(cluster[id].conf_state, (ConfState{{1, 2, 4}, {}, {}, {}, false})) << id;
  // A restart replays both steps.
  cluster[2].Crash();
  cluster[2].Start(5);
  cluster.Tick(5);
  EXPECT_EQ(cluster[2].conf_state, (ConfState{{1, 2, 4}, {}, {}, {}, false}));
}

TEST(EngineMembershipTest, ConfChangesThatCannotBeTakenAreRefused) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  TestNode& one = cluster[1];
  const auto refusal = [&](TestNode& node, std::string_view bytes) {
    node.engine().ProposeConfChange(1, bytes);
    node.Turn();
    return node.conf_change_results.back().reason;
  };
  const auto change = [](std::vector<ConfChangeStep> steps) {
    return EncodeConfChange({std::move(steps), ""});
  };
  EXPECT_EQ(refusal(cluster[2], change({{kAddLearner, 9}})), Refusal::kNotLeader);
  EXPECT_EQ(refusal(one, "\xff\xff"), Refusal::kInvalidConfChange);
  EXPECT_EQ(refusal(one, change({})), Refusal::kInvalidConfChange);
  EXPECT_EQ(refusal(one, change({{kAddLearner, 0}})), Refusal::kInvalidConfChange);
  EXPECT_EQ(refusal(one, change({{kRemove, 1}, {kRemove, 2}, {kRemove, 3}})),
            Refusal::kInvalidConfChange);
  EXPECT_EQ(refusal(one, change({{kRemove, 1}})), Refusal::kLeaderItself);
  EXPECT_EQ(refusal(one, change({{kAddLearner, 1}})), Refusal::kLeaderItself);
  cluster.isolated = {2, 3};
  EXPECT_EQ(refusal(one, change({{kAddLearner, 4}})), Refusal::kNone);
  EXPECT_EQ(refusal(one, change({{kAddLearner, 5}})), Refusal::kConfChangePending);
  cluster.isolated.clear();
  cluster.Tick(5);
  EXPECT_EQ(cluster[3].conf_state, (ConfState{{1, 2, 3}, {4}, {}, {}, false}));
}

// Its removal was in the log before it led: no refusal can prevent that.
TEST(EngineMembershipTest, LeaderThatIsRemovedHandsOver) {
  TestCluster cluster(2, 2);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.lost = {MessageType::kAppendResponse, MessageType::kHeartbeatResponse};
  cluster[1].ProposeConfChange(Change(kRemove, 2));
  cluster.Settle();  // Both have the entry, nobody knows it to be committed.
  cluster.lost.clear();
  cluster.isolated = {1};
  cluster.Tick(25);
  cluster.isolated.clear();
  cluster[2].engine().Campaign();
  cluster.Settle();
  ASSERT_EQ(cluster.leader_id(), 2u);
  EXPECT_EQ(cluster[2].conf_state, (ConfState{{1}, {}, {}, {}, false}));
  cluster[2].engine().ReadIndex(1);
  cluster[2].Propose("x");
  cluster.Settle();
  EXPECT_TRUE(cluster[2].read_states.empty());  // Its word alone must not do.
  ASSERT_EQ(cluster[2].refusals.size(), 1u);
  EXPECT_EQ(cluster[2].refusals[0].reason, Refusal::kNotMember);
  cluster.Tick(2);
  EXPECT_EQ(cluster.leader_id(), 1u);
  cluster.ProposeAll({"y"});
  EXPECT_EQ(cluster[1].Texts(), (Strings{"y"}));
}

TEST(EngineMembershipTest, FarBehindFollowerGetsASnapshot) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(3);
  for (int i = 0; i < 20; ++i) cluster.ProposeAll({fmt::format("{}", i)});
  cluster[1].TakeSnapshot();
  EXPECT_EQ(cluster[1].disk.base_index, cluster[1].applied());
  cluster.ProposeAll({"last"});
  cluster.fail_snapshots = true;
  cluster.isolated.clear();
  cluster.Tick(20);
  EXPECT_EQ(cluster[3].snapshots_installed, 0);
  cluster.fail_snapshots = false;  // Reported as failed, it is offered again.
  cluster.Tick(20);
  EXPECT_EQ(cluster[3].snapshots_installed, 1);
  EXPECT_EQ(cluster[3].Texts(), cluster[1].Texts());
  EXPECT_EQ(cluster[3].Texts().size(), 21u);
  cluster[3].Crash();
  cluster[3].Start(9);
  cluster.Tick(20);
  EXPECT_EQ(cluster[3].snapshots_installed, 1);
  EXPECT_EQ(cluster[3].Texts().size(), 21u);
}

TEST(EngineMembershipTest, ASnapshotWaitsForReportSnapshot) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(3);
  for (int i = 0; i < 5; ++i) cluster.ProposeAll({"x"});
  cluster[1].TakeSnapshot();
  cluster.isolated.clear();
  cluster.report_snapshots = false;
  cluster.lost = {MessageType::kSnapshot};
  cluster.Tick(30);
  cluster.lost.clear();
  cluster.Tick(30);
  EXPECT_EQ(cluster[3].snapshots_installed, 0);
  cluster[1].engine().RequestStatus();
  cluster[1].Turn();
  EXPECT_EQ(cluster[1].status->peers[2].state, ProgressState::kSnapshot);
  EXPECT_EQ(cluster[1].status->peers[2].pending_snapshot, cluster[1].disk.snapshot.index);
  cluster[1].engine().ReportSnapshot(3, false);
  cluster.Tick(3);
  EXPECT_EQ(cluster[3].snapshots_installed, 1);
}

// The configuration in a snapshot is newer than the changes in the Ready that is being written:
// these must not be made on top of it.
TEST(EngineMembershipTest, SnapshotDuringAWriteWithConfChanges) {
  TestCluster cluster(4, 3);
  cluster.StartAll();
  cluster.Lead(1);
  TestNode& three = cluster[3];
  three.hold_writes = true;
  cluster[1].ProposeConfChange(Change(kAddLearner, 4));
  cluster.Settle();
  three.FinishWrite();
  three.Turn();  // Its Ready says that the change is committed.
  ASSERT_TRUE(three.writing());
  ASSERT_TRUE(three.conf_state.learners.empty());
  cluster.Isolate(3);
  cluster.Settle();
  cluster[1].ProposeConfChange(Change(kAddVoter, 4));
  cluster.Settle();
  const ConfState after{{1, 2, 3, 4}, {}, {}, {}, false};
  ASSERT_EQ(cluster[1].conf_state, after);
  cluster[1].TakeSnapshot();
  cluster[1].engine().ReportUnreachable(3);
  cluster.isolated.clear();
  cluster.ProposeAll({"x"});  // Brings the snapshot to 3.
  EXPECT_TRUE(three.writing());
  three.hold_writes = false;
  three.FinishWrite();
  cluster.Tick(5);
  EXPECT_EQ(three.snapshots_installed, 1);
  EXPECT_EQ(three.conf_state, after);
  cluster[1].engine().TransferLeadership(3);
  cluster.Settle();
  ASSERT_EQ(cluster.leader_id(), 3u);
  three.engine().RequestStatus();
  three.Turn();
  ASSERT_EQ(three.status->peers.size(), 4u);
  for (const PeerProgress& peer : three.status->peers) EXPECT_FALSE(peer.learner) << peer.id;
}

}  // namespace
}  // namespace mydis
