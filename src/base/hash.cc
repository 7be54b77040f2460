#include "base/hash.h"

#include "base/random.h"

namespace mydis {

uint64_t TableHashSeed() {
  static const uint64_t seed = RandomSeed();
  return seed;
}

}  // namespace mydis
