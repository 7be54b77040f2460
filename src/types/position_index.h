// Finds positions in an array by hash: an open-addressing index that never stops to rehash as a
// whole, because it grows segment by segment (extendible hashing).
//
//   directory   2^depth pointers, chosen by the top bits of the hash; a segment that has not been
//               split as often as others is pointed to by several neighbours
//   segment     a power of two of chunks, at most kMaxChunks; split in two when it is full
//   chunk       one cache line: 12 positions, a byte of hash for each, and how many positions had
//               to go elsewhere because the chunk was full (so that nothing needs tombstones)
//
// The hash of what is at a position is asked of the owner when a segment is rebuilt: at most 640
// at a time. Nothing that users can see depends on the order inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/assert.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
class PositionIndex {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  PositionIndex() = default;
  ~PositionIndex();
  PositionIndex(const PositionIndex&) = delete;
  PositionIndex& operator=(const PositionIndex&) = delete;

  size_t size() const { return size_; }

  // The first position with this hash for which `is_it(position)` holds, or kNone.
  template <typename IsIt>
  uint32_t Find(uint64_t hash, IsIt is_it) const {
    if (size_ == 0) return kNone;
    const Segment* segment = SegmentOf(hash);
    const uint8_t tag = TagOf(hash);
    uint32_t i = HomeOf(hash);
    for (uint32_t left = segment->mask + 1; left > 0; --left, i += StepOf(tag)) {
      const Chunk& chunk = segment->chunks[i & segment->mask];
      for (uint32_t matches = chunk.Matches(tag); matches != 0; matches &= matches - 1) {
        const uint32_t position = chunk.positions[__builtin_ctz(matches)];
        if (is_it(position)) return position;
      }
      if (chunk.overflow == 0) break;
    }
    return kNone;
  }
  // REQUIRES: the position is not here. `hash_of(position)` gives the hash of every position here.
  template <typename HashOf>
  void Insert(uint64_t hash, uint32_t position, HashOf hash_of) {
    while (IsFull(hash)) MakeRoom(hash, hash_of);
    Put(SegmentOf(hash), hash, position);
    ++size_;
  }
  // REQUIRES: the position is here under this hash.
  template <typename HashOf>
  void Erase(uint64_t hash, uint32_t position, HashOf hash_of) {
    Remove(hash, position);
    if (size_ > 0 && IsSparse(hash)) GiveBack(hash, hash_of);
  }
  // What was at `from` is now at `to`. REQUIRES: `from` is here under this hash.
  void Move(uint64_t hash, uint32_t from, uint32_t to);
  void Prefetch(uint64_t hash) const {
    if (size_ == 0) return;
    const Segment* segment = SegmentOf(hash);
    __builtin_prefetch(&segment->chunks[HomeOf(hash) & segment->mask]);
  }
  // Bytes held, without the allocator's own.
  size_t Footprint() const;
  // Checks that the index holds the positions 0 to size() - 1, each under its hash.
  template <typename HashOf>
  void CheckInvariants(HashOf hash_of) const {
    CheckStructure();
    for (uint32_t p = 0; p < size_; ++p) {
      const auto same = [p](uint32_t position) { return position == p; };
      MYDIS_ASSERT(Find(hash_of(p), same) == p, "every position is found by its hash");
    }
  }

 private:
  static constexpr uint32_t kSlots = 12;
  static constexpr uint32_t kMaxChunks = 64;
  static constexpr uint8_t kManyOverflowed = 255;  // No longer counted: stays until a rebuild.

  struct alignas(64) Chunk {
    uint8_t tags[kSlots];  // 0: the slot is empty.
    uint8_t overflow;      // How many positions passed by here on their way.
    uint8_t unused[3];
    uint32_t positions[kSlots];

    uint32_t Matches(uint8_t tag) const {
#if defined(__SSE2__)
      const __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
      const __m128i equal = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(tag)));
      return static_cast<uint32_t>(_mm_movemask_epi8(equal)) & ((1u << kSlots) - 1);
#else
      uint32_t matches = 0;
      for (uint32_t i = 0; i < kSlots; ++i) matches |= uint32_t{tags[i] == tag} << i;
      return matches;
#endif
    }
  };
  static_assert(sizeof(Chunk) == 64);

  struct alignas(64) Segment {
    uint32_t mask;   // Chunks - 1.
    uint32_t count;  // Positions.
    uint32_t depth;  // How many top bits of the hash all its positions share.
    Chunk chunks[];
  };
  struct Item {
    uint64_t hash;
    uint32_t position;
  };

  static uint8_t TagOf(uint64_t hash) {
    const auto tag = static_cast<uint8_t>(hash >> 24);
    return tag == 0 ? 1 : tag;
  }
  static uint32_t HomeOf(uint64_t hash) { return static_cast<uint32_t>(hash); }
  // Odd, so that all chunks come up.
  static uint32_t StepOf(uint8_t tag) { return 2 * tag + 1u; }
  static uint32_t LimitOf(uint32_t mask) { return mask == 0 ? kSlots : (mask + 1) * 10; }
  size_t DirectoryIndex(uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }
  Segment* SegmentOf(uint64_t hash) const { return directory_[DirectoryIndex(hash)]; }

  bool IsFull(uint64_t hash) const {
    return directory_.empty() || SegmentOf(hash)->count >= LimitOf(SegmentOf(hash)->mask);
  }
  bool IsSparse(uint64_t hash) const {
    const Segment* segment = SegmentOf(hash);
    return segment->mask > 0 && segment->count * 8 < LimitOf(segment->mask);
  }
  template <typename HashOf>
  void MakeRoom(uint64_t hash, HashOf hash_of) {
    std::vector<Item> items;
    if (!directory_.empty()) Collect(*SegmentOf(hash), hash_of, items);
    Grow(hash, items);
  }
  template <typename HashOf>
  void GiveBack(uint64_t hash, HashOf hash_of) {
    std::vector<Item> items;
    Segment* segment = SegmentOf(hash);
    Segment* buddy = BuddyOf(hash);
    if (segment->depth > 0 && buddy == nullptr) return;
    Collect(*segment, hash_of, items);
    if (buddy != nullptr) Collect(*buddy, hash_of, items);
    Shrink(hash, buddy, items);
  }
  template <typename HashOf>
  static void Collect(const Segment& segment, HashOf hash_of, std::vector<Item>& items) {
    for (uint32_t c = 0; c <= segment.mask; ++c) {
      for (uint32_t i = 0; i < kSlots; ++i) {
        if (segment.chunks[c].tags[i] == 0) continue;
        const uint32_t position = segment.chunks[c].positions[i];
        items.push_back({hash_of(position), position});
      }
    }
  }

  static Segment* NewSegment(uint32_t chunks, uint32_t depth);
  static void FreeSegment(Segment* segment);
  static void Put(Segment* segment, uint64_t hash, uint32_t position);
  // Lets all directory entries of the segment that `hash` belongs to (of this depth) point to it.
  void Point(uint64_t hash, uint32_t depth, Segment* segment);
  void Grow(uint64_t hash, const std::vector<Item>& items);
  // The segment to merge with, if there is one and both together are small; or nullptr.
  Segment* BuddyOf(uint64_t hash) const;
  void Shrink(uint64_t hash, Segment* buddy, const std::vector<Item>& items);
  void HalveDirectory();
  void Remove(uint64_t hash, uint32_t position);
  void CheckStructure() const;

  std::vector<Segment*> directory_;
  uint32_t depth_ = 0;
  uint32_t segments_ = 0;
  size_t size_ = 0;
};

}  // namespace mydis
