// A disk seen through a sheet on which changes are written: what is below stays as it is. So a data
// directory can be opened as a start would open it, by whoever only wants to know what is in it.
// Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "consensus/disk.h"

namespace mydis {

class OverlayDisk final : public Disk {
 public:
  // `below` outlives this, and nobody changes it meanwhile. Locks are those of `below`.
  explicit OverlayDisk(Disk& below) : below_(below) {}

  Result<std::unique_ptr<DiskFile>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  // A directory that is not there comes to be when something is in it.
  Status CreateDirectory(const std::string&) override { return Status::Ok(); }
  Status SyncDirectory(const std::string&) override { return Status::Ok(); }
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& path) override {
    return below_.Lock(path);
  }
  Result<uint64_t> FreeSpace(const std::string& path) override { return below_.FreeSpace(path); }

 private:
  class Contents;
  class File;
  // The file of that name, made known here if it is below; null: there is none.
  Result<std::shared_ptr<Contents>> Find(const std::string& path) MYDIS_REQUIRES(mutex_);

  Disk& below_;
  Mutex mutex_;
  // Of the names that were looked at; null: it was removed.
  std::map<std::string, std::shared_ptr<Contents>> names_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
