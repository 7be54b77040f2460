#include "server/heap.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string_view>

// Absent from programs that do not link jemalloc.
extern "C" {
int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value, size_t new_size)
    __attribute__((weak));
void malloc_stats_print(void (*write)(void*, const char*), void* out, const char* options)
    __attribute__((weak));
}

namespace mydis {
namespace {

bool HasJemalloc() { return mallctl != nullptr; }

template <typename Value>
Value Read(const char* name) {
  Value value{};
  size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : Value{};
}

HeapUse AskJemalloc() {
  // The figures are of the moment when this number was last written.
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  return {.allocated = Read<size_t>("stats.allocated"),
          .active = Read<size_t>("stats.active"),
          .resident = Read<size_t>("stats.resident")};
}

HeapUse AskGlibc() {
  const struct mallinfo2 heap = mallinfo2();
  const uint64_t held = heap.arena + heap.hblkhd;
  return {.allocated = heap.uordblks + heap.hblkhd, .active = held, .resident = held};
}

}  // namespace

HeapUse AskHeap() {
  static std::atomic<uint64_t> peak{0};
  HeapUse use = HasJemalloc() ? AskJemalloc() : AskGlibc();
  uint64_t before = peak;
  while (use.active > before && !peak.compare_exchange_weak(before, use.active)) {
  }
  use.peak = std::max(use.active, before);
  return use;
}

std::string HeapName() {
  if (!HasJemalloc()) return "glibc";
  // As "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c" comes.
  const std::string_view version = Read<const char*>("version");
  return fmt::format("jemalloc-{}", version.substr(0, version.find('-')));
}

uint64_t ResidentBytes() {
  unsigned long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string DescribeHeap() {
  std::string text = fmt::format("allocator: {}\n", HeapName());
  if (!HasJemalloc()) {
    const struct mallinfo2 heap = mallinfo2();
    return text + fmt::format(
                      "in arenas: {}\nin mapped blocks: {} ({} blocks)\nused: {}\nfree: {} "
                      "({} chunks)\ncan be given back: {}\n",
                      heap.arena, heap.hblkhd, heap.hblks, heap.uordblks, heap.fordblks,
                      heap.ordblks, heap.keepcost);
  }
  malloc_stats_print(
      [](void* out, const char* part) { static_cast<std::string*>(out)->append(part); }, &text,
      nullptr);
  return text;
}

void TrimHeap() {
  if (!HasJemalloc()) {
    malloc_trim(0);
    return;
  }
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  // 4096 is MALLCTL_ARENAS_ALL.
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

}  // namespace mydis
