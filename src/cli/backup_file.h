// Files that are given as backups, of which some are none. Main thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "consensus/disk.h"

namespace mydis {

enum class FileKind { kBackup, kRdb, kOther };

// By its first bytes, of which the caller has kSnapshotMagicEnd, or all that there are.
FileKind KindOf(std::string_view first_bytes);
Result<FileKind> KindOf(DiskFile& file);

// Opens the file for reading. kInvalid, on one line that says what to do, if it is no backup.
Result<std::unique_ptr<DiskFile>> OpenBackup(const std::string& path);

// What to do about a backup that is not whole, instead of what to do about an instance's own files.
Status BackupError(const Status& why);

}  // namespace mydis
