#include "cli/backup_file.h"

#include <fmt/core.h>

#include "consensus/posix_disk.h"
#include "consensus/snapshot_format.h"
#include "consensus/storage_error.h"

namespace mydis {

FileKind KindOf(std::string_view first_bytes) {
  if (first_bytes.starts_with("REDIS")) return FileKind::kRdb;
  return HasSnapshotMagic(first_bytes) ? FileKind::kBackup : FileKind::kOther;
}

Result<FileKind> KindOf(DiskFile& file) {
  char bytes[kSnapshotMagicEnd] = {};
  const auto read = file.ReadAt(0, bytes);
  if (!read) return Fail(read.error());
  return KindOf(std::string_view(bytes, *read));
}

Result<std::unique_ptr<DiskFile>> OpenBackup(const std::string& path) {
  PosixDisk disk;
  auto file = disk.Open(path, OpenMode::kRead);
  if (!file) return file;
  const auto kind = KindOf(**file);
  if (!kind) return Fail(kind.error());
  switch (*kind) {
    case FileKind::kBackup:
      return file;
    case FileKind::kRdb:
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("{} is an RDB file: mydis import brings its keys into a cluster", path));
    case FileKind::kOther:
      break;
  }
  return Fail(
      ErrorCode::kInvalid,
      fmt::format("{} is no backup of Mydis: give a file that mydis backup has written", path));
}

Status BackupError(const Status& why) {
  if (why.code() != ErrorCode::kCorrupt) return why;
  const std::string_view what = WithoutCorruptHint(why.message());
  if (what.size() == why.message().size()) return why;
  return {ErrorCode::kCorrupt,
          fmt::format("{}; the backup is not whole: take another copy of it", what)};
}

}  // namespace mydis
