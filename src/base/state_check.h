// What an instance finds when it looks at a part of its state; see docs/digests.md.
#pragma once

#include <compare>
#include <cstdint>

namespace mydis {

// The digest of partitions first … first + count - 1. All instances come to the same after the same
// log entry.
struct StateCheck {
  uint32_t first = 0;
  uint32_t count = 0;
  uint64_t digest = 0;
  auto operator<=>(const StateCheck&) const = default;
};

}  // namespace mydis
