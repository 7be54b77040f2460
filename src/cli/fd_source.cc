#include "cli/fd_source.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mydis {
namespace {

constexpr size_t kReadBytes = 1 << 20;

}  // namespace

std::optional<std::string_view> FdSource::Take(size_t size) {
  while (buffer_.size() - used_ < size)
    if (!ReadSome()) return std::nullopt;
  const std::string_view taken = std::string_view(buffer_).substr(used_, size);
  used_ += size;
  return taken;
}

// False at the end, and after an error.
bool FdSource::ReadSome() {
  buffer_.erase(0, used_);
  used_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  ssize_t n;
  do n = read(fd_, buffer_.data() + before, kReadBytes);
  while (n < 0 && errno == EINTR);
  if (n < 0) status_ = Status(ErrorCode::kIo, std::strerror(errno));
  buffer_.resize(before + (n > 0 ? static_cast<size_t>(n) : 0));
  return n > 0;
}

}  // namespace mydis
