// Walks through the bytes of a snapshot file and verifies them. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "consensus/disk.h"
#include "consensus/snapshot_format.h"

namespace mydis {

class SnapshotScanner {
 public:
  // Reads and verifies the header.
  static Result<std::unique_ptr<SnapshotScanner>> Open(DiskFile& file, const std::string& path);

  const SnapshotHeader& header() const { return header_; }
  // The data of the next block, valid until the next call; empty at the end, when the footer has
  // been found to agree with all that was read and to be the end of the file. kCorrupt otherwise.
  Result<std::string_view> Next();
  // Behind the last block (or the header) that was valid: all before is good.
  uint64_t offset() const { return offset_; }

 private:
  SnapshotScanner(DiskFile& file, std::string path) : file_(file), path_(std::move(path)) {}
  Status ReadHeader();
  Status CheckFooter();
  Status Corrupt(std::string_view what) const;

  DiskFile& file_;
  const std::string path_;
  SnapshotHeader header_;
  SnapshotFooter seen_;
  uint64_t offset_ = 0;
  bool at_end_ = false;
  std::string block_;
};

// Reads all of the snapshot; ok if every byte is as it was written.
Status VerifySnapshot(DiskFile& file, const std::string& path);

}  // namespace mydis
