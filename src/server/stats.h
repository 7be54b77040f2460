// Counters of this instance, for INFO and CONFIG RESETSTAT.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/read_trace.h"
#include "commands/spec.h"

namespace mydis {

// Any thread; counters are relaxed.
struct Counter {
  std::atomic<uint64_t> value{0};
  void Add(uint64_t n = 1) { value.fetch_add(n, std::memory_order_relaxed); }
  uint64_t Get() const { return value.load(std::memory_order_relaxed); }
  void Reset() { value.store(0, std::memory_order_relaxed); }
};

// One call in so many is timed: two looks at the clock would cost more than a GET.
inline constexpr uint32_t kTimedOneIn = 32;

// How long one call takes, if `on`.
class CallTimer {
 public:
  explicit CallTimer(bool on) : on_(on) {
    if (on) start_ = std::chrono::steady_clock::now();
  }
  bool on() const { return on_; }
  // At least 1.
  uint64_t Nanoseconds() const {
    return static_cast<uint64_t>((std::chrono::steady_clock::now() - start_).count()) | 1;
  }

 private:
  bool on_;
  std::chrono::steady_clock::time_point start_;
};

// Calls by how long they took: bucket n is for up to 1024·2ⁿ nanoseconds, a little more as Redis
// counts, the last one for all others.
inline constexpr size_t kTimeBuckets = 24;
constexpr uint64_t TimeBucketLimitNs(size_t bucket) {
  const uint64_t limit = uint64_t{1024} << bucket;
  return limit + (limit >> 7) - 1;
}
size_t TimeBucketOf(uint64_t nanoseconds);

// Adds to a counter that only one thread writes: no locked instruction is needed.
inline void AddTo(std::atomic<uint64_t>& counter, uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

// Of one command, counted by one I/O thread: written by that thread alone, read by any.
struct CommandCount {
  std::atomic<uint64_t> calls{0};
  // Some calls are timed; the others are taken to be like them.
  std::atomic<uint64_t> timed_calls{0};
  std::atomic<uint64_t> timed_ns{0};
  std::array<std::atomic<uint64_t>, kTimeBuckets> buckets{};  // Of the timed calls.
  std::atomic<uint64_t> rejected{0};                          // Refused before it ran.
  std::atomic<uint64_t> failed{0};                            // Answered with an error.
  void AddTime(uint64_t nanoseconds) {
    AddTo(timed_calls, 1);
    AddTo(timed_ns, nanoseconds);
    AddTo(buckets[TimeBucketOf(nanoseconds)], 1);
  }
};

struct Stats;

// One I/O thread's counts, or those of whoever applies, who has the state's lock: no cache line is
// shared with another thread while counting.
class ThreadStats final : public CallCounter {
 public:
  explicit ThreadStats(Stats& all) : all_(all) {}
  CommandCount& Of(const CommandSpec* spec);  // Its own thread.
  // Of scripts that it runs; its own thread.
  void CountCall(const CommandSpec* spec, Outcome outcome, std::string_view error) override;
  struct Sum {
    uint64_t calls = 0, timed_calls = 0, timed_ns = 0, rejected = 0, failed = 0;
    std::array<uint64_t, kTimeBuckets> buckets{};
    void Add(const Sum& other);
    // How long the call at that place among all took at most, in microseconds.
    double PercentileUs(double percent) const;
    double MicrosecondsPerCall() const {
      return timed_calls == 0 ? 0.0 : static_cast<double>(timed_ns) / 1000.0 / timed_calls;
    }
  };
  void AddTo(std::map<const CommandSpec*, Sum>& sums) const;  // Any thread.
  void Reset();                                               // Any thread.

  std::atomic<uint64_t> commands{0};
  std::atomic<uint64_t> most_commands_a_turn{0};
  std::atomic<uint64_t> keyspace_hits{0};
  std::atomic<uint64_t> keyspace_misses{0};

 private:
  Stats& all_;
  mutable Mutex mutex_;  // Guards the shape of the map, not the counts.
  std::unordered_map<const CommandSpec*, std::unique_ptr<CommandCount>> counts_
      MYDIS_GUARDED_BY(mutex_);
};

// What loops have done since they began, or since CONFIG RESETSTAT.
struct LoopTotals {
  uint64_t turns = 0;
  uint64_t busy_us = 0;     // Awake.
  uint64_t timers_us = 0;   // Of these, in timers.
  uint64_t longest_us = 0;  // The longest turn.
};

struct Stats {
  Stats(uint32_t io_threads, uint32_t visitors);
  // One each, then one of whoever applies entries, then those of the state lock's visitors.
  std::vector<std::unique_ptr<ThreadStats>> threads;
  ThreadStats& applying() { return *threads[io_threads_]; }
  // REQUIRES: the caller has the slot of this number among the visitors'.
  ThreadStats& visitor(uint32_t slot) { return *threads[io_threads_ + 1 + slot]; }
  Counter connections;
  Counter rejected_connections;
  Counter net_input_bytes;   // Of connections that have closed; open ones are in their records.
  Counter net_output_bytes;  // Likewise.
  Counter protocol_errors;
  // Over the last second.
  std::atomic<uint64_t> ops_per_second{0};
  std::atomic<uint64_t> turns_per_second{0};  // Of the I/O threads' loops.
  std::atomic<uint64_t> busy_us_per_turn{0};
  std::atomic<uint64_t> input_per_second{0};  // Bytes.
  std::atomic<uint64_t> output_per_second{0};
  // Error replies by their prefix, for INFO errorstats.
  void CountError(std::string_view text);
  std::map<std::string, uint64_t> Errors() const;
  uint64_t Commands() const;
  void Reset();

 private:
  const uint32_t io_threads_;
  mutable Mutex mutex_;
  std::map<std::string, uint64_t> errors_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
