// Where a replica's disk work is done, so that it never waits for a disk itself.
#pragma once

#include <cstdint>
#include <functional>

#include "mydis/status.h"

namespace mydis {

enum class DiskLane : uint8_t {
  kLog,       // Appends, in order; somebody waits for each.
  kLongLog,   // The same order, for one that takes longer than a heartbeat may.
  kSnapshot,  // Everything that may take long: snapshots, segments, compaction of old files.
};

// Thread: Run is called on the replica's. Jobs of one lane run one after the other (those of the
// log are one lane); `done` is called with the job's status on the replica's thread, later, in
// order. When the queue is closed, jobs not begun are dropped without a call of `done`.
//
// LogStore wants its changing calls on one thread at a time; the replica never has jobs that change
// the log in both lanes at once.
class DiskQueue {
 public:
  virtual ~DiskQueue() = default;
  using Job = std::move_only_function<Status()>;
  using Done = std::move_only_function<void(Status)>;
  virtual void Run(DiskLane lane, Job job, Done done) = 0;
};

}  // namespace mydis
