#include "consensus/direct_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/uio.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "consensus/disk.h"

namespace mydis {

bool DirectWriter::Prepare(size_t bytes) {
  if (!direct_) {
    // By way of the descriptor: the file may have got another name, or none.
    const std::string same = fmt::format("/proc/self/fd/{}", file_.get());
    const int fd = ::open(same.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0) return supported_ = false;
    direct_.emplace(fd);
  }
  if (capacity_ < bytes) {
    capacity_ = std::bit_ceil(bytes);
    buffer_.reset(static_cast<char*>(std::aligned_alloc(kDiskBlock, capacity_)));
    if (!buffer_) return supported_ = false;
  }
  return true;
}

std::optional<int> DirectWriter::Write(uint64_t offset, std::span<const std::string_view> pieces) {
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  const bool whole_blocks = size != 0 && size % kDiskBlock == 0 && offset % kDiskBlock == 0;
  if (!supported_ || !whole_blocks || size > kMaxBytes || !Prepare(size)) return std::nullopt;
  char* end = buffer_.get();
  for (const std::string_view piece : pieces) end = std::copy(piece.begin(), piece.end(), end);
  const auto result = WriteAll(direct_->get(), buffer_.get(), size, offset);
  if (!result) supported_ = false;
  return result;
}

std::optional<int> DirectWriter::WriteAll(int fd, const char* data, size_t size, uint64_t offset) {
  while (size != 0) {
    const iovec rest{const_cast<char*>(data), size};
    const ssize_t n = ::pwritev2(fd, &rest, 1, static_cast<off_t>(offset), RWF_DSYNC);
    if (n < 0) {
      if (errno == EINTR) continue;
      // The device wants larger blocks, or the system knows no such writes. What may have been
      // written already is written again.
      if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS) return std::nullopt;
      return errno;
    }
    data += n;
    size -= static_cast<size_t>(n);
    offset += static_cast<uint64_t>(n);
  }
  return 0;
}

}  // namespace mydis
