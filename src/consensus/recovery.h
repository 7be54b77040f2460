// For when the majority of a cluster is gone for good: makes, of what one stopped instance has, the
// data directory of a cluster of that instance alone. What the others have acknowledged and this
// one has not seen is lost; what it has seen and nobody has acknowledged may be kept.
//
// The new cluster has an id of its own, so that instances of the old one, should they come back,
// are not talked to. Entries keep their index and term, those of membership changes become empty.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "consensus/members.h"
#include "consensus/storage.h"

namespace mydis {

// What one instance knows.
struct DirectoryFacts {
  InstanceMeta meta;
  std::optional<SnapshotInfo> snapshot;  // Where a start would begin.
  uint64_t first_index = 0;
  uint64_t last_index = 0;  // first_index - 1: the log is empty.
  uint64_t last_term = 0;
  uint64_t committed = 0;     // As far as it knows.
  uint64_t last_time_ms = 0;  // Of the cluster, at its last entry that has one; 0: none has.
  Members members;            // With all changes in the log, committed or not.
};

// REQUIRES: storage.initialised().
Result<DirectoryFacts> ExamineStorage(Storage& storage);

// Puts log, snapshots and `meta` of the new cluster into `directory`, which is empty; `meta` comes
// last and says that the rest is complete. kInvalid if the instance is no member any more.
// `progress` gets the bytes that have been written. REQUIRES: `facts` are of `storage`.
Status WriteRecovered(Disk& disk, Storage& storage, const DirectoryFacts& facts,
                      const std::string& directory, uint64_t new_cluster_id,
                      const std::function<void(uint64_t bytes)>& progress);

}  // namespace mydis
