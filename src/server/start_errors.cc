#include "server/start_errors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "consensus/posix_disk.h"

namespace mydis {
namespace {

std::string NameOfUser(uid_t id) {
  std::array<char, 4096> memory;
  passwd entry;
  passwd* found = nullptr;
  if (getpwuid_r(id, &entry, memory.data(), memory.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(id);
}

}  // namespace

Status PrepareDataDirectory(const std::string& path) {
  const std::string me = NameOfUser(geteuid());
  std::error_code ignored;
  // What is above it may not be readable to say that it is on disk.
  if (Status s = PosixDisk().CreateDirectory(path);
      !s.ok() && !std::filesystem::is_directory(path, ignored))
    return {s.code(), fmt::format("--data-dir: {}; give another directory, or make it and say "
                                  "chown {} {}",
                                  s.message(), me, path)};
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return Status::Ok();
  const int error = errno;
  struct stat about {};
  if (error != EACCES || stat(path.c_str(), &about) != 0)
    return {ErrorCode::kIo, fmt::format("--data-dir: {}: {}; give a directory that can be written",
                                        path, strerror(error))};
  return {
      ErrorCode::kIo,
      fmt::format("--data-dir: {} belongs to {} (mode {:04o}), and this instance runs as {}, who "
                  "may not read, write and enter it: chown -R {} {} if it is this instance's "
                  "alone, or give another directory",
                  path, NameOfUser(about.st_uid), about.st_mode & 07777, me, me, path)};
}

Status ListenError(std::string_view port_option, const Status& why) {
  if (why.code() != ErrorCode::kNotFound)
    return {why.code(), fmt::format("{}: {}", port_option, why.message())};
  return {why.code(),
          fmt::format("--bind-address: {}; give an address of this machine, or 0.0.0.0 for all",
                      why.message())};
}

}  // namespace mydis
