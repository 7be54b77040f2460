#include "consensus/disk.h"

#include <fmt/core.h>

#include "consensus/storage_error.h"

namespace mydis {

Result<bool> Disk::Exists(const std::string& path) {
  auto file = Open(path, OpenMode::kRead);
  if (file) return true;
  if (file.error().code() == ErrorCode::kNotFound) return false;
  return Fail(file.error());
}

Result<std::string> Disk::ReadFile(const std::string& path) {
  auto file = Open(path, OpenMode::kRead);
  if (!file) return Fail(file.error());
  auto size = (*file)->Size();
  if (!size) return Fail(size.error());
  std::string bytes(*size, '\0');
  if (Status s = ReadFully(**file, path, 0, bytes); !s.ok()) return Fail(s);
  return bytes;
}

Status Disk::ReplaceFile(const std::string& directory, const std::string& name,
                         std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".tmp";
  {
    auto file = Open(temporary, OpenMode::kReplace);
    if (!file) return file.error();
    if (Status s = WriteAt(**file, 0, bytes, Durability::kBuffered); !s.ok()) return s;
    if (Status s = (*file)->Sync(); !s.ok()) return s;
  }
  if (Status s = Rename(temporary, path); !s.ok()) return s;
  return SyncDirectory(directory);
}

Status ReadFully(DiskFile& file, const std::string& path, uint64_t offset, std::span<char> out) {
  auto n = file.ReadAt(offset, out);
  if (!n) return n.error();
  if (*n == out.size()) return Status::Ok();
  return CorruptFile(
      path, offset + *n,
      fmt::format("the file ends here, but bytes up to {} are needed", offset + out.size()));
}

}  // namespace mydis
