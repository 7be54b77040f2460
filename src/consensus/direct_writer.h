// Durable writes of whole blocks past the page cache (O_DIRECT), which costs less than copying them
// into the cache and having the system find them there again. Where the file system has no such
// writes, or a write does not fit, the caller writes the usual way; both may be mixed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "consensus/descriptor.h"

namespace mydis {

// One thread at a time.
class DirectWriter {
 public:
  // Larger writes go the usual way: one durable call for the whole costs less than several.
  static constexpr size_t kMaxBytes = 1 << 20;

  // `file` outlives this.
  explicit DirectWriter(const Descriptor& file) : file_(file) {}

  // Writes the pieces one after the other; they are on the disk when it returns 0. Otherwise gives
  // the errno. Nullopt: not written, for want of support or whole blocks.
  std::optional<int> Write(uint64_t offset, std::span<const std::string_view> pieces);

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  bool Prepare(size_t bytes);
  static std::optional<int> WriteAll(int fd, const char* data, size_t size, uint64_t offset);

  const Descriptor& file_;
  bool supported_ = true;
  std::optional<Descriptor> direct_;  // The same file, opened for such writes at the first.
  std::unique_ptr<char, Free> buffer_;
  size_t capacity_ = 0;
};

}  // namespace mydis
