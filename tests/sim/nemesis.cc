#include "nemesis.h"

#include <fmt/format.h>

#include <cstdio>
#include <set>

namespace mydis::sim {

Nemesis::Nemesis(World& world, Network& network, std::vector<std::unique_ptr<Node>>& nodes,
                 uint32_t initial, bool verbose)
    : world_(world), network_(network), nodes_(nodes), initial_(initial), verbose_(verbose) {}

void Nemesis::Say(const std::string& what) {
  if (verbose_) fmt::print("{:>10.3f}s  {}\n", static_cast<double>(world_.now()) / 1e6, what);
}

void Nemesis::Start() { Next(); }

void Nemesis::Next() {
  world_.After(world_.Between(100'000, 1'500'000), [this] {
    if (stopped_) return;
    Strike();
    Next();
  });
}

void Nemesis::Strike() {
  switch (world_.random().Below(16)) {
    case 0:
    case 1:
    case 2:
      return CrashSome();
    case 3:
      if (world_.random().Chance(1, 3)) return CrashAll();
      return CrashSome();
    case 4:
    case 5:
    case 6:
      return Partition();
    case 7:
      return SlowDisk();
    case 8:
      return FullDisk();
    case 9:
      if (world_.random().Chance(1, 2)) return CorruptState();
      return JumpClock();
    case 10:
    case 11:
      return MoveLeader();
    case 12:
      return Snapshot();
    case 13:
      return AddInstance();
    case 14:
      return RemoveInstance();
    case 15:
      return ReplaceInstance();
  }
}

Node* Nemesis::Any() { return nodes_[world_.random().Below(nodes_.size())].get(); }

Node* Nemesis::AnyReplica() {
  for (int i = 0; i < 10; ++i) {
    Node* node = Any();
    if (node->replica() != nullptr) return node;
  }
  return nullptr;
}

void Nemesis::Restart(uint32_t number, uint64_t delay_us) {
  world_.After(delay_us, [this, number] {
    Node& node = *nodes_[number];
    if (node.running()) return;
    Say(fmt::format("instance {} starts", number));
    node.Start();
  });
}

void Nemesis::CrashSome() {
  Node* node = AnyReplica();
  if (node == nullptr) return;
  Say(fmt::format("instance {} crashes", node->number()));
  ++crashes_;
  node->Crash();
  Restart(node->number(), world_.Between(10'000, 2'500'000));
}

void Nemesis::CrashAll() {
  Say("all instances crash");
  for (auto& node : nodes_) {
    if (!node->running()) continue;
    ++crashes_;
    node->Crash();
    Restart(node->number(), world_.Between(10'000, 1'500'000));
  }
}

void Nemesis::Partition() {
  std::set<uint32_t> some;
  for (uint32_t i = 0; i < nodes_.size(); ++i)
    if (world_.random().Chance(1, 3)) some.insert(i);
  if (some.empty() || some.size() == nodes_.size()) return;
  const bool one_way = world_.random().Chance(1, 3);
  Say(fmt::format("{} instances are cut off{}", some.size(), one_way ? ", one way" : ""));
  ++partitions_;
  network_.Isolate(some, static_cast<uint32_t>(nodes_.size()), one_way);
  world_.After(world_.Between(100'000, 3'000'000), [this] {
    Say("partitions heal");
    network_.Heal();
  });
}

void Nemesis::SlowDisk() {
  Node* node = Any();
  Say(fmt::format("the disk of instance {} is slow", node->number()));
  node->set_slowness(world_.Between(10, 300));
  world_.After(world_.Between(200'000, 2'000'000), [node] { node->set_slowness(1); });
}

void Nemesis::FullDisk() {
  Node* node = Any();
  Say(fmt::format("the disk of instance {} is full", node->number()));
  node->disk().SetCapacity(node->disk().UsedBytes() + world_.random().Below(8'000));
  world_.After(world_.Between(500'000, 3'000'000),
               [node] { node->disk().SetCapacity(std::nullopt); });
}

void Nemesis::JumpClock() {
  Node* node = AnyReplica();
  if (node == nullptr) return;
  const int64_t ms = static_cast<int64_t>(world_.random().Below(600'000)) - 300'000;
  Say(fmt::format("the clock of instance {} jumps by {} ms", node->number(), ms));
  node->process()->clock().JumpWall(ms);
}

// One instance's state becomes another than the others', in a key that no client uses. Not while
// another one is, which might make the wrong ones the most.
void Nemesis::CorruptState() {
  for (auto& node : nodes_) {
    if (node->life() == 0) continue;
    if (node->replica() == nullptr || node->process()->machine().corrupt()) return;
  }
  Node* node = AnyReplica();
  if (node == nullptr || node->replica()->readiness() != Readiness::kReady) return;
  Say(fmt::format("the state of instance {} is corrupted", node->number()));
  ++corruptions_;
  node->process()->machine().Corrupt();
}

void Nemesis::MoveLeader() {
  Node* node = AnyReplica();
  if (node == nullptr) return;
  Say(fmt::format("instance {} asks for another leader", node->number()));
  node->replica()->Admin(AdminRequest{.kind = AdminKind::kTransfer},
                         [this](Status status, const std::string& text) {
                           Say("  transfer: " + (status.ok() ? text : status.message()));
                         });
  node->process()->Wake();
}

void Nemesis::Snapshot() {
  Node* node = AnyReplica();
  if (node == nullptr) return;
  Say(fmt::format("instance {} takes a snapshot", node->number()));
  node->replica()->TakeSnapshot([](Status) {});
  node->process()->Wake();
}

// A further instance joins, on an empty disk.
void Nemesis::AddInstance() {
  for (uint32_t i = initial_; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    if (node.running()) continue;
    FoundingOptions founding;
    for (uint32_t seed = 0; seed < initial_; ++seed)
      founding.seeds.emplace_back(fmt::format("n{}", seed), 2382);
    Say(fmt::format("instance {} is started to join", i));
    node.Start(founding);
    ++changes_;
    return;
  }
}

// One of the further ones leaves for good; its disk is wiped once it knows.
void Nemesis::RemoveInstance() {
  Node* asked = AnyReplica();
  if (asked == nullptr) return;
  for (uint32_t i = initial_; i < nodes_.size(); ++i) {
    if (nodes_[i]->replica() == nullptr) continue;
    Say(fmt::format("instance {} is to be removed", i));
    ++changes_;
    asked->replica()->Admin(
        AdminRequest{.kind = AdminKind::kRemove, .instance_id = nodes_[i]->id()},
        [this](Status status, const std::string& text) {
          Say("  remove: " + (status.ok() ? text : status.message()));
        });
    asked->process()->Wake();
    return;
  }
}

// A further instance loses its disk and joins again under its name.
void Nemesis::ReplaceInstance() {
  for (uint32_t i = initial_; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    if (!node.running()) continue;
    Say(fmt::format("instance {} loses its disk", i));
    ++changes_;
    node.Crash();
    node.Wipe();
    Restart(i, world_.Between(10'000, 1'000'000));
    return;
  }
}

void Nemesis::Stop() {
  stopped_ = true;
  Say("everything is mended");
  network_.Heal();
  for (auto& node : nodes_) {
    node->set_slowness(1);
    node->disk().SetCapacity(std::nullopt);
    if (!node->running() && node->life() > 0) node->Start();
  }
}

}  // namespace mydis::sim
