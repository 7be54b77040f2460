#include "consensus/snapshot_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "base/mutex.h"
#include "consensus/snapshot_format.h"
#include "consensus/snapshot_receiver.h"
#include "consensus/snapshot_scanner.h"
#include "consensus/snapshot_writer.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

class SnapshotStoreImpl final : public SnapshotStore {
 public:
  SnapshotStoreImpl(Disk& disk, const std::string& directory, uint64_t cluster_id)
      : disk_(disk),
        directory_(directory),
        cluster_id_(cluster_id),
        receiver_(disk, directory, cluster_id) {}

  Status Load();

  std::vector<SnapshotInfo> List() const override;
  std::optional<SnapshotInfo> Newest() const override;
  Result<std::optional<SnapshotInfo>> Choose(uint64_t log_base) override;
  Result<std::unique_ptr<SnapshotWriter>> Create(SnapshotId id, std::string_view meta) override;
  Result<std::unique_ptr<SnapshotReader>> OpenReader(SnapshotId id) override;
  Result<std::unique_ptr<SnapshotSource>> OpenSource(SnapshotId id) override;
  Result<uint64_t> BeginReceive(SnapshotId id, uint64_t file_size) override;
  Status ReceiveChunk(SnapshotId id, uint64_t offset, std::string_view bytes) override {
    return receiver_.Chunk(id, offset, bytes);
  }
  Result<SnapshotInfo> CommitReceive(SnapshotId id) override;
  Status RemoveOld(size_t keep) override;

  // A file has got its name.
  void Add(const SnapshotInfo& info);

 private:
  struct Stored {
    SnapshotInfo info;
    Status broken;  // Not ok: why it cannot be used.
  };

  std::string Path(SnapshotId id) const { return directory_ + "/" + SnapshotName(id); }
  // Reads the header of the snapshot that has this name.
  Result<SnapshotInfo> ReadInfo(SnapshotId id);
  Status Verify(SnapshotId id);
  std::vector<Stored> Copy() const {
    MutexLock lock(mutex_);
    return stored_;
  }
  void MarkBroken(SnapshotId id, const Status& why);

  Disk& disk_;
  const std::string directory_;
  const uint64_t cluster_id_;
  SnapshotReceiver receiver_;
  mutable Mutex mutex_;
  std::vector<Stored> stored_ MYDIS_GUARDED_BY(mutex_);  // Oldest first.
};

class Writer final : public SnapshotWriter {
 public:
  Writer(SnapshotStoreImpl& store, std::unique_ptr<SnapshotFileWriter> file)
      : store_(store), file_(std::move(file)) {}
  Status Append(std::string_view bytes) override { return file_->Append(bytes); }
  Result<SnapshotInfo> Commit() override {
    auto info = file_->Finish();
    if (info) store_.Add(*info);
    return info;
  }

 private:
  SnapshotStoreImpl& store_;
  std::unique_ptr<SnapshotFileWriter> file_;
};

class Reader final : public SnapshotReader {
 public:
  Reader(std::unique_ptr<DiskFile> file, SnapshotInfo info,
         std::unique_ptr<SnapshotScanner> scanner)
      : file_(std::move(file)), info_(std::move(info)), scanner_(std::move(scanner)) {}
  const SnapshotInfo& info() const override { return info_; }
  Result<std::string_view> Next() override { return scanner_->Next(); }

 private:
  std::unique_ptr<DiskFile> file_;
  SnapshotInfo info_;
  std::unique_ptr<SnapshotScanner> scanner_;
};

class Source final : public SnapshotSource {
 public:
  Source(std::unique_ptr<DiskFile> file, SnapshotInfo info)
      : file_(std::move(file)), info_(std::move(info)) {}
  const SnapshotInfo& info() const override { return info_; }
  Result<std::string> ReadChunk(uint64_t offset, size_t length) override {
    std::string bytes(length, '\0');
    auto n = file_->ReadAt(offset, bytes);
    if (!n) return Fail(n.error());
    bytes.resize(*n);
    return bytes;
  }

 private:
  std::unique_ptr<DiskFile> file_;
  SnapshotInfo info_;
};

Status SnapshotStoreImpl::Load() {
  auto names = disk_.List(directory_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name.starts_with("snapshot-") && name.ends_with(".tmp")) {
      if (Status s = disk_.Remove(directory_ + "/" + name); !s.ok()) return s;
    }
    const auto id = ParseSnapshotName(name);
    if (!id) continue;
    auto info = ReadInfo(*id);
    if (!info && info.error().code() != ErrorCode::kCorrupt) return info.error();
    MutexLock lock(mutex_);
    if (info) {
      stored_.push_back({*info, Status::Ok()});
    } else {
      stored_.push_back({SnapshotInfo{*id, 0, {}}, info.error()});
    }
  }
  // A process that died may have left names that are not durable yet; the log will be compacted by
  // them.
  return disk_.SyncDirectory(directory_);
}

Result<SnapshotInfo> SnapshotStoreImpl::ReadInfo(SnapshotId id) {
  auto file = disk_.Open(Path(id), OpenMode::kRead);
  if (!file) return Fail(file.error());
  auto scanner = SnapshotScanner::Open(**file, Path(id));
  if (!scanner) return Fail(scanner.error());
  auto size = (*file)->Size();
  if (!size) return Fail(size.error());
  const SnapshotHeader& header = (*scanner)->header();
  if (header.cluster_id != cluster_id_)
    return Fail(CorruptFile(Path(id), 24, "the snapshot belongs to another cluster"));
  if (!(header.id == id))
    return Fail(CorruptFile(
        Path(id), 32,
        fmt::format("the file holds snapshot {}, so it has been renamed", header.id.index)));
  return SnapshotInfo{id, *size, header.meta};
}

Status SnapshotStoreImpl::Verify(SnapshotId id) {
  auto file = disk_.Open(Path(id), OpenMode::kRead);
  if (!file) return file.error();
  return VerifySnapshot(**file, Path(id));
}

std::vector<SnapshotInfo> SnapshotStoreImpl::List() const {
  std::vector<SnapshotInfo> list;
  for (const Stored& stored : Copy())
    if (stored.broken.ok()) list.push_back(stored.info);
  return list;
}

std::optional<SnapshotInfo> SnapshotStoreImpl::Newest() const {
  auto list = List();
  if (list.empty()) return std::nullopt;
  return std::move(list.back());
}

void SnapshotStoreImpl::MarkBroken(SnapshotId id, const Status& why) {
  MutexLock lock(mutex_);
  for (Stored& stored : stored_)
    if (stored.info.id == id) stored.broken = why;
}

Result<std::optional<SnapshotInfo>> SnapshotStoreImpl::Choose(uint64_t log_base) {
  const std::vector<Stored> candidates = Copy();
  Status newest_broken;
  for (auto it = candidates.rbegin(); it != candidates.rend(); ++it) {
    const SnapshotInfo& info = it->info;
    if (info.id.index < log_base) break;
    Status s = it->broken.ok() ? Verify(info.id) : it->broken;
    if (s.ok()) {
      if (!newest_broken.ok())
        LogError(
            "the newest snapshot is damaged; starting from the older one at index {} and the "
            "log behind it: {}",
            info.id.index, newest_broken.message());
      return info;
    }
    if (s.code() != ErrorCode::kCorrupt) return Fail(s);
    MarkBroken(info.id, s);
    if (newest_broken.ok()) newest_broken = s;
  }
  if (!newest_broken.ok()) return Fail(newest_broken);
  if (log_base == 0) return std::nullopt;
  return Fail(
      ErrorCode::kCorrupt,
      fmt::format("{}: the log begins after index {}, but there is no snapshot that reaches up "
                  "to there; {}",
                  directory_, log_base, kCorruptHint));
}

void SnapshotStoreImpl::Add(const SnapshotInfo& info) {
  MutexLock lock(mutex_);
  std::erase_if(stored_, [&](const Stored& stored) { return stored.info.id == info.id; });
  stored_.push_back({info, Status::Ok()});
  std::sort(stored_.begin(), stored_.end(), [](const Stored& a, const Stored& b) {
    return std::pair(a.info.id.index, a.info.id.term) < std::pair(b.info.id.index, b.info.id.term);
  });
}

Result<std::unique_ptr<SnapshotWriter>> SnapshotStoreImpl::Create(SnapshotId id,
                                                                  std::string_view meta) {
  auto file = SnapshotFileWriter::Create(disk_, directory_, {cluster_id_, id, std::string(meta)});
  if (!file) return Fail(file.error());
  return std::make_unique<Writer>(*this, std::move(*file));
}

Result<std::unique_ptr<SnapshotReader>> SnapshotStoreImpl::OpenReader(SnapshotId id) {
  auto info = ReadInfo(id);
  if (!info) return Fail(info.error());
  auto file = disk_.Open(Path(id), OpenMode::kRead);
  if (!file) return Fail(file.error());
  auto scanner = SnapshotScanner::Open(**file, Path(id));
  if (!scanner) return Fail(scanner.error());
  return std::make_unique<Reader>(std::move(*file), std::move(*info), std::move(*scanner));
}

Result<std::unique_ptr<SnapshotSource>> SnapshotStoreImpl::OpenSource(SnapshotId id) {
  auto file = disk_.Open(Path(id), OpenMode::kRead);
  if (!file) return Fail(file.error());
  auto info = ReadInfo(id);
  if (!info) return Fail(info.error());
  return std::make_unique<Source>(std::move(*file), std::move(*info));
}

Result<uint64_t> SnapshotStoreImpl::BeginReceive(SnapshotId id, uint64_t file_size) {
  for (const SnapshotInfo& info : List())
    if (info.id == id) return file_size;
  return receiver_.Begin(id, file_size);
}

Result<SnapshotInfo> SnapshotStoreImpl::CommitReceive(SnapshotId id) {
  for (SnapshotInfo& info : List())
    if (info.id == id) return std::move(info);
  auto info = receiver_.Commit(id);
  if (info) Add(*info);
  return info;
}

Status SnapshotStoreImpl::RemoveOld(size_t keep) {
  MYDIS_ASSERT(keep >= 1, "the newest snapshot stays");
  const std::vector<SnapshotInfo> list = List();
  if (list.empty()) return Status::Ok();
  // Everything older than the oldest one kept, and what is broken and older than the newest.
  const uint64_t oldest_kept = list[list.size() - std::min(keep, list.size())].id.index;
  for (const Stored& stored : Copy()) {
    const uint64_t index = stored.info.id.index;
    if (index >= (stored.broken.ok() ? oldest_kept : list.back().id.index)) continue;
    if (Status s = disk_.Remove(Path(stored.info.id)); !s.ok()) return s;
    MutexLock lock(mutex_);
    std::erase_if(stored_, [&](const Stored& s) { return s.info.id == stored.info.id; });
  }
  if (Status s = receiver_.RemoveUpTo(list.back().id.index); !s.ok()) return s;
  return disk_.SyncDirectory(directory_);
}

}  // namespace

Result<std::unique_ptr<SnapshotStore>> SnapshotStore::Open(Disk& disk, const std::string& directory,
                                                           uint64_t cluster_id) {
  if (Status s = disk.CreateDirectory(directory); !s.ok()) return Fail(s);
  auto store = std::make_unique<SnapshotStoreImpl>(disk, directory, cluster_id);
  if (Status s = store->Load(); !s.ok()) return Fail(s);
  return store;
}

}  // namespace mydis
