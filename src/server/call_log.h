// Calls that took long on this instance: the last ones word by word (SLOWLOG), and the worst of
// each second (LATENCY).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace mydis {

struct SlowCall {
  uint64_t id = 0;
  uint64_t time_s = 0;  // Unix time.
  uint64_t microseconds = 0;
  std::vector<std::string> words;  // Shortened.
  std::string address;
  std::string client_name;
};

// Any thread.
class SlowLog {
 public:
  // Gives it the next id; the oldest beyond `max_size` go.
  void Add(SlowCall call, size_t max_size);
  // The newest first; at most `count`.
  std::vector<SlowCall> Latest(size_t count) const;
  size_t size() const;
  void Clear();

 private:
  mutable Mutex mutex_;
  uint64_t next_id_ MYDIS_GUARDED_BY(mutex_) = 0;
  std::deque<SlowCall> calls_ MYDIS_GUARDED_BY(mutex_);  // The newest first.
};

struct LatencySample {
  uint64_t time_s = 0;
  uint64_t milliseconds = 0;
};

// The samples of one event, and the longest since it was reset.
struct LatencyEvent {
  std::deque<LatencySample> samples;  // The oldest first, one for a second.
  uint64_t worst_ms = 0;
};

// Any thread.
class LatencyMonitor {
 public:
  void Add(const std::string& event, LatencySample sample);
  std::map<std::string, LatencyEvent> Events() const;
  // How many events were forgotten; all if `names` is empty.
  size_t Reset(const std::vector<std::string>& names);

 private:
  static constexpr size_t kSamples = 160;
  mutable Mutex mutex_;
  std::map<std::string, LatencyEvent> events_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
