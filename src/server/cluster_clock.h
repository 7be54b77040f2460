// The cluster's time on this instance.
//
// The leader's clock is the cluster's. Followers extrapolate it from the last entry that they
// applied with their own monotonic clock; their wall clocks do not matter. A new leader goes on
// from the time it knew and approaches its own wall clock by slewing, so that a clock that jumps
// moves nobody's deadlines. Only after a restart, when nothing but old entries is known, a wall
// clock that is ahead is taken at once: the time that passed meanwhile is real.
//
// NowMs never goes back: a clock that is ahead of the leader's stands still until time has caught
// up.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace mydis {

class ClusterClock {
 public:
  explicit ClusterClock(Clock& clock) : clock_(clock) {}

  // Extrapolated cluster time in Unix ms. Any thread.
  uint64_t NowMs() const {
    // The floor is raised before the offset is lowered: whoever sees the lower offset sees the
    // floor.
    const int64_t offset = offset_ms_.load(std::memory_order_acquire);
    const auto now = static_cast<uint64_t>(MonotonicMs() + offset);
    return std::max(now, floor_ms_.load(std::memory_order_relaxed));
  }

  // How long until NowMs() is at that time; 0: it is. Any thread.
  uint64_t UntilUs(int64_t time_ms) const {
    if (static_cast<int64_t>(NowMs()) >= time_ms) return 0;
    const int64_t at_ms = time_ms - offset_ms_.load(std::memory_order_relaxed);
    constexpr int64_t kFarMs = int64_t{1} << 50;
    if (at_ms > kFarMs) return static_cast<uint64_t>(kFarMs) * 1000;
    return static_cast<uint64_t>(
        std::max<int64_t>(at_ms * 1000 - static_cast<int64_t>(clock_.MonotonicUs()), 1));
  }

  // An entry with this time was applied. `live`: it was stamped just now, not replayed from the
  // log. The consensus thread.
  void OnApplied(uint64_t time_ms, bool live);
  // The leader's stamp for its next entry: never less than any before. The consensus thread.
  uint64_t Stamp();

 private:
  // Of 1 ms, how much of it may go into correcting the clock: 1/kSlewRate. One correction makes up
  // for at most kSlewWindowMs, however long ago the last one was.
  static constexpr int64_t kSlewRate = 16;
  static constexpr int64_t kSlewWindowMs = 1000;
  // How much later than stamped an entry is applied when all goes well.
  static constexpr int64_t kLateMs = 1000;

  int64_t MonotonicMs() const { return static_cast<int64_t>(clock_.MonotonicUs() / 1000); }
  // Moves the offset towards `wanted`, as far as the time since the last correction allows.
  void Slew(int64_t wanted);
  void SetOffset(int64_t offset);

  Clock& clock_;
  std::atomic<int64_t> offset_ms_{0};  // Cluster time less monotonic time.
  std::atomic<uint64_t> floor_ms_{0};  // What NowMs gave before the offset was lowered.
  bool live_ = false;                  // The offset comes from a running cluster.
  uint64_t last_ms_ = 0;               // Greatest time applied or stamped.
  int64_t slewed_at_ms_ = 0;           // Monotonic time of the last correction.
};

}  // namespace mydis
