// How many look-ups of keys have found something: a statistic beside the state, which nothing in it
// depends on.
#pragma once

#include <cstdint>

namespace mydis {

struct LookupCount {
  uint64_t hits = 0;
  uint64_t misses = 0;
  LookupCount operator-(const LookupCount& b) const { return {hits - b.hits, misses - b.misses}; }
};

// Of the calling thread since it started; whoever runs a command takes the difference.
inline constinit thread_local LookupCount thread_lookups;

}  // namespace mydis
