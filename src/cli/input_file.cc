#include "cli/input_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mydis {

Result<InputFile> InputFile::Open(const std::string& path) {
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrorCode::kIo, fmt::format("{}: {}", path, std::strerror(errno)));
  InputFile input{.descriptor = Descriptor(fd), .size = std::nullopt};
  struct stat about {};
  if (fstat(fd, &about) != 0)
    return Fail(ErrorCode::kIo, fmt::format("{}: {}", path, std::strerror(errno)));
  if (S_ISDIR(about.st_mode))
    return Fail(ErrorCode::kIo, fmt::format("{} is a directory: give a file", path));
  if (S_ISREG(about.st_mode) && input.Rewind().ok())
    input.size = static_cast<uint64_t>(about.st_size);
  return input;
}

Status InputFile::Rewind() const {
  if (lseek(descriptor.get(), 0, SEEK_SET) == 0) return Status::Ok();
  return {ErrorCode::kIo, std::strerror(errno)};
}

}  // namespace mydis
