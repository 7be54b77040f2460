// Time as an interface, so that the simulator can own it. Not for the deterministic layers, which
// take time from the entry they apply.
#pragma once

#include <cstdint>

namespace mydis {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since an arbitrary start; never decreases.
  virtual uint64_t MonotonicUs() = 0;
  // Milliseconds since the Unix epoch, as this machine believes; may jump.
  virtual uint64_t WallMs() = 0;
};

// The machine's own clocks. Any thread.
class SystemClock final : public Clock {
 public:
  uint64_t MonotonicUs() override;
  uint64_t WallMs() override;
};

}  // namespace mydis
