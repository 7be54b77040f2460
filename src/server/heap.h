// What the memory allocator says of itself. Programs link jemalloc, or, where sanitizers bring an
// allocator of their own, nothing.
#pragma once

#include <cstdint>
#include <string>

namespace mydis {

struct HeapUse {
  uint64_t allocated = 0;  // Bytes asked for and not freed, with what sizes are rounded up by.
  uint64_t active = 0;     // On pages with anything in use.
  uint64_t resident = 0;   // In memory, with the allocator's own data and free pages.
  uint64_t peak = 0;       // The most `active` that was ever seen here.
};

// Any thread.
HeapUse AskHeap();
// Of the whole process, as the system counts them.
uint64_t ResidentBytes();
// Its name and version.
std::string HeapName();
// In the allocator's own words.
std::string DescribeHeap();
// Gives the system back what the heap does not need.
void TrimHeap();

}  // namespace mydis
