// Numbers that are given out once in the life of the program.
#pragma once

#include <cstdint>

namespace mydis {

// Never the same twice, and never zero. Any thread.
uint64_t UniqueNumber();

}  // namespace mydis
