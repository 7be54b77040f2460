#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace mydis {

uint64_t RandomSeed() {
  uint64_t seed = 0;
  MYDIS_ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed, "getrandom failed");
  return seed;
}

}  // namespace mydis
