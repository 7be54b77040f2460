#include "consensus/posix_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mydis {
namespace {

// Pieces a single system call takes at most (IOV_MAX on Linux).
constexpr size_t kMaxPieces = 1024;

// Allocate() writes this much at a time, each durably, so that the writes of the log that go on
// meanwhile wait behind one piece and not behind a whole segment.
constexpr size_t kAllocatePiece = 1 << 20;

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

}  // namespace

Status SystemError(std::string_view doing, const std::string& path, int error) {
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kDiskFull;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  if (error == EEXIST) code = ErrorCode::kExists;
  return Status(code, fmt::format("{}: {}: {}", path, doing, std::strerror(error)));
}

Result<size_t> PosixFile::ReadAt(uint64_t offset, std::span<char> out) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n < 0) {
      if (errno == EINTR) continue;
      return Fail(SystemError("cannot read", path_, errno));
    }
    done += static_cast<size_t>(n);
  }
  return done;
}

Status PosixFile::WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                          Durability durability) {
  if (durability == Durability::kDurable) {
    if (auto written = direct_.Write(offset, pieces)) {
      return *written == 0 ? Status::Ok() : SystemError("cannot write", path_, *written);
    }
  }
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

Status PosixFile::Sync() {
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

Status PosixFile::Allocate(uint64_t size) {
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

Result<uint64_t> PosixFile::Size() {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) return Fail(SystemError("fstat", path_, errno));
  return static_cast<uint64_t>(info.st_size);
}

Result<uint64_t> PosixFile::WriteVectors(uint64_t offset, iovec* next, iovec* end, bool durable) {
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

}  // namespace mydis
