#include "server/cluster_clock.h"

namespace mydis {

void ClusterClock::SetOffset(int64_t offset) {
  if (offset < offset_ms_.load(std::memory_order_relaxed))
    floor_ms_.store(NowMs(), std::memory_order_relaxed);
  offset_ms_.store(offset, std::memory_order_release);
}

void ClusterClock::Slew(int64_t wanted) {
  const int64_t monotonic_ms = MonotonicMs();
  const int64_t elapsed = std::min(monotonic_ms - slewed_at_ms_, kSlewWindowMs);
  const int64_t step = elapsed / kSlewRate;
  if (step == 0) return;
  slewed_at_ms_ = monotonic_ms;
  const int64_t offset = offset_ms_.load(std::memory_order_relaxed);
  SetOffset(offset + std::clamp(wanted - offset, -step, step));
}

void ClusterClock::OnApplied(uint64_t time_ms, bool live) {
  last_ms_ = std::max(last_ms_, time_ms);
  live_ |= live;
  // An entry arrives late, never early: the largest offset seen is the nearest to the truth, but a
  // leader that slews back must be followed too.
  const int64_t offset = static_cast<int64_t>(time_ms) - MonotonicMs();
  const int64_t known = offset_ms_.load(std::memory_order_relaxed);
  if (offset > known) {
    SetOffset(offset);
  } else if (live && known - offset > kLateMs) {
    Slew(offset + kLateMs);
  }
}

uint64_t ClusterClock::Stamp() {
  const int64_t wanted = static_cast<int64_t>(clock_.WallMs()) - MonotonicMs();
  if (!live_ && wanted > offset_ms_.load(std::memory_order_relaxed)) {
    SetOffset(wanted);
  } else {
    Slew(wanted);
  }
  live_ = true;
  last_ms_ = std::max(last_ms_, NowMs());
  return last_ms_;
}

}  // namespace mydis
