#include "run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "nemesis.h"
#include "network.h"
#include "node.h"
#include "observer.h"
#include "world.h"

namespace mydis::sim {
namespace {

constexpr uint32_t kInitial = 3;
constexpr uint32_t kNodes = 5;
constexpr uint64_t kConvergeUs = 90'000'000;

class Run {
 public:
  Run(const RunOptions& options, const CommandTable& table)
      : options_(options), world_(options.seed), network_(world_, NetworkOptions{}) {
    NodeOptions node;
    node.snapshot_entries = world_.Between(20, 200);
    node.max_voters = world_.random().Chance(1, 2) ? 5 : 3;
    for (uint32_t i = 0; i < kNodes; ++i)
      nodes_.push_back(
          std::make_unique<Node>(i, world_, network_, observer_, table, node, options.faults));
    clients_ = std::make_unique<Clients>(world_, observer_, nodes_, table, ClientOptions{});
    nemesis_ = std::make_unique<Nemesis>(world_, network_, nodes_, kInitial, options.verbose);
  }

  RunResult Go() {
    StartCluster();
    if (Until([this] { return Voters() == kInitial && AllReady(kInitial); }, kConvergeUs)) {
      network_.SetOptions(Weather());
      clients_->Start();
      nemesis_->Start();
      Until([] { return false; }, options_.duration_us);
      nemesis_->Stop();
      network_.SetOptions(NetworkOptions{});
      // States that differ are found out as long as there is something to apply.
      Until([this] { return Alike(); }, kConvergeUs);
      clients_->Stop();
      if (!Until([this] { return Converged(); }, kConvergeUs))
        observer_.Fail("the cluster does not converge: " + Describe());
    } else {
      observer_.Fail("no cluster of three comes about: " + Describe());
    }
    if (observer_.failure().empty()) Judge();
    return Result();
  }

 private:
  // All three at once with the same command line, in any order, perhaps one late.
  void StartCluster() {
    FoundingOptions founding;
    for (uint32_t i = 0; i < kInitial; ++i)
      founding.seeds.emplace_back(fmt::format("n{}", i), 2382);
    founding.expect = kInitial;
    for (uint32_t i = 0; i < kInitial; ++i)
      world_.After(world_.random().Below(1'500'000),
                   [this, i, founding] { nodes_[i]->Start(founding); });
  }

  NetworkOptions Weather() {
    NetworkOptions weather;
    Random& random = world_.random();
    if (random.Chance(1, 2)) weather.loss_per_mille = static_cast<uint32_t>(random.Below(50));
    if (random.Chance(1, 3)) weather.repeat_per_mille = static_cast<uint32_t>(random.Below(50));
    if (random.Chance(1, 2)) weather.slow_per_mille = static_cast<uint32_t>(random.Below(50));
    weather.reorder = random.Chance(1, 3);
    if (random.Chance(1, 4)) weather.bandwidth = world_.Between(20'000, 200'000);
    return weather;
  }

  template <typename Condition>
  bool Until(Condition condition, uint64_t limit_us) {
    const uint64_t end = world_.now() + limit_us;
    uint64_t next_look = 0;
    while (observer_.failure().empty()) {
      if (world_.now() >= next_look) {
        if (condition()) return true;
        next_look = world_.now() + 50'000;
      }
      if (!world_.Step(std::min(end, next_look)) && world_.now() >= end) return false;
    }
    return false;
  }

  Node* Leader() {
    for (auto& node : nodes_)
      if (node->replica() != nullptr && node->replica()->leader().self) return node.get();
    return nullptr;
  }

  size_t Voters() {
    Node* leader = Leader();
    return leader == nullptr ? 0 : leader->replica()->members().conf_state().voters.size();
  }

  bool AllReady(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i)
      if (nodes_[i]->replica() == nullptr || nodes_[i]->replica()->readiness() != Readiness::kReady)
        return false;
    return true;
  }

  // Everybody who belongs to the cluster is there and has applied the same.
  bool Converged() {
    Node* leader = Leader();
    if (leader == nullptr || !clients_->idle()) return false;
    const uint64_t applied = leader->replica()->applied();
    if (applied != leader->replica()->commit()) return false;
    for (const auto& [id, member] : leader->replica()->members().all()) {
      Replica* replica = nodes_[Network::NumberOf(member.host)]->replica();
      if (replica == nullptr || replica->applied() != applied ||
          replica->readiness() != Readiness::kReady || replica->status().submissions_unapplied != 0)
        return false;
    }
    return true;
  }

  // All that run are corrupted, which a snapshot may have brought about, or none.
  bool Alike() {
    size_t running = 0;
    size_t corrupt = 0;
    for (auto& node : nodes_) {
      if (node->replica() == nullptr || node->replica()->readiness() == Readiness::kRemoved)
        continue;
      ++running;
      corrupt += node->process()->machine().corrupt();
    }
    return corrupt == 0 || corrupt == running;
  }

  void Judge() {
    Node* leader = Leader();
    const uint64_t digest = leader->process()->machine().Digest();
    for (const auto& [id, member] : leader->replica()->members().all()) {
      Node& node = *nodes_[Network::NumberOf(member.host)];
      if (node.process()->machine().Digest() != digest)
        observer_.Fail(fmt::format("instance {} ends with another state", node.number()));
    }
    if (leader->replica()->applied() < observer_.acknowledged())
      observer_.Fail("acknowledged entries are missing at the end");
    for (auto& node : nodes_) {
      if (nemesis_->corruptions() == 0 && node->replica() != nullptr &&
          node->replica()->status().state_differences != 0)
        observer_.Fail(
            fmt::format("instance {} takes equal states for different ones", node->number()));
    }
    clients_->CheckAtEnd(*leader);
  }

  std::string Describe() {
    std::string text = fmt::format("{} operations under way", clients_->idle() ? "no" : "some");
    for (auto& node : nodes_) {
      if (node->replica() == nullptr) {
        Process* process = node->process();
        text += fmt::format("; {}: {}", node->number(),
                            process == nullptr || process->founder() == nullptr
                                ? "down"
                                : process->founder()->waiting_for());
        continue;
      }
      const ReplicaStatus s = node->replica()->status();
      text += fmt::format(
          "; {}: id {} role {} term {} leader {} commit {} applied {} durable {} snapshot {} "
          "readiness {} unapplied {} members {}{}",
          node->number(), node->replica()->self().raft_id, static_cast<int>(s.role), s.term,
          s.leader, s.commit, s.applied, s.durable, s.snapshot_index, static_cast<int>(s.readiness),
          s.submissions_unapplied, s.members.size(), s.disk_full ? " disk full" : "");
    }
    return text;
  }

  RunResult Result() {
    RunResult result;
    result.failure = observer_.failure();
    result.trace = world_.trace();
    result.simulated_us = world_.now();
    result.entries = observer_.entries();
    result.messages = network_.delivered();
    result.crashes = nemesis_->crashes();
    result.partitions = nemesis_->partitions();
    result.membership_changes = nemesis_->changes();
    result.corruptions = nemesis_->corruptions();
    result.clients = clients_->counts();
    return result;
  }

  RunOptions options_;
  World world_;
  Network network_;
  Observer observer_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<Nemesis> nemesis_;
};

}  // namespace

RunResult RunOnce(const RunOptions& options, const CommandTable& table) {
  return Run(options, table).Go();
}

}  // namespace mydis::sim
