// Time limits as programs give them. Any thread.
#pragma once

#include <algorithm>
#include <chrono>

namespace mydis {

// As good as for ever, and a time may be added to it without an overflow, in nanoseconds too.
inline constexpr std::chrono::milliseconds kLongestTimeLimit = std::chrono::hours(24 * 365 * 100);

// A program may say max() for "for ever", and less than nothing.
constexpr std::chrono::milliseconds Bounded(std::chrono::milliseconds limit) {
  return std::clamp(limit, std::chrono::milliseconds(0), kLongestTimeLimit);
}

}  // namespace mydis
