// How much a read or a write promises. Standard library only.
#pragma once

#include <cstdint>

namespace mydis {

enum class Consistency : uint8_t {
  // A read is answered from the instance's own state; a write once a majority has committed it.
  kEventual,
  // A read is linearizable; a write is answered once all instances have applied it.
  kStrong,
};

}  // namespace mydis
