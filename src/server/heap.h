// What the memory allocator says of itself. Programs link mimalloc, or, where sanitizers bring an
// allocator of their own, nothing.
#pragma once

#include <cstdint>
#include <string>

namespace mydis {

struct HeapUse {
  uint64_t held = 0;       // Bytes taken from the system, in use or free.
  uint64_t held_peak = 0;  // The most there has been.
};

// Any thread.
HeapUse AskHeap();
// Of the whole process, as the system counts them.
uint64_t ResidentBytes();
// In the allocator's own words.
std::string DescribeHeap();
// Gives the system back what the calling thread's part of the heap does not need.
void TrimHeap();
// Has the calling thread take back what other threads have freed of its part of the heap.
void TakeBackFreed();

}  // namespace mydis
