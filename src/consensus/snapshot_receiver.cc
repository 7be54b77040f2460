#include "consensus/snapshot_receiver.h"

#include <fmt/core.h>

#include <cstdlib>

#include "base/log.h"
#include "consensus/snapshot_format.h"
#include "consensus/snapshot_scanner.h"
#include "consensus/snapshot_writer.h"

namespace mydis {
namespace {

constexpr std::string_view kIncomingPrefix = "incoming-";

Status NotUnderWay(SnapshotId id) {
  return Status(
      ErrorCode::kInvalid,
      fmt::format("snapshot {} of term {} is not being received here at that offset: begin "
                  "again",
                  id.index, id.term));
}

}  // namespace

Result<uint64_t> SnapshotReceiver::Begin(SnapshotId id, uint64_t file_size) {
  MutexLock lock(mutex_);
  if (incoming_ && incoming_->id == id && incoming_->file_size == file_size)
    return incoming_->received;
  incoming_.reset();
  Incoming incoming;
  incoming.id = id;
  incoming.file_size = file_size;
  const std::string name = fmt::format("{}{}-{}-{}", kIncomingPrefix, id.index, id.term, file_size);
  incoming.path = directory_ + "/" + name;
  if (Status s = RemoveOthers(name); !s.ok()) return Fail(s);
  if (Status s = Resume(&incoming); !s.ok()) return Fail(s);
  incoming_ = std::move(incoming);
  return incoming_->received;
}

Status SnapshotReceiver::RemoveOthers(const std::string& keep) {
  auto names = disk_.List(directory_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kIncomingPrefix) || name == keep) continue;
    if (Status s = disk_.Remove(directory_ + "/" + name); !s.ok()) return s;
  }
  return Status::Ok();
}

Status SnapshotReceiver::Resume(Incoming* incoming) {
  auto file = disk_.Open(incoming->path, OpenMode::kWrite);
  if (file) {
    incoming->file = std::move(*file);
    auto good = GoodPart(*incoming);
    if (!good) return good.error();
    incoming->received = *good;
    return Status::Ok();
  }
  if (file.error().code() != ErrorCode::kNotFound) return file.error();
  file = disk_.Open(incoming->path, OpenMode::kCreate);
  if (!file) return file.error();
  incoming->file = std::move(*file);
  return disk_.SyncDirectory(directory_);
}

Result<uint64_t> SnapshotReceiver::GoodPart(const Incoming& incoming) {
  auto scanner = SnapshotScanner::Open(*incoming.file, incoming.path);
  if (!scanner && scanner.error().code() != ErrorCode::kCorrupt) return Fail(scanner.error());
  if (!scanner) return 0;
  while (true) {
    auto block = (*scanner)->Next();
    if (!block && block.error().code() != ErrorCode::kCorrupt) return Fail(block.error());
    if (!block || block->empty()) return (*scanner)->offset();
  }
}

Status SnapshotReceiver::Chunk(SnapshotId id, uint64_t offset, std::string_view bytes) {
  MutexLock lock(mutex_);
  if (!incoming_ || !(incoming_->id == id) || incoming_->received != offset ||
      bytes.size() > incoming_->file_size - offset)
    return NotUnderWay(id);
  if (Status s = WriteAt(*incoming_->file, offset, bytes, Durability::kBuffered); !s.ok()) return s;
  incoming_->received += bytes.size();
  incoming_->unsynced += bytes.size();
  if (incoming_->unsynced < kSyncEvery) return Status::Ok();
  incoming_->unsynced = 0;
  return incoming_->file->Sync();
}

Status SnapshotReceiver::RemoveUpTo(uint64_t index) {
  MutexLock lock(mutex_);
  if (incoming_ && incoming_->id.index <= index) incoming_.reset();
  auto names = disk_.List(directory_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kIncomingPrefix)) continue;
    const char* digits = name.c_str() + kIncomingPrefix.size();
    if (std::strtoull(digits, nullptr, 10) > index) continue;
    if (Status s = disk_.Remove(directory_ + "/" + name); !s.ok()) return s;
  }
  return Status::Ok();
}

Result<SnapshotInfo> SnapshotReceiver::Commit(SnapshotId id) {
  MutexLock lock(mutex_);
  if (!incoming_ || !(incoming_->id == id) || incoming_->received != incoming_->file_size)
    return Fail(NotUnderWay(id));
  if (Status s = incoming_->file->Sync(); !s.ok()) return Fail(s);
  SnapshotInfo info;
  Status s = Check(*incoming_, &info);
  const std::string path = incoming_->path;
  incoming_.reset();
  if (s.code() == ErrorCode::kCorrupt) {
    if (Status removed = disk_.Remove(path); !removed.ok()) return Fail(removed);
  }
  if (!s.ok()) return Fail(s);
  if (s = disk_.Rename(path, directory_ + "/" + SnapshotName(id)); !s.ok()) return Fail(s);
  if (s = disk_.SyncDirectory(directory_); !s.ok()) return Fail(s);
  return info;
}

Status SnapshotReceiver::Check(const Incoming& incoming, SnapshotInfo* info) {
  if (Status s = VerifySnapshot(*incoming.file, incoming.path); !s.ok())
    return s.code() == ErrorCode::kCorrupt
               ? Status(ErrorCode::kCorrupt,
                        "a received snapshot is damaged and will be fetched again: " + s.message())
               : s;
  auto scanner = SnapshotScanner::Open(*incoming.file, incoming.path);
  if (!scanner) return scanner.error();
  const SnapshotHeader& header = (*scanner)->header();
  if (!(header.id == incoming.id) || header.cluster_id != cluster_id_)
    return Status(ErrorCode::kCorrupt,
                  fmt::format("{}: received snapshot {} of cluster {:016x} where {} of cluster "
                              "{:016x} was announced",
                              incoming.path, header.id.index, header.cluster_id, incoming.id.index,
                              cluster_id_));
  *info = {header.id, incoming.file_size, header.meta};
  return Status::Ok();
}

}  // namespace mydis
