// Goes through a backup (docs/backup.md) from its head to its last partition, checking every byte.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "consensus/snapshot_scanner.h"
#include "state/snapshot_taker.h"

namespace mydis {

class BackupItems {
 public:
  // Reads the header. `file` outlives this, and is read from its beginning to its end; `path` names
  // it in errors.
  static Result<std::unique_ptr<BackupItems>> Open(DiskFile& file, const std::string& path);

  const SnapshotHeader& header() const { return scanner_->header(); }
  // The next item of the stream of the state, valid until the next call; none at its end, when all
  // of the file has been found as it was written. kCorrupt otherwise.
  Result<std::optional<SnapshotItem>> Next();
  // How far the file has been read.
  uint64_t offset() const { return scanner_->offset(); }

 private:
  explicit BackupItems(std::unique_ptr<SnapshotScanner> scanner) : scanner_(std::move(scanner)) {}

  std::unique_ptr<SnapshotScanner> scanner_;
  SnapshotSplitter splitter_;
};

}  // namespace mydis
