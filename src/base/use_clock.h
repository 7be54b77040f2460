// When keys are used, for OBJECT IDLETIME, OBJECT FREQ and eviction: what a thread's look-ups leave
// in the entries they find. A hint beside the state, which nothing in it depends on.
#pragma once

#include <cstdint>

namespace mydis {

// How uses are kept. Under an LFU policy: a counter on a logarithmic scale, as in Redis, and the
// minute of its last change; else: the time of the last use.
struct UseRule {
  bool frequency = false;
  uint32_t log_factor = 10;    // The higher, the slower the counter grows.
  uint32_t decay_minutes = 1;  // The counter loses one for every so many minutes; 0: never.
};

struct UseClock {
  uint64_t now_ms = 0;  // The cluster's time; 0: look-ups are not uses.
  UseRule rule;
};

// Of the calling thread, set by whoever runs a command.
inline constinit thread_local UseClock thread_use;

// While it lives, look-ups of this thread count as uses at that time.
class UseScope {
 public:
  UseScope(uint64_t now_ms, const UseRule& rule) : outer_(thread_use) {
    thread_use = {now_ms, rule};
  }
  ~UseScope() { thread_use = outer_; }
  UseScope(const UseScope&) = delete;
  UseScope& operator=(const UseScope&) = delete;

 private:
  const UseClock outer_;
};

// For commands that look at keys without using them: TTL, TYPE, EXISTS …
class UntouchedLookups {
 public:
  UntouchedLookups() : now_ms_(thread_use.now_ms) { thread_use.now_ms = 0; }
  ~UntouchedLookups() { thread_use.now_ms = now_ms_; }
  UntouchedLookups(const UntouchedLookups&) = delete;
  UntouchedLookups& operator=(const UntouchedLookups&) = delete;

 private:
  const uint64_t now_ms_;
};

// Without an LFU policy a word holds the time of the last use, to 16 ms, modulo two years: keys
// left alone for more than one seem to be used just now. 0: none was noted.
inline constexpr int kUseShift = 4;
inline uint32_t WordOfUse(uint64_t now_ms) {
  const auto word = static_cast<uint32_t>(now_ms >> kUseShift);
  return word == 0 ? 1 : word;
}
// How long ago that was, in ms; less than 16 ms and times to come count as 0.
inline uint64_t IdleMs(uint32_t word, uint64_t now_ms) {
  const auto steps = static_cast<int32_t>(WordOfUse(now_ms) - word);
  return steps < 0 ? 0 : static_cast<uint64_t>(steps) << kUseShift;
}

// Of the counter that an LFU policy keeps in an entry's word: the value as of `now_ms`, 0 to 255.
uint32_t FrequencyOf(uint32_t word, const UseRule& rule, uint64_t now_ms);
// The word after one more use.
uint32_t CountUse(uint32_t word, const UseRule& rule, uint64_t now_ms);
// The word with that counter, changed now.
uint32_t FrequencyWord(uint32_t frequency, uint64_t now_ms);

}  // namespace mydis
