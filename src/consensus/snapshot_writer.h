// Writes the bytes of a new snapshot into a temporary file. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "consensus/disk.h"
#include "consensus/snapshot_format.h"

namespace mydis {

class SnapshotFileWriter {
 public:
  // kBusy if the same snapshot is being written already.
  static Result<std::unique_ptr<SnapshotFileWriter>> Create(Disk& disk, std::string directory,
                                                            SnapshotHeader header);
  // Removes the temporary file unless Finish() succeeded.
  ~SnapshotFileWriter();

  Status Append(std::string_view bytes);
  // Completes the file, makes it durable and gives it its name.
  Result<SnapshotInfo> Finish();

 private:
  SnapshotFileWriter(Disk& disk, std::string directory, SnapshotHeader header)
      : disk_(disk),
        directory_(std::move(directory)),
        header_(std::move(header)),
        path_(directory_ + "/" + SnapshotName(header_.id)) {}
  Status Start();
  Status WriteBlock();
  Status Write(std::span<const std::string_view> pieces);
  std::string Temporary() const { return path_ + ".tmp"; }

  Disk& disk_;
  const std::string directory_;
  const SnapshotHeader header_;
  const std::string path_;
  std::unique_ptr<DiskFile> file_;
  std::string block_;
  SnapshotFooter footer_;
  uint64_t offset_ = 0;
  uint64_t unsynced_ = 0;
  bool finished_ = false;
};

// Files that grow for long are synced each time they have grown by this much, so that what the
// system has to flush at the end, and the log's writes meanwhile wait for, stays small.
inline constexpr uint64_t kSyncEvery = 8 << 20;

}  // namespace mydis
