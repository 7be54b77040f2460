#include "script/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr size_t kUnit = 16;
constexpr size_t kSmall = 512;  // Up to here a class for each multiple of 16 bytes.
constexpr int kSmallClasses = kSmall / kUnit;
constexpr size_t kLarge = size_t{1} << 20;
constexpr size_t kPage = WrittenPages::kPage;
constexpr size_t kBlock = 64;  // Differences between images are kept in blocks of this size.

size_t RoundUp(size_t size, size_t step) { return (size + step - 1) / step * step; }

}  // namespace

LuaArena::LuaArena() {
  // Twice the range, so that one aligned range is inside; the rest is given back.
  constexpr size_t kAll = 2 * kReserve;
  void* all = mmap(nullptr, kAll, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) return;
  // lint: pointer-order-ok where the range lies decides nothing
  const auto begin = reinterpret_cast<uintptr_t>(all);
  const uintptr_t aligned = RoundUp(begin, kReserve);
  if (aligned > begin) munmap(all, aligned - begin);
  const uintptr_t end = begin + kAll;
  if (end > aligned + kReserve) {
    munmap(reinterpret_cast<void*>(aligned + kReserve), end - aligned - kReserve);
  }
  memory_ = reinterpret_cast<char*>(aligned);
  Commit(sizeof(Head));
  head() = Head{};
  head().top = RoundUp(sizeof(Head), kBlock);
  head().limit = kReserve;
}

LuaArena::~LuaArena() {
  written_.Leave();
  if (memory_ != nullptr) munmap(memory_, kReserve);
}

// `room`: the bytes that blocks of the class have. Above the small ones four classes for each power
// of two.
int LuaArena::ClassOf(size_t size, size_t* room) {
  if (size <= kSmall) {
    const size_t units = (std::max<size_t>(size, 1) + kUnit - 1) / kUnit;
    *room = units * kUnit;
    return static_cast<int>(units - 1);
  }
  const int power = std::bit_width(size - 1) - 1;  // 2^power < size <= 2^(power + 1)
  const size_t step = (size_t{1} << power) / 4;
  const size_t quarters = (size - (size_t{1} << power) + step - 1) / step;  // 1 … 4
  *room = (size_t{1} << power) + quarters * step;
  return kSmallClasses + (power - 9) * 4 + static_cast<int>(quarters - 1);
}

void LuaArena::Commit(size_t end) {
  if (end <= committed_) return;
  // Steps that grow with what is there, so that their number stays small.
  const size_t wanted =
      std::min(kReserve, RoundUp(std::max(end, committed_ + committed_ / 4), kCommitStep));
  // An instance whose system is out of memory must not go on with another result than the others.
  const int failed = mprotect(memory_ + committed_, wanted - committed_, PROT_READ | PROT_WRITE);
  MYDIS_ASSERT(failed == 0, "the system has no memory for a script");
  committed_ = wanted;
}

void* LuaArena::Take(size_t size) {
  size_t room = 0;
  const int index = ClassOf(size, &room);
  if (index >= kClasses) return nullptr;
  uint32_t& first = head().free[index];
  if (first != 0) {
    char* block = memory_ + size_t{first} * kUnit;
    std::memcpy(&first, block, sizeof first);
    return block;
  }
  const uint64_t offset = head().top;
  if (room > kReserve - offset) return nullptr;
  Commit(offset + room);
  head().top = offset + room;
  return memory_ + offset;
}

void LuaArena::Give(void* block, size_t size) {
  size_t room = 0;
  uint32_t& first = head().free[ClassOf(size, &room)];
  std::memcpy(block, &first, sizeof first);
  first = static_cast<uint32_t>(static_cast<size_t>(static_cast<char*>(block) - memory_) / kUnit);
  if (room < kLarge) return;
  // All but the page with the link above goes back to the system at once.
  const auto offset = static_cast<size_t>(static_cast<char*>(block) - memory_);
  const size_t begin = RoundUp(offset + sizeof first, kPage);
  const size_t end = (offset + room) / kPage * kPage;
  madvise(memory_ + begin, end - begin, MADV_DONTNEED);
}

void* LuaArena::Allocate(void* ud, void* block, size_t old_size, size_t new_size) {
  auto& arena = *static_cast<LuaArena*>(ud);
  Head& head = arena.head();
  if (block == nullptr) old_size = 0;
  if (new_size == 0) {
    if (block != nullptr) arena.Give(block, old_size);
    head.used -= old_size;
    return nullptr;
  }
  if (new_size > old_size) {
    if (head.used + (new_size - old_size) > head.limit) return nullptr;
    head.volume += new_size - old_size;
  }
  size_t old_room = 0;
  size_t new_room = 0;
  if (block != nullptr && ClassOf(old_size, &old_room) == ClassOf(new_size, &new_room)) {
    head.used += new_size - old_size;
    return block;
  }
  void* fresh = arena.Take(new_size);
  if (fresh == nullptr) {
    if (new_size > old_size) return nullptr;
    // Lua relies on shrinking never failing. The block stays where it is; freed later by its new
    // size it will be a large one among smaller ones, which does no harm.
    head.used += new_size - old_size;
    return block;
  }
  head.used += new_size - old_size;
  if (block != nullptr) {
    std::memcpy(fresh, block, std::min(old_size, new_size));
    arena.Give(block, old_size);
  }
  return fresh;
}

void LuaArena::KeepBase() {
  MYDIS_ASSERT(base_.empty(), "an arena has one base");
  std::ranges::fill(head().free, 0u);
  head().top = RoundUp(head().top, kPage);
  MYDIS_ASSERT(head().top <= kPage * WrittenPages::kMaxPages, "the base is small");
  Commit(head().top);
  base_.assign(memory_, head().top);
  written_.Watch(memory_, base_.size() / kPage);
}

ArenaImage LuaArena::SaveDifference() {
  ArenaImage image;
  image.number = ++images_;
  const size_t shared = base_.size();
  const auto add = [&](size_t offset, size_t size) {
    const auto source = static_cast<uint32_t>(image.bytes.size());
    image.bytes.append(memory_ + offset, size);
    // A block of the base lies in one page.
    if (!image.blocks.empty() && (offset % kPage != 0 || offset > shared)) {
      ArenaImage::Block& last = image.blocks.back();
      if (last.offset + last.size == offset) {
        last.size += static_cast<uint32_t>(size);
        return;
      }
    }
    image.blocks.push_back({static_cast<uint32_t>(offset), static_cast<uint32_t>(size), source});
  };
  for (size_t at = 0; at < shared; at += kBlock) {
    if (std::memcmp(memory_ + at, base_.data() + at, kBlock) == 0) continue;
    add(at, kBlock);
    image.base_pages |= uint64_t{1} << at / kPage;
  }
  if (head().top > shared) add(shared, head().top - shared);
  return image;
}

void LuaArena::Restore(const ArenaImage* difference) {
  static const ArenaImage kNone;
  const ArenaImage& image = difference != nullptr ? *difference : kNone;
  Trim(head().top);
  if (image.number != current_) {
    written_.Allow(image.base_pages | current_pages_);
    current_ = image.number;
    current_pages_ = image.base_pages;
  }
  const uint64_t written = written_.written();
  for (uint64_t left = written; left != 0; left &= left - 1) {
    const size_t at = static_cast<size_t>(std::countr_zero(left)) * kPage;
    std::memcpy(memory_ + at, base_.data() + at, kPage);
  }
  for (const ArenaImage::Block& block : image.blocks) {
    if (block.offset < base_.size() && (written >> block.offset / kPage & 1) == 0) continue;
    Commit(block.offset + block.size);
    std::memcpy(memory_ + block.offset, image.bytes.data() + block.source, block.size);
  }
  if (++restores_ % kLearnAgain == 1) written_.Protect(~uint64_t{0});
}

void LuaArena::Trim(size_t top) {
  if (top <= kKeep) return;
  const size_t end = std::min(RoundUp(top, kPage), committed_);
  madvise(memory_ + kKeep, end - kKeep, MADV_DONTNEED);
}

}  // namespace mydis
