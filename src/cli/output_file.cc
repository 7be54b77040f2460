#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mydis {
namespace {

constexpr mode_t kForTheOwner = 0600;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The name is durable only with its directory.
bool SyncDirectory(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = fsync(fd) == 0;
  close(fd);
  return good;
}

}  // namespace

Status OutputFile::Error() const {
  return {ErrorCode::kIo, fmt::format("{}: {}", path_, std::strerror(errno))};
}

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  std::string part;
  int fd = -1;
  struct stat about {};
  if (path == "-") {
    fd = dup(STDOUT_FILENO);
  } else if (stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    part = path + ".part";
    fd = open(part.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kForTheOwner);
  }
  std::unique_ptr<OutputFile> file(
      new OutputFile(path == "-" ? "standard output" : path, std::move(part), fd));
  if (fd < 0) {
    file->part_.clear();
    return Fail(file->Error());
  }
  return file;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!part_.empty()) unlink(part_.c_str());
}

Status OutputFile::Write(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error();
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return Status::Ok();
}

Status OutputFile::Rewind() {
  size_ = 0;
  if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) != 0) return Error();
  return Status::Ok();
}

Status OutputFile::Commit() {
  if (part_.empty()) return Status::Ok();
  if (fsync(fd_) != 0 || rename(part_.c_str(), path_.c_str()) != 0) return Error();
  part_.clear();
  return SyncDirectory(DirectoryOf(path_)) ? Status::Ok() : Error();
}

Status NotWritten(const Status& why, const std::string& path) {
  const bool lost = why.code() == ErrorCode::kUnknown || why.code() == ErrorCode::kTimeout ||
                    why.code() == ErrorCode::kNotCommitted;
  if (!lost) return why;
  return {why.code(), fmt::format("{}; {}", why.message(),
                                  path == "-" ? std::string("what was written is not whole")
                                              : fmt::format("nothing was written to {}", path))};
}

Status FlushOutput(int error) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return Status::Ok();
  // The stream forgets why an earlier write failed.
  if (error == 0) error = errno;
  return {error == EPIPE ? ErrorCode::kUnavailable : ErrorCode::kIo,
          fmt::format("standard output: {}", error == 0 ? "not all could be written; is there room?"
                                                        : std::strerror(error))};
}

}  // namespace mydis
