// A backup that a client brings: kept in a file beside the data, verified as a whole before
// anything is changed, then given out in parts for the log. docs/backup.md has the whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/posix_disk.h"
#include "server/backup_items.h"
#include "state/state_machine.h"

namespace mydis {

// The connection's thread.
class RestoreUpload {
 public:
  // `directory` is the instance's own. The file has no name, so that it goes with this, or with the
  // process.
  static Result<std::shared_ptr<RestoreUpload>> Create(const CommandRunner& runner,
                                                       const std::string& directory);
  ~RestoreUpload();

  // What names this restore in the log.
  const std::string& id() const { return id_; }
  Status Add(std::string_view bytes);
  uint64_t size() const { return size_; }

  // Looks at the next piece of the file: whether all of it is as it was written, and can be read by
  // this program. False: it was the last.
  Result<bool> Check();
  bool checked() const { return checked_; }

  // The words that follow "MYDIS STAGE" for the next part; none after the last.
  // REQUIRES: checked().
  Result<std::optional<std::vector<std::string>>> NextPart();
  uint64_t parts() const { return parts_; }

 private:
  RestoreUpload(const CommandRunner& runner, std::string path, std::string id)
      : runner_(runner), path_(std::move(path)), id_(std::move(id)) {}
  // From the beginning of the file.
  Status Rewind();
  Status CheckItem(const SnapshotItem& item);

  const CommandRunner& runner_;
  PosixDisk disk_;
  const std::string path_;
  const std::string id_;
  std::unique_ptr<DiskFile> file_;
  uint64_t size_ = 0;
  bool checked_ = false;
  std::unique_ptr<BackupItems> items_;
  std::unique_ptr<StateMachine> scratch_;  // To read what is there, and forget it.
  std::string scripts_;
  bool scripts_given_ = false;
  uint64_t parts_ = 0;
};

}  // namespace mydis
