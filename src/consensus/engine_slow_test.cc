// The engine where a write or a message takes long.
#include <gtest/gtest.h>

#include "consensus/engine_cluster_test.h"

namespace mydis {
namespace {

// Everybody's write is under way for six election time-outs.
TEST(EngineSlowTest, SignsOfLifeGoOutDuringALongWrite) {
  for (const std::set<uint64_t>& slow : {std::set<uint64_t>{1}, {2, 3}, {1, 2, 3}}) {
    TestCluster cluster(3, 3);
    cluster.StartAll();
    cluster.Lead(1);
    cluster.ProposeAll({"a"});
    const uint64_t term = cluster[1].state().term;
    for (uint64_t id : slow) cluster[id].hold_writes = true;
    cluster[1].Propose("b");
    cluster.Settle();
    for (uint64_t id : slow) EXPECT_TRUE(cluster[id].writing());
    cluster.Tick(60);
    for (auto& node : cluster.nodes()) {
      EXPECT_EQ(node->state().leader, 1u);
      EXPECT_EQ(node->state().term, term);
    }
    for (uint64_t id : slow) {
      EXPECT_TRUE(cluster[id].writing());
      cluster[id].hold_writes = false;
      cluster[id].FinishWrite();
    }
    cluster.Tick(5);
    for (auto& node : cluster.nodes())
      EXPECT_EQ(node->Texts(), (std::vector<std::string>{"a", "b"})) << node->id();
  }
}

// Strong reads go on, too: a follower's question needs no write, and neither does its answer.
TEST(EngineSlowTest, AFollowersQuestionGoesOutDuringItsLongWrite) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster[2].hold_writes = true;
  cluster[1].Propose("a");
  cluster.Settle();
  ASSERT_TRUE(cluster[2].writing());
  cluster[2].engine().ReadIndex(7);
  cluster.Tick(10);
  EXPECT_TRUE(cluster[2].writing());
  ASSERT_EQ(cluster[2].read_states.size(), 1u);
  EXPECT_EQ(cluster[2].read_states[0].context, 7u);
}

// An instance says nothing in a term that it may forget.
TEST(EngineSlowTest, NothingIsSaidInATermThatIsNotDurable) {
  TestCluster cluster(5, 5);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(1);
  cluster[2].hold_writes = true;
  int heard = 0;  // Heartbeats of the new leader.
  for (int i = 0; i < 300; ++i) {
    for (auto& node : cluster.nodes()) node->engine().Tick();
    for (auto& node : cluster.nodes()) node->Turn();
    while (!cluster.network.empty()) {
      const TestMessage& message = cluster.network.front();
      if (cluster[2].disk.hard_state.term < cluster[2].state().term) {
        EXPECT_NE(message.from, 2u);
        heard += message.to == 2 && message.type == MessageType::kHeartbeat;
      }
      cluster.DeliverFirst(!cluster.Passes(message));
    }
  }
  EXPECT_TRUE(cluster[2].writing());
  EXPECT_GT(heard, 10);
}

// A commit index may overtake entries that were sent twice. What is new among these still counts.
TEST(EngineSlowTest, ANewTailBehindCommittedEntriesIsTaken) {
  TestCluster cluster(3, 3);
  cluster.StartAll();
  cluster.Lead(1);
  cluster.Isolate(3);
  cluster.ProposeAll({"a", "b"});
  cluster.isolated.clear();
  // Runs on until an append of so many entries is sent to 3, and takes that off the network; others
  // of its kind are lost.
  const auto take = [&](size_t entries, const std::function<bool()>& enough) {
    std::optional<TestMessage> taken;
    for (int i = 0; i < 100 && !taken && !enough(); ++i) {
      for (auto& node : cluster.nodes()) node->engine().Tick();
      for (auto& node : cluster.nodes()) node->Turn();
      while (!cluster.network.empty()) {
        const TestMessage& first = cluster.network.front();
        const bool brings = first.to == 3 && !first.payloads.empty();
        if (brings && first.payloads.size() == entries) taken = first;
        cluster.DeliverFirst(brings);
      }
    }
    return taken;
  };
  const auto never = [] { return false; };
  const auto two = take(2, never);
  cluster[1].Propose("c");
  const auto three = take(3, never);
  ASSERT_TRUE(two && three);
  cluster[3].Receive(*two);
  cluster[3].Turn();
  const uint64_t index = cluster[3].disk.base_index + cluster[3].disk.entries.size();
  take(0, [&] { return cluster[3].state().commit == index; });
  ASSERT_EQ(cluster[3].state().commit, index);
  cluster[3].Receive(*three);
  cluster[3].Turn();
  EXPECT_EQ(cluster[3].disk.base_index + cluster[3].disk.entries.size(), index + 1);
  cluster.network.clear();
  cluster.Tick(5);
  EXPECT_EQ(cluster[3].Texts(), (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace mydis
