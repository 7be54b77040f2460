#include "server/cluster_clock.h"

#include <algorithm>

namespace mydis {

void ClusterClock::OnApplied(uint64_t time_ms, bool live) {
  last_ms_ = std::max(last_ms_, time_ms);
  const auto monotonic_ms = static_cast<int64_t>(clock_.MonotonicUs() / 1000);
  const int64_t offset = static_cast<int64_t>(time_ms) - monotonic_ms;
  // An entry arrives late, never early: the largest offset seen is the nearest to the truth, but a
  // leader that slews back must be followed too.
  if (live && !live_) {
    live_ = true;
    offset_ms_.store(offset, std::memory_order_relaxed);
    return;
  }
  const int64_t known = offset_ms_.load(std::memory_order_relaxed);
  if (offset > known) {
    offset_ms_.store(offset, std::memory_order_relaxed);
  } else if (live && known - offset > 1000) {
    offset_ms_.store(known - 1, std::memory_order_relaxed);
  }
}

uint64_t ClusterClock::Stamp() {
  const uint64_t monotonic_ms = clock_.MonotonicUs() / 1000;
  const auto wall = static_cast<int64_t>(clock_.WallMs());
  int64_t offset = offset_ms_.load(std::memory_order_relaxed);
  const int64_t difference = wall - static_cast<int64_t>(monotonic_ms) - offset;
  if (!live_) {
    live_ = true;
    if (difference > 0) offset += difference;
  } else {
    const auto elapsed = static_cast<int64_t>(monotonic_ms - slewed_at_ms_);
    const int64_t step = elapsed / kSlewRate;
    if (step > 0 || slewed_at_ms_ == 0) {
      offset += std::clamp(difference, -step, step);
      slewed_at_ms_ = monotonic_ms;
    }
  }
  if (slewed_at_ms_ == 0) slewed_at_ms_ = monotonic_ms;
  const auto now = static_cast<uint64_t>(static_cast<int64_t>(monotonic_ms) + offset);
  last_ms_ = std::max(last_ms_, now);
  offset_ms_.store(offset, std::memory_order_relaxed);
  return last_ms_;
}

}  // namespace mydis
