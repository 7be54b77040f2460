// The one line that an operator gets when what is on disk cannot be trusted.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

inline constexpr std::string_view kCorruptHint =
    "restore this instance from a backup, or remove its data directory and let it join the cluster "
    "again";

// kCorrupt, naming the file, where in it, what is wrong, and what to do.
inline Status CorruptFile(const std::string& path, uint64_t offset, std::string_view what) {
  return Status(ErrorCode::kCorrupt,
                fmt::format("{}: byte {}: {}; {}", path, offset, what, kCorruptHint));
}

// The message of an error without that hint, for files that are not an instance's own.
inline std::string_view WithoutCorruptHint(std::string_view message) {
  if (message.ends_with(kCorruptHint)) message.remove_suffix(kCorruptHint.size() + 2);
  return message;
}

// kCorrupt for a file that a program of a later version has written.
inline Status NewerFormat(const std::string& path, unsigned found, unsigned known) {
  return Status(
      ErrorCode::kCorrupt,
      fmt::format("{}: format version {} is newer than this program knows ({}): start the "
                  "newer program that wrote it",
                  path, found, known));
}

}  // namespace mydis
