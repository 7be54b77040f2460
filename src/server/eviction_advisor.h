// When a leader says which keys are to go next when the data reaches its limit (docs/eviction.md).
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "state/state.h"

namespace mydis {

// The consensus thread.
class EvictionAdvisor {
 public:
  // The body of the pulse that is to go into the log now; empty: none.
  std::string Take(const State& state, uint64_t now_ms, Random& random);
  void OnEvicted(size_t keys) { evicted_ += keys; }
  void OnPulse() { advising_ = false; }
  // What this instance had on its way may be lost.
  void OnLeader() { advising_ = false; }

 private:
  size_t list_ = 0;        // How long the last list was.
  size_t evicted_ = 0;     // Since then.
  bool advising_ = false;  // A list is on its way through the log.
};

}  // namespace mydis
