// The snapshot that is being received from a peer, in snapshots/incoming-INDEX-TERM-SIZE, resumable
// also after a restart. Any thread; one call at a time goes on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "consensus/disk.h"
#include "consensus/snapshot_store.h"

namespace mydis {

class SnapshotReceiver {
 public:
  SnapshotReceiver(Disk& disk, std::string directory, uint64_t cluster_id)
      : disk_(disk), directory_(std::move(directory)), cluster_id_(cluster_id) {}

  // These follow SnapshotStore's functions of the same names.
  Result<uint64_t> Begin(SnapshotId id, uint64_t file_size);
  Status Chunk(SnapshotId id, uint64_t offset, std::string_view bytes);
  Result<SnapshotInfo> Commit(SnapshotId id);
  // Removes what was received in part of snapshots up to `index`, which nobody needs any more.
  Status RemoveUpTo(uint64_t index);

 private:
  struct Incoming {
    SnapshotId id;
    uint64_t file_size = 0;
    std::string path;
    std::unique_ptr<DiskFile> file;
    uint64_t received = 0;
    uint64_t unsynced = 0;
  };

  // Opens the file of an earlier attempt, or makes a new one.
  Status Resume(Incoming* incoming);
  Status RemoveOthers(const std::string& keep);
  // How much of what is there is good: up to the end of the last whole block.
  Result<uint64_t> GoodPart(const Incoming& incoming);
  Status Check(const Incoming& incoming, SnapshotInfo* info);

  Disk& disk_;
  const std::string directory_;
  const uint64_t cluster_id_;
  Mutex mutex_;
  std::optional<Incoming> incoming_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
