// An entry whose operations are being applied: for the files of StateMachine alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "state/apply_prefetch.h"
#include "state/entry_codec.h"
#include "state/state_machine.h"

namespace mydis {

struct StateMachine::EntryRun {
  const Envelope& envelope;
  EntryReader in;
  ApplyObserver* observer;
  ApplyPrefetch prefetch;
  uint32_t operation = 0;              // The one at hand.
  std::vector<uint64_t> marks = {};    // The revisions noted so far.
  std::vector<uint32_t> without = {};  // Those that would have blocked or were not run; ascending.

  bool WasWithout(uint64_t number) const {
    return std::binary_search(without.begin(), without.end(), number);
  }
  // Chance for the operation at hand, or one of its commands: from the entry's seed and the place
  // in it, so that it does not matter how much chance other operations used.
  uint64_t Seed(uint32_t element) const { return SeedAt(operation, element); }
  uint64_t SeedAt(uint32_t at_operation, uint32_t element) const {
    return envelope.seed ^ (uint64_t{at_operation} << 32 | element) * 0x9e3779b97f4a7c15ULL;
  }
};

}  // namespace mydis
