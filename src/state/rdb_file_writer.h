// Writes Redis's file of everything (rdb_file.h), piece by piece. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mydis/status.h"
#include "state/entry.h"

namespace mydis {

class RdbFileWriter {
 public:
  // Takes the bytes as they come.
  using Sink = std::function<Status(std::string_view bytes)>;
  // `version`: kRdbVersionLowest … kRdbVersionTimed.
  RdbFileWriter(uint16_t version, Sink sink);

  // In this order: facts, libraries, keys, the end. An error is the sink's, and final.
  Status Fact(std::string_view name, std::string_view value);
  Status Library(std::string_view code);
  // REQUIRES: RdbVersionOf(entry) is no more than the file's version.
  Status Key(uint32_t db, const Entry& entry, std::optional<int64_t> deadline_ms);
  Status End();

 private:
  Status Flush();
  Status FlushIfLong();

  const uint16_t version_;
  Sink sink_;
  std::string buffer_;
  uint64_t crc_ = 0;  // Of what has gone to the sink.
  std::optional<uint32_t> db_;
};

}  // namespace mydis
