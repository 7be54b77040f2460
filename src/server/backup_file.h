// A snapshot of this instance that a client reads: MYDIS BACKUP.
#pragma once

#include <memory>

#include "consensus/snapshot_store.h"

namespace mydis {

// The connection's thread. The file stays readable when newer snapshots take its place.
class BackupFile {
 public:
  explicit BackupFile(std::unique_ptr<SnapshotSource> source) : source_(std::move(source)) {}
  SnapshotSource& source() { return *source_; }

 private:
  std::unique_ptr<SnapshotSource> source_;
};

}  // namespace mydis
