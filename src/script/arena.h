// The memory of one Lua state: an allocator whose behaviour depends on nothing but the requests.
//
// The range begins on a 4 GiB boundary and everything the allocator knows lies inside it, so that
// the same requests give the same offsets in every process, and copying the bytes back brings back
// an earlier moment entirely: docs/scripting.md says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "script/written_pages.h"

namespace mydis {

// What a moment of an arena was like: the difference to its base.
struct ArenaImage {
  struct Block {
    uint32_t offset;
    uint32_t size;
    uint32_t source;  // Where its bytes begin in `bytes`.
  };
  std::vector<Block> blocks;
  std::string bytes;
  uint64_t base_pages = 0;  // Bit i: blocks lie in page i of the base.
  uint64_t number = 0;      // Its arena's own, from 1 on.
  size_t MemoryBytes() const { return bytes.size() + blocks.size() * sizeof(Block); }
};

// One thread at a time.
class LuaArena {
 public:
  LuaArena();
  ~LuaArena();
  LuaArena(const LuaArena&) = delete;
  LuaArena& operator=(const LuaArena&) = delete;

  // False if the system has refused the address range.
  bool ok() const { return memory_ != nullptr; }

  // Lua's allocation function: `ud` is the arena. Gives nullptr beyond the limit.
  static void* Allocate(void* ud, void* block, size_t old_size, size_t new_size);

  // Bytes that blocks in use take, as they were asked for.
  uint64_t used() const { return head().used; }
  // Bytes asked for since the last ResetVolume(), whether they are still in use or not.
  uint64_t volume() const { return head().volume; }
  void ResetVolume() { head().volume = 0; }
  // Work that counts as if bytes had been asked for, so many for each step, of the arena that this
  // lies in. May be called wherever Lua is.
  static constexpr uint64_t kBytesPerStep = 16;
  static void ChargeSteps(const void* within, uint64_t steps) {
    // lint: pointer-order-ok it finds the arena
    const uintptr_t begin = reinterpret_cast<uintptr_t>(within) & ~(kReserve - 1);
    reinterpret_cast<Head*>(begin)->volume += steps * kBytesPerStep;
  }
  uint64_t limit() const { return head().limit; }
  void set_limit(uint64_t bytes) { head().limit = bytes; }

  // Makes what the arena holds now its base. New blocks come to lie behind it: what is free in it
  // is not used again, so that a call writes to few of its pages.
  // REQUIRES: called once.
  void KeepBase();
  size_t base_bytes() const { return base_.size(); }
  // What differs from the base.
  ArenaImage SaveDifference();
  // Brings back the moment of KeepBase(), and then that of SaveDifference() if one is given. Copies
  // only those pages of the base that may have been written since, or that differ in what was
  // brought back last. REQUIRES: `difference` is of this arena, and unchanged.
  void Restore(const ArenaImage* difference);
  // Pages of the base that the next Restore() copies.
  uint64_t written_pages() const { return written_.written(); }

 private:
  static constexpr size_t kReserve = size_t{4} << 30;
  static constexpr size_t kCommitStep = size_t{1} << 20;
  // What stays committed between calls; the rest goes back to the system.
  static constexpr size_t kKeep = size_t{8} << 20;
  static constexpr int kClasses = 160;
  // Restores between two after which all pages count as not written: a page that one script has
  // written is copied for all others until then.
  static constexpr uint32_t kLearnAgain = 1024;
  // At the beginning of the range, part of every image.
  struct Head {
    uint64_t top;  // Offset behind the last block ever cut.
    uint64_t used;
    uint64_t volume;
    uint64_t limit;
    uint32_t free[kClasses];  // Offset / 16 of the first free block of each class; 0: none.
  };

  Head& head() { return *reinterpret_cast<Head*>(memory_); }
  const Head& head() const { return *reinterpret_cast<const Head*>(memory_); }
  static int ClassOf(size_t size, size_t* room);
  void* Take(size_t size);
  void Give(void* block, size_t size);
  void Commit(size_t end);
  void Trim(size_t top);

  char* memory_ = nullptr;
  size_t committed_ = 0;
  std::string base_;
  WrittenPages written_;  // Pages of the base.
  uint32_t restores_ = 0;
  uint64_t images_ = 0;  // Saved so far.
  // What was brought back last: its number (0: the base alone), its pages.
  uint64_t current_ = 0;
  uint64_t current_pages_ = 0;
};

}  // namespace mydis
