#include "server/heap.h"

#include <fmt/format.h>
#include <malloc.h>
#include <mimalloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

// Absent from programs that do not link mimalloc.
#pragma weak mi_collect
#pragma weak mi_process_info
#pragma weak mi_stats_merge
#pragma weak mi_stats_print_out
#pragma weak mi_version

namespace mydis {
namespace {

bool HasMimalloc() { return mi_version != nullptr; }

HeapUse AskMimalloc() {
  size_t ignored = 0;
  size_t held = 0;
  size_t peak = 0;
  mi_process_info(&ignored, &ignored, &ignored, &ignored, &ignored, &held, &peak, &ignored);
  return {held, peak};
}

// glibc remembers no peak: the most that was ever seen here.
HeapUse AskGlibc() {
  static std::atomic<uint64_t> peak{0};
  const struct mallinfo2 heap = mallinfo2();
  const uint64_t held = heap.arena + heap.hblkhd;
  uint64_t before = peak;
  while (held > before && !peak.compare_exchange_weak(before, held)) {
  }
  return {held, std::max(held, before)};
}

}  // namespace

HeapUse AskHeap() { return HasMimalloc() ? AskMimalloc() : AskGlibc(); }

uint64_t ResidentBytes() {
  unsigned long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string DescribeHeap() {
  if (!HasMimalloc()) {
    const struct mallinfo2 heap = mallinfo2();
    return fmt::format(
        "allocator: glibc\nin arenas: {}\nin mapped blocks: {} ({} blocks)\nused: {}\nfree: {} "
        "({} chunks)\ncan be given back: {}\n",
        heap.arena, heap.hblkhd, heap.hblks, heap.uordblks, heap.fordblks, heap.ordblks,
        heap.keepcost);
  }
  std::string text = fmt::format("allocator: mimalloc {}\n", mi_version());
  mi_stats_merge();
  mi_stats_print_out(
      [](const char* part, void* out) { static_cast<std::string*>(out)->append(part); }, &text);
  return text;
}

void TrimHeap() {
  if (HasMimalloc()) {
    mi_collect(true);
  } else {
    malloc_trim(0);
  }
}

// mimalloc does so whenever a block is asked for that is not among its lists of small ones.
void TakeBackFreed() {
  constexpr size_t kNotSmall = 4096;
  if (!HasMimalloc()) return;
  void* volatile block = std::malloc(kNotSmall);  // Volatile: it is not left out.
  std::free(block);
}

}  // namespace mydis
