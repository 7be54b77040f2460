// Takes snapshots of this instance's state, block by block on the snapshot lane, while it serves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "consensus/disk_queue.h"
#include "consensus/machine.h"
#include "consensus/snapshot_store.h"

namespace mydis {

// Thread: the replica's. The work is shared with jobs on the snapshot lane, one at a time.
class SnapshotJob {
 public:
  // kUnavailable: it was cancelled.
  using Done = std::move_only_function<void(Result<SnapshotInfo>)>;

  SnapshotJob(DiskQueue& disk, SnapshotStore& store) : disk_(disk), store_(store) {}

  bool running() const { return work_ != nullptr; }
  // REQUIRES: !running().
  void Start(SnapshotId id, std::string meta, std::unique_ptr<SnapshotProducer> producer,
             Done done);
  // The producer is let go of at the next moment that no job uses it; running() turns false then.
  void Cancel();

 private:
  struct Work;
  void Step(std::shared_ptr<Work> work);
  void Finish(std::shared_ptr<Work> work, Status status);

  DiskQueue& disk_;
  SnapshotStore& store_;
  std::shared_ptr<Work> work_;
};

}  // namespace mydis
