// Random schedules of everything that can happen to a cluster: a small simulation of the engine and
// its driver's rules alone. TestCluster checks the history and the leaders at each step.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"
#include "consensus/engine_cluster_test.h"

namespace mydis {
namespace {

constexpr int kInstances = 6;
constexpr int kFirstVoters = 3;
// So low that messages are divided, and followers that are behind are made to wait.
constexpr EngineOptions kTight{
    .max_entries_per_message = 64, .max_bytes_per_message = 8, .max_log_bytes_per_turn = 16};

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed), cluster_(kInstances, kFirstVoters, seed) {
    cluster_.tracing = true;
  }

  // The trace of the run, for comparison.
  std::string Run(int steps) {
    for (auto& node : cluster_.nodes()) node->Start(cluster_.NextSeed(), kTight);
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) Step();
    if (!testing::Test::HasFatalFailure()) Converge();
    return cluster_.trace;
  }

  TestCluster& cluster() { return cluster_; }
  int reads() const { return reads_; }

 private:
  TestNode& Any() { return cluster_[1 + random_.Below(kInstances)]; }

  void Step() {
    const uint64_t dice = random_.Below(1000);
    TestNode& node = Any();
    if (dice < 400) {
      Network();
    } else if (dice < 800) {
      if (!node.up()) return;
      if (node.writing() && random_.Chance(1, 2)) node.FinishWrite();
      if (random_.Chance(1, 4)) node.engine().Tick();
      Turn(node);
    } else if (dice < 900) {
      if (node.up()) node.Propose(fmt::format("{}", ++proposals_));
    } else if (dice < 930) {
      if (node.up()) Read(node);
    } else {
      Rare(node, dice);
    }
  }

  void Rare(TestNode& node, uint64_t dice) {
    if (dice < 936) {
      if (node.up())
        node.Crash();
      else
        node.Start(cluster_.NextSeed(), kTight);
    } else if (dice < 960) {
      if (!node.up()) node.Start(cluster_.NextSeed(), kTight);
    } else if (dice < 964) {
      cluster_.Isolate(node.id());
    } else if (dice < 970) {
      cluster_.isolated.clear();
    } else if (dice < 978) {
      if (node.up() && !node.writing()) node.TakeSnapshot(random_.Below(10));
    } else if (dice < 986) {
      if (node.up()) ChangeMembers(node);
    } else if (dice < 990) {
      if (node.up()) node.engine().TransferLeadership(1 + random_.Below(kInstances));
    } else if (dice < 994) {
      if (node.up()) node.engine().ReportUnreachable(1 + random_.Below(kInstances));
    } else {
      node.hold_writes = !node.hold_writes;
    }
  }

  // Messages arrive out of order, twice or never.
  void Network() {
    auto& network = cluster_.network;
    if (network.empty()) return;
    if (random_.Chance(1, 3)) std::swap(network.front(), network[random_.Below(network.size())]);
    if (random_.Chance(1, 30)) network.push_back(network.front());
    cluster_.DeliverFirst(random_.Chance(1, 20));
  }

  void Turn(TestNode& node) {
    node.Turn();
    for (const ReadState& read : node.read_states) {
      ++reads_;
      EXPECT_GE(read.index, floors_.at(read.context)) << "a strong read would be stale";
    }
    node.read_states.clear();
  }

  void Read(TestNode& node) {
    floors_[++contexts_] = cluster_.applied_anywhere();
    node.engine().ReadIndex(contexts_);
  }

  // Raft ids are never used again: whoever was removed stays out.
  void ChangeMembers(TestNode& node) {
    const uint64_t id = 1 + random_.Below(kInstances);
    const ConfChangeKind kinds[] = {ConfChangeKind::kAddVoter, ConfChangeKind::kAddLearner,
                                    ConfChangeKind::kRemove};
    ConfChange change;
    change.steps.push_back({kinds[random_.Below(removals_ < 2 ? 3 : 2)], id});
    if (random_.Chance(1, 3))
      change.steps.push_back({kinds[random_.Below(2)], 1 + random_.Below(kInstances)});
    for (const ConfChangeStep& step : change.steps)
      if (removed_.contains(step.id)) return;
    for (const ConfChangeStep& step : change.steps)
      if (step.kind == ConfChangeKind::kRemove) {
        removed_.insert(step.id);
        ++removals_;
      }
    node.ProposeConfChange(change);
  }

  // Everything heals: all members must come to the same, whole history.
  void Converge() {
    cluster_.isolated.clear();
    for (auto& node : cluster_.nodes()) {
      node->hold_writes = false;
      if (!node->up()) node->Start(cluster_.NextSeed(), kTight);
      if (node->writing()) node->FinishWrite();
    }
    cluster_.Settle();
    const auto whole = [&](const TestNode& node) {
      return node.applied() == cluster_.applied_anywhere();
    };
    const bool converged = cluster_.RunUntil(
        [&] {
          const uint64_t leader = cluster_.leader_id();
          if (leader == 0 || !whole(cluster_[leader])) return false;
          const ConfState& conf = cluster_[leader].conf_state;
          if (!conf.voters_outgoing.empty()) return false;
          for (const auto* ids : {&conf.voters, &conf.learners})
            for (uint64_t id : *ids)
              if (!whole(cluster_[id]) || cluster_[id].history() != cluster_[leader].history() ||
                  cluster_[id].conf_state != conf)
                return false;
          return true;
        },
        2000);
    EXPECT_TRUE(converged) << Describe();
  }

  std::string Describe() {
    std::string text;
    for (auto& node : cluster_.nodes())
      text += fmt::format("{}: role {} leader {} term {} commit {} applied {} voters {}\n",
                          node->id(), static_cast<int>(node->state().role), node->state().leader,
                          node->state().term, node->state().commit, node->applied(),
                          node->conf_state.voters.size());
    return text;
  }

  Random random_;
  TestCluster cluster_;
  uint64_t proposals_ = 0;
  uint64_t contexts_ = 0;
  std::map<uint64_t, uint64_t> floors_;  // By context: what a read's index may not be below.
  std::set<uint64_t> removed_;
  int removals_ = 0;
  int reads_ = 0;
};

TEST(EngineRandomTest, OneHistoryWhateverHappens) {
  // MYDIS_TEST_SEEDS=N runs N schedules, for a longer search.
  const char* wanted = std::getenv("MYDIS_TEST_SEEDS");
  const uint64_t seeds = wanted ? std::strtoull(wanted, nullptr, 10) : 60;
  size_t entries = 0;
  int reads = 0;
  int snapshots = 0;
  for (uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomRun run(seed);
    run.Run(6000);
    entries += run.cluster().applied_anywhere();
    reads += run.reads();
    for (auto& node : run.cluster().nodes()) snapshots += node->snapshots_installed;
  }
  // The runs did what they are for.
  EXPECT_GT(entries, 1000u);
  EXPECT_GT(reads, 100);
  EXPECT_GT(snapshots, 30);
}

TEST(EngineRandomTest, ASeedReplaysARun) {
  const std::string first = RandomRun(7).Run(5000);
  EXPECT_GT(first.size(), 10000u);
  EXPECT_TRUE(first == RandomRun(7).Run(5000));
  EXPECT_FALSE(first == RandomRun(8).Run(5000));
}

}  // namespace
}  // namespace mydis
