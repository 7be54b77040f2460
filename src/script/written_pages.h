// Which pages of a range of memory were written: those that were not are write-protected, and the
// first write to one of them is a fault (SIGSEGV) that this file answers by allowing it.
#pragma once

// lint: include-ok what a fault on the same thread changes
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mydis {

// Lets this process's faults be answered, from the next Watch() on. Until then every page counts as
// written: whether signals may be handled is the host program's to say, not a library's.
void AnswerWriteFaults();

// The owner's thread, which is also the only one that writes to the range.
class WrittenPages {
 public:
  static constexpr size_t kPage = 4096;
  static constexpr size_t kMaxPages = 64;

  WrittenPages() = default;
  ~WrittenPages() { Leave(); }
  WrittenPages(const WrittenPages&) = delete;
  WrittenPages& operator=(const WrittenPages&) = delete;

  // Watches this range, all of which may be written so far. Where the system does not play along
  // it stays so, and every page counts as written for ever.
  // REQUIRES: `begin` on a page's boundary; 1 to kMaxPages pages, all there for reading and
  // writing; called once.
  void Watch(char* begin, size_t pages);
  // Ends it. Must come before the range is given back to the system.
  void Leave();

  // Bit i: page i may have been written since Protect() was told of it.
  // lint: lock-ok the fault interrupts the owner's thread itself
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  // Forgets that these were written: the next write is noticed.
  void Protect(uint64_t pages);
  // These are about to be written; spares them the fault.
  void Allow(uint64_t pages);

 private:
  static bool Answer(const void* address);
  bool Change(uint64_t pages, int protection);
  uint64_t all() const { return ~uint64_t{0} >> (kMaxPages - pages_); }

  char* begin_ = nullptr;
  size_t pages_ = 0;
  int slot_ = -1;
  // lint: lock-ok the fault interrupts the owner's thread itself
  std::atomic<uint64_t> written_{0};

  friend struct FaultHandler;
};

}  // namespace mydis
