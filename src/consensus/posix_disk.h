// The machine's file system. Any thread.
#pragma once

#include "consensus/disk.h"

namespace mydis {

class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status CreateDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& path) override;
  Result<uint64_t> FreeSpace(const std::string& path) override;
};

}  // namespace mydis
