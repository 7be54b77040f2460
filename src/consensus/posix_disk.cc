#include "consensus/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "consensus/posix_file.h"

namespace mydis {
namespace {

int OpenRetrying(const char* path, int flags) {
  int fd;
  do {
    fd = ::open(path, flags | O_CLOEXEC, 0640);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// The lock goes away with the descriptor, also when the process dies.
class PosixLock final : public DiskLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;
};

std::string Parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::unique_ptr<DiskFile>> PosixDisk::Open(const std::string& path, OpenMode mode) {
  int flags = O_RDONLY;
  switch (mode) {
    case OpenMode::kRead:
      break;
    case OpenMode::kWrite:
      flags = O_RDWR;
      break;
    case OpenMode::kCreate:
      flags = O_RDWR | O_CREAT | O_EXCL;
      break;
    case OpenMode::kReplace:
      flags = O_RDWR | O_CREAT | O_TRUNC;
      break;
  }
  const int fd = OpenRetrying(path.c_str(), flags);
  if (fd < 0) return Fail(SystemError("cannot open", path, errno));
  return std::make_unique<PosixFile>(Descriptor(fd), path);
}

Status PosixDisk::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
  return SystemError(fmt::format("cannot rename to {}", to), from, errno);
}

Status PosixDisk::Remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return Status::Ok();
  return SystemError("cannot remove", path, errno);
}

Result<std::vector<std::string>> PosixDisk::List(const std::string& directory) {
  DIR* stream = ::opendir(directory.c_str());
  if (!stream) return Fail(SystemError("cannot list", directory, errno));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  if (error != 0) return Fail(SystemError("cannot list", directory, error));
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixDisk::CreateDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0750) == 0) return SyncDirectory(Parent(path));
  if (errno == ENOENT && Parent(path) != path) {
    if (Status s = CreateDirectory(Parent(path)); !s.ok()) return s;
    if (::mkdir(path.c_str(), 0750) == 0) return SyncDirectory(Parent(path));
  }
  const int error = errno;
  struct stat info;
  if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    // A process that died may have made it just now. Where the parent may not be read, the
    // directory is somebody else's work.
    (void)SyncDirectory(Parent(path));
    return Status::Ok();
  }
  return SystemError("cannot create directory", path, error);
}

Status PosixDisk::SyncDirectory(const std::string& path) {
  const Descriptor fd(OpenRetrying(path.c_str(), O_RDONLY | O_DIRECTORY));
  if (fd.get() < 0) return SystemError("cannot open directory", path, errno);
  if (::fsync(fd.get()) == 0) return Status::Ok();
  return Status(ErrorCode::kIo, fmt::format("{}: fsync: {}", path, std::strerror(errno)));
}

Result<std::unique_ptr<DiskLock>> PosixDisk::Lock(const std::string& path) {
  Descriptor fd(OpenRetrying(path.c_str(), O_RDWR | O_CREAT));
  if (fd.get() < 0) return Fail(SystemError("cannot open lock file", path, errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(SystemError("cannot lock", path, errno));
    char holder[32] = {};
    const ssize_t n = ::pread(fd.get(), holder, sizeof holder - 1, 0);
    const std::string_view pid = n > 0 ? std::string_view(holder, n) : "unknown";
    const bool own = pid == fmt::format("{}", ::getpid());
    return Fail(
        ErrorCode::kBusy,
        fmt::format("data directory {} is in use by {}: stop that, or choose another data "
                    "directory",
                    Parent(path),
                    own ? "another instance of this process" : fmt::format("process {}", pid)));
  }
  const std::string pid = fmt::format("{}", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The process id is for the message above alone; a full disk must not prevent a start.
    if (errno != ENOSPC && errno != EDQUOT)
      return Fail(SystemError("cannot write lock file", path, errno));
  }
  return std::make_unique<PosixLock>(std::move(fd));
}

Result<uint64_t> PosixDisk::FreeSpace(const std::string& path) {
  struct statvfs info;
  if (::statvfs(path.c_str(), &info) != 0) return Fail(SystemError("statvfs", path, errno));
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace mydis
