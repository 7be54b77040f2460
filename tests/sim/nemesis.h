// What befalls a cluster, by chance: crashes, partitions, disks that are slow or full, clocks that
// jump, leaders that are moved, snapshots, instances that come and go.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "network.h"
#include "node.h"
#include "world.h"

namespace mydis::sim {

// One thread.
class Nemesis {
 public:
  Nemesis(World& world, Network& network, std::vector<std::unique_ptr<Node>>& nodes,
          uint32_t initial, bool verbose);
  void Start();
  // Mends everything and starts everybody who belongs to the cluster.
  void Stop();

  uint64_t crashes() const { return crashes_; }
  uint64_t partitions() const { return partitions_; }
  uint64_t changes() const { return changes_; }
  uint64_t corruptions() const { return corruptions_; }

 private:
  void Next();
  void Strike();
  void CrashSome();
  void CrashAll();
  void Restart(uint32_t number, uint64_t delay_us);
  void Partition();
  void SlowDisk();
  void FullDisk();
  void JumpClock();
  void CorruptState();
  void MoveLeader();
  void Snapshot();
  void AddInstance();
  void RemoveInstance();
  void ReplaceInstance();
  Node* Any();
  Node* AnyReplica();
  void Say(const std::string& what);

  World& world_;
  Network& network_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  uint32_t initial_;
  bool verbose_;
  bool stopped_ = false;
  uint64_t crashes_ = 0;
  uint64_t partitions_ = 0;
  uint64_t changes_ = 0;
  uint64_t corruptions_ = 0;
};

}  // namespace mydis::sim
