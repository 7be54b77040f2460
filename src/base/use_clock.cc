#include "base/use_clock.h"

#include <algorithm>

#include "base/random.h"

namespace mydis {
namespace {

constexpr uint32_t kFirstFrequency = 5;  // Of a new key, so that it is not the next to go.
constexpr uint32_t kMaxFrequency = 255;
constexpr uint32_t kMinuteMask = 0xffffff;

uint32_t MinuteOf(uint64_t now_ms) { return static_cast<uint32_t>(now_ms / 60'000) & kMinuteMask; }

}  // namespace

uint32_t FrequencyWord(uint32_t frequency, uint64_t now_ms) {
  return MinuteOf(now_ms) << 8 | std::min(frequency, kMaxFrequency);
}

uint32_t FrequencyOf(uint32_t word, const UseRule& rule, uint64_t now_ms) {
  if (word == 0) return kFirstFrequency;
  const uint32_t frequency = word & kMaxFrequency;
  if (rule.decay_minutes == 0) return frequency;
  const uint32_t minutes = (MinuteOf(now_ms) - (word >> 8)) & kMinuteMask;
  return frequency - std::min(frequency, minutes / rule.decay_minutes);
}

uint32_t CountUse(uint32_t word, const UseRule& rule, uint64_t now_ms) {
  if (word == 0) return FrequencyWord(kFirstFrequency, now_ms);
  // Chance that nothing depends on: a sequence of its own for every thread will do.
  static thread_local Random random(reinterpret_cast<uintptr_t>(&random));
  uint32_t frequency = FrequencyOf(word, rule, now_ms);
  const uint64_t above = frequency > kFirstFrequency ? frequency - kFirstFrequency : 0;
  if (frequency < kMaxFrequency && random.Chance(1, above * rule.log_factor + 1)) ++frequency;
  return FrequencyWord(frequency, now_ms);
}

}  // namespace mydis
