// A data directory, opened: lock, meta, log and snapshots, checked one against the other.
//
//   <dir>/LOCK        held by the process that uses the directory
//   <dir>/meta        meta_file.h; written last, so its presence says that the rest is complete
//   <dir>/log/        log_store.h
//   <dir>/snapshots/  snapshot_store.h
//
// Thread: opened and initialised by one thread; the parts then follow their own rules.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/log_store.h"
#include "consensus/meta_file.h"
#include "consensus/snapshot_store.h"

namespace mydis {

struct StorageOptions {
  std::string data_dir;
  LogOptions log;
  // What the command line says, or empty; a directory of another instance or cluster is refused.
  std::string instance_id;
  std::string cluster_name;
};

class Storage {
 public:
  // Locks the directory (created if need be). If it is empty, initialised() is false and
  // Initialise() is the only thing to call. Otherwise everything in it is verified; see
  // LogStore::Open and SnapshotStore::Choose for the errors.
  static Result<std::unique_ptr<Storage>> Open(Disk& disk, const StorageOptions& options);

  bool initialised() const { return meta_.has_value(); }
  // Founds the directory: an empty log, no snapshot, and `meta`. REQUIRES: !initialised().
  Status Initialise(const InstanceMeta& meta);

  const InstanceMeta& meta() const { return *meta_; }
  LogStore& log() { return *log_; }
  SnapshotStore& snapshots() { return *snapshots_; }
  // The verified snapshot to start from. If it is ahead of the log (the instance stopped between
  // installing it and LogStore::Reset), the log has been reset to it.
  const std::optional<SnapshotInfo>& start_snapshot() const { return start_snapshot_; }
  const std::string& data_dir() const { return options_.data_dir; }

 private:
  Storage(Disk& disk, StorageOptions options) : disk_(disk), options_(std::move(options)) {}
  Status OpenExisting();
  Status ReachSnapshot();
  Status CheckNothingLost();
  Status MetaMissing() const;
  Status RemoveUnusedLog(const std::vector<std::string>& names);
  std::string LogDirectory() const { return options_.data_dir + "/log"; }
  std::string SnapshotDirectory() const { return options_.data_dir + "/snapshots"; }

  Disk& disk_;
  StorageOptions options_;
  std::unique_ptr<DiskLock> lock_;
  std::optional<InstanceMeta> meta_;
  std::unique_ptr<LogStore> log_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::optional<SnapshotInfo> start_snapshot_;
};

}  // namespace mydis
