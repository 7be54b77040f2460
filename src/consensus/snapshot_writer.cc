#include "consensus/snapshot_writer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/codec.h"
#include "base/log.h"

namespace mydis {

Result<std::unique_ptr<SnapshotFileWriter>> SnapshotFileWriter::Create(Disk& disk,
                                                                       std::string directory,
                                                                       SnapshotHeader header) {
  MYDIS_ASSERT(header.meta.size() <= kMaxSnapshotMeta, "snapshot meta bytes");
  std::unique_ptr<SnapshotFileWriter> writer(
      new SnapshotFileWriter(disk, std::move(directory), std::move(header)));
  if (Status s = writer->Start(); !s.ok()) return Fail(s);
  return writer;
}

Status SnapshotFileWriter::Start() {
  auto file = disk_.Open(Temporary(), OpenMode::kCreate);
  if (!file && file.error().code() == ErrorCode::kExists)
    return Status(ErrorCode::kBusy, fmt::format("{} is being written already", path_));
  if (!file) return file.error();
  file_ = std::move(*file);
  const std::string header = EncodeSnapshotHeader(header_);
  footer_.chain = LoadLittle<uint64_t>(header.data());
  const std::string_view pieces[] = {header};
  return Write(pieces);
}

SnapshotFileWriter::~SnapshotFileWriter() {
  if (finished_ || !file_) return;
  file_.reset();
  if (Status s = disk_.Remove(Temporary()); !s.ok())
    LogWarning("cannot remove an unfinished snapshot: {}", s.message());
}

Status SnapshotFileWriter::Write(std::span<const std::string_view> pieces) {
  if (Status s = file_->WriteAt(offset_, pieces, Durability::kBuffered); !s.ok()) return s;
  for (std::string_view piece : pieces) {
    offset_ += piece.size();
    unsynced_ += piece.size();
  }
  if (unsynced_ < kSyncEvery) return Status::Ok();
  unsynced_ = 0;
  return file_->Sync();
}

Status SnapshotFileWriter::WriteBlock() {
  const std::string head = EncodeBlockHeader(block_, footer_.blocks);
  const std::string_view pieces[] = {head, block_};
  if (Status s = Write(pieces); !s.ok()) return s;
  footer_.chain = ChainChecksum(footer_.chain, BlockChecksum(block_, footer_.blocks));
  footer_.length += block_.size();
  ++footer_.blocks;
  block_.clear();
  return Status::Ok();
}

Status SnapshotFileWriter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t n = std::min<size_t>(bytes.size(), kSnapshotBlock - block_.size());
    block_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    if (block_.size() == kSnapshotBlock) {
      if (Status s = WriteBlock(); !s.ok()) return s;
    }
  }
  return Status::Ok();
}

Result<SnapshotInfo> SnapshotFileWriter::Finish() {
  if (!block_.empty()) {
    if (Status s = WriteBlock(); !s.ok()) return Fail(s);
  }
  const std::string footer = EncodeSnapshotFooter(footer_);
  const std::string_view pieces[] = {footer};
  if (Status s = Write(pieces); !s.ok()) return Fail(s);
  if (Status s = file_->Sync(); !s.ok()) return Fail(s);
  if (Status s = disk_.Rename(Temporary(), path_); !s.ok()) return Fail(s);
  finished_ = true;
  if (Status s = disk_.SyncDirectory(directory_); !s.ok()) return Fail(s);
  return SnapshotInfo{header_.id, offset_, header_.meta};
}

}  // namespace mydis
