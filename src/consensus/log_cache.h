// The newest entries of the log, in memory: to be applied, and to be sent to followers.
#pragma once

#include <cstdint>
#include <deque>

#include "consensus/types.h"

namespace mydis {

// Holds consecutive entries first() … last(); empty when last() + 1 == first(). One thread.
class LogCache {
 public:
  // `tail_bytes`: about how much of the log's end TailStart() leaves.
  explicit LogCache(uint64_t tail_bytes) : tail_bytes_(tail_bytes) {}

  // Empties it; the next entry will have index `next`.
  void Reset(uint64_t next);
  // Puts an entry at its index: what is there or after it is replaced. An entry beyond last() + 1
  // (older ones were never here) starts the cache anew.
  void Append(LogEntry entry);
  // Null if it is not here.
  const LogEntry* Find(uint64_t index) const;
  // Gives up the oldest entries while there are more than `limit_bytes`, but none above `through`,
  // which is still needed.
  void Evict(uint64_t through, uint64_t limit_bytes);
  // The last index of the log that may be dropped so that what follows it weighs at most the
  // tail's bytes, whether it is here or on disk alone.
  uint64_t TailStart() const;

  uint64_t first() const { return first_; }
  uint64_t last() const { return first_ + entries_.size() - 1; }
  uint64_t bytes() const { return bytes_; }

 private:
  static uint64_t Weight(const LogEntry& entry) {
    return sizeof(LogEntry) + (entry.data ? entry.data->size() : 0);
  }

  // Where in the log an entry stands.
  struct Mark {
    uint64_t index;
    uint64_t bytes_before;  // Of all entries since the start of this process.
  };
  static constexpr uint64_t kMarksPerTail = 32;
  void MarkEntry(uint64_t index);

  uint64_t tail_bytes_;
  uint64_t first_ = 1;
  uint64_t bytes_ = 0;
  uint64_t appended_bytes_ = 0;
  std::deque<Mark> marks_;  // Some entries of the tail, the oldest first.
  std::deque<LogEntry> entries_;
};

}  // namespace mydis
