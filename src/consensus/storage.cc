#include "consensus/storage.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "consensus/storage_error.h"

namespace mydis {

Result<std::unique_ptr<Storage>> Storage::Open(Disk& disk, const StorageOptions& options) {
  std::unique_ptr<Storage> storage(new Storage(disk, options));
  const std::string& dir = options.data_dir;
  if (Status s = disk.CreateDirectory(dir); !s.ok()) return Fail(s);
  auto lock = disk.Lock(dir + "/LOCK");
  if (!lock) return Fail(lock.error());
  storage->lock_ = std::move(*lock);
  // What a process that died has left here may not be durable yet; from now on it counts.
  if (Status s = disk.SyncDirectory(dir); !s.ok()) return Fail(s);
  auto meta = LoadMeta(disk, dir);
  if (!meta) return Fail(meta.error());
  storage->meta_ = *meta;
  const Status s = storage->initialised() ? storage->OpenExisting() : storage->CheckNothingLost();
  if (!s.ok()) return Fail(s);
  return storage;
}

Status Storage::OpenExisting() {
  if (Status s =
          CheckIdentity(*meta_, options_.data_dir, options_.instance_id, options_.cluster_name, 0);
      !s.ok())
    return s;
  auto log = LogStore::Open(disk_, LogDirectory(), options_.log);
  // With `meta` in place there was a log.
  if (!log && log.error().code() == ErrorCode::kNotFound)
    return Status(ErrorCode::kCorrupt, log.error().message());
  if (!log) return log.error();
  log_ = std::move(*log);
  auto snapshots = SnapshotStore::Open(disk_, SnapshotDirectory(), meta_->cluster_id);
  if (!snapshots) return snapshots.error();
  snapshots_ = std::move(*snapshots);
  auto chosen = snapshots_->Choose(log_->FirstIndex() - 1);
  if (!chosen) return chosen.error();
  start_snapshot_ = std::move(*chosen);
  return ReachSnapshot();
}

// The instance may have stopped after it had installed a snapshot from the leader and before its
// log was reset to it.
Status Storage::ReachSnapshot() {
  if (!start_snapshot_) return Status::Ok();
  const SnapshotId id = start_snapshot_->id;
  const uint64_t last = log_->LastIndex();
  if (id.index <= last) {
    auto term = log_->Term(id.index);
    // Before the log's beginning there is nothing to compare with.
    if (!term || *term == id.term) return Status::Ok();
  }
  LogInfo("the log ends at index {}; it goes on behind the snapshot at index {}", last, id.index);
  HardState hard_state = log_->hard_state();
  // The snapshot holds only what is committed, in a term that this instance has seen from its
  // leader.
  hard_state.commit = std::max(hard_state.commit, id.index);
  if (hard_state.term < id.term) hard_state = {id.term, 0, hard_state.commit};
  return log_->Reset(id.index, id.term, hard_state);
}

// Without `meta` the directory has never been in use, unless somebody has removed the file.
Status Storage::CheckNothingLost() {
  for (const std::string& directory : {LogDirectory(), SnapshotDirectory()}) {
    auto names = disk_.List(directory);
    if (!names && names.error().code() == ErrorCode::kNotFound) continue;
    if (!names) return names.error();
    if (names->empty()) continue;
    if (directory == LogDirectory()) {
      if (Status s = RemoveUnusedLog(*names); !s.ok()) return s;
      continue;
    }
    return MetaMissing();
  }
  return Status::Ok();
}

Status Storage::MetaMissing() const {
  return CorruptFile(options_.data_dir + "/meta", 0,
                     "the file is missing, but the directory holds data");
}

// A log without entries and hard state is what a start that was broken off leaves behind.
Status Storage::RemoveUnusedLog(const std::vector<std::string>& names) {
  auto log = LogStore::Open(disk_, LogDirectory(), options_.log);
  if (!log && log.error().code() != ErrorCode::kNotFound) return log.error();
  if (log && ((*log)->LastIndex() > 0 || (*log)->hard_state() != HardState{})) return MetaMissing();
  if (log) log->reset();
  for (const std::string& name : names)
    if (Status s = disk_.Remove(LogDirectory() + "/" + name); !s.ok()) return s;
  return disk_.SyncDirectory(LogDirectory());
}

Status Storage::Initialise(const InstanceMeta& meta) {
  MYDIS_ASSERT(!initialised(), "the directory is in use already");
  auto log = LogStore::Create(disk_, LogDirectory(), options_.log);
  if (!log) return log.error();
  auto snapshots = SnapshotStore::Open(disk_, SnapshotDirectory(), meta.cluster_id);
  if (!snapshots) return snapshots.error();
  if (Status s = SaveMeta(disk_, options_.data_dir, meta); !s.ok()) return s;
  log_ = std::move(*log);
  snapshots_ = std::move(*snapshots);
  meta_ = meta;
  return Status::Ok();
}

}  // namespace mydis
