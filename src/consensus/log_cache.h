// The newest entries of the log, in memory: to be applied, and to be sent to followers.
#pragma once

#include <cstdint>
#include <deque>

#include "consensus/types.h"

namespace mydis {

// Holds consecutive entries first() … last(); empty when last() + 1 == first(). One thread.
class LogCache {
 public:
  explicit LogCache(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Empties it; the next entry will have index `next`.
  void Reset(uint64_t next);
  // Puts an entry at its index: what is there or after it is replaced. An entry beyond last() + 1
  // (older ones were never here) starts the cache anew.
  void Append(LogEntry entry);
  // Null if it is not here.
  const LogEntry* Find(uint64_t index) const;
  // Gives up the oldest entries while there are more than the limit's bytes, but none above
  // `through`, which is still needed.
  void Evict(uint64_t through);
  // The first index that may be dropped so that what follows it weighs at most `bytes`: everything
  // after the returned index stays.
  uint64_t TailStart(uint64_t bytes) const;

  uint64_t first() const { return first_; }
  uint64_t last() const { return first_ + entries_.size() - 1; }
  uint64_t bytes() const { return bytes_; }

 private:
  static uint64_t Weight(const LogEntry& entry) {
    return sizeof(LogEntry) + (entry.data ? entry.data->size() : 0);
  }

  uint64_t limit_bytes_;
  uint64_t first_ = 1;
  uint64_t bytes_ = 0;
  std::deque<LogEntry> entries_;
};

}  // namespace mydis
