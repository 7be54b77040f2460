#include "consensus/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mydis {
namespace {

// Pieces a single system call takes at most (IOV_MAX on Linux).
constexpr size_t kMaxPieces = 1024;
// Allocate() writes this much at a time, each durably, so that the writes of the log that go on
// meanwhile wait behind one piece and not behind a whole segment.
constexpr size_t kAllocatePiece = 1 << 20;

Status SystemError(std::string_view doing, const std::string& path, int error) {
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kDiskFull;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  if (error == EEXIST) code = ErrorCode::kExists;
  return Status(code, fmt::format("{}: {}: {}", path, doing, std::strerror(error)));
}

// A descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

int OpenRetrying(const char* path, int flags) {
  int fd;
  do {
    fd = ::open(path, flags | O_CLOEXEC, 0640);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// Drops the first `n` bytes of the pieces that [*next, end) still has to write.
void Advance(iovec** next, iovec* end, size_t n) {
  while (*next != end && n >= (*next)->iov_len) {
    n -= (*next)->iov_len;
    ++*next;
  }
  if (*next == end) return;
  (*next)->iov_base = static_cast<char*>((*next)->iov_base) + n;
  (*next)->iov_len -= n;
}

class PosixFile final : public DiskFile {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n < 0) {
        if (errno == EINTR) continue;
        return Fail(SystemError("cannot read", path_, errno));
      }
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                 Durability durability) override {
    iovec vectors[kMaxPieces];
    // A write of more pieces than one call takes is synced as a whole at its end.
    const bool one_call = pieces.size() <= kMaxPieces;
    const bool durable = durability == Durability::kDurable;
    while (!pieces.empty()) {
      const size_t count = std::min(pieces.size(), kMaxPieces);
      for (size_t i = 0; i < count; ++i)
        vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
      auto written = WriteVectors(offset, vectors, vectors + count, durable && one_call);
      if (!written) return written.error();
      offset += *written;
      pieces = pieces.subspan(count);
    }
    return durable && !one_call ? Sync() : Status::Ok();
  }

  Status Sync() override {
    int rc;
    do {
      rc = ::fdatasync(fd_.get());
    } while (rc != 0 && errno == EINTR);
    // Even for lack of room: what the system had taken may be lost now, and writing the last piece
    // again would not bring it back.
    if (rc != 0)
      return Status(ErrorCode::kIo, fmt::format("{}: fdatasync: {}", path_, std::strerror(errno)));
    return Status::Ok();
  }

  Status Allocate(uint64_t size) override {
    // Finds out at once whether there is room, where the file system can tell.
    int rc;
    do {
      rc = ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size));
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
      return SystemError("cannot reserve room", path_, errno);
    const std::string zeros(std::min<uint64_t>(size, kAllocatePiece), '\0');
    for (uint64_t offset = 0; offset < size; offset += zeros.size()) {
      const std::string_view piece(zeros.data(), std::min<uint64_t>(zeros.size(), size - offset));
      if (Status s = mydis::WriteAt(*this, offset, piece, Durability::kDurable); !s.ok()) return s;
    }
    return Sync();
  }

  Result<uint64_t> Size() override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return Fail(SystemError("fstat", path_, errno));
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  // Writes all of [next, end), in as many calls as the system makes of it. Gives the bytes written.
  Result<uint64_t> WriteVectors(uint64_t offset, iovec* next, iovec* end, bool durable) {
    uint64_t done = 0;
    bool sync_after = false;
    Advance(&next, end, 0);
    while (next != end) {
      const bool flag = durable && dsync_supported_.load(std::memory_order_relaxed);
      const ssize_t n = ::pwritev2(fd_.get(), next, static_cast<int>(end - next),
                                   static_cast<off_t>(offset + done), flag ? RWF_DSYNC : 0);
      if (n < 0) {
        if (errno == EINTR) continue;
        if (flag && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
          dsync_supported_ = false;
          continue;
        }
        return Fail(SystemError("cannot write", path_, errno));
      }
      if (durable && !flag) sync_after = true;
      done += static_cast<uint64_t>(n);
      Advance(&next, end, static_cast<size_t>(n));
    }
    if (sync_after) {
      if (Status s = Sync(); !s.ok()) return Fail(s);
    }
    return done;
  }

  const Descriptor fd_;
  const std::string path_;
  std::atomic<bool> dsync_supported_{true};
};

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
    return Fail(
        ErrorCode::kBusy,
        fmt::format("data directory {} is in use by process {}: stop that process, or choose "
                    "another --data-dir",
                    Parent(path), n > 0 ? std::string_view(holder, n) : "unknown"));
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
