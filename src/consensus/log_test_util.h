// What the tests of the log have in common: short ways to make entries and to look at a store.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/log_store.h"
#include "consensus/sim_disk.h"

namespace mydis::test {

inline const std::string kLogDirectory = "data/log";

inline LogEntry Entry(uint64_t index, uint64_t term, std::string data,
                      EntryKind kind = EntryKind::kNormal) {
  return {index, term, kind, MakePayload(std::move(data))};
}

// Sixteen KiB segments hold at most two groups, so that tests roll and recycle a lot.
inline LogOptions SmallSegments(uint64_t segment_size = 16 << 10) {
  LogOptions options;
  options.segment_size = segment_size;
  options.seed = 7;
  return options;
}

inline std::unique_ptr<LogStore> MustCreate(Disk& disk, const LogOptions& options) {
  auto log = LogStore::Create(disk, kLogDirectory, options);
  EXPECT_TRUE(log) << log.error().message();
  return log ? std::move(*log) : nullptr;
}

inline std::unique_ptr<LogStore> MustOpen(Disk& disk, const LogOptions& options) {
  auto log = LogStore::Open(disk, kLogDirectory, options);
  EXPECT_TRUE(log) << log.error().message();
  return log ? std::move(*log) : nullptr;
}

inline Status AppendEntries(LogStore& log, const std::vector<LogEntry>& entries,
                            std::optional<HardState> hard_state = std::nullopt) {
  return log.Append({hard_state, entries});
}

// All that a log says about itself.
struct LogImage {
  HardState hard_state;
  std::map<uint64_t, std::pair<uint64_t, std::string>> entries;  // index → term, data
  bool operator==(const LogImage&) const = default;
};

inline LogImage ImageOf(const LogStore& log) {
  LogImage image;
  image.hard_state = log.hard_state();
  for (uint64_t i = log.FirstIndex(); i <= log.LastIndex(); ++i) {
    auto entry = log.Read(i);
    EXPECT_TRUE(entry) << entry.error().message();
    if (!entry) continue;
    EXPECT_EQ(entry->index, i);
    EXPECT_EQ(entry->term, *log.Term(i));
    image.entries[i] = {entry->term, *entry->data};
  }
  return image;
}

}  // namespace mydis::test
