// XXH3 hashes: keys (seeded, part of the state) and checksums of stored bytes.
#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mydis {

inline uint64_t Hash64(std::string_view bytes, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

// A seed for hash tables inside a value, chosen by chance when the program starts, so that nobody
// can choose members whose hashes are alike. Only for tables of which nothing can be seen that
// depends on it: it differs between instances.
uint64_t TableHashSeed();

}  // namespace mydis
