// Bytes of a file descriptor, for readers of formats that know no end beforehand. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "mydis/status.h"
#include "types/rdb_bytes.h"

namespace mydis {

class FdSource final : public ByteSource {
 public:
  // `fd` stays the caller's.
  explicit FdSource(int fd) : fd_(fd) {}
  std::optional<std::string_view> Take(size_t size) override;
  // Why Take gave nothing, if it was not the end.
  const Status& status() const { return status_; }

 private:
  bool ReadSome();

  int fd_;
  std::string buffer_;
  size_t used_ = 0;  // Of the buffer, by what was taken.
  Status status_;
};

}  // namespace mydis
