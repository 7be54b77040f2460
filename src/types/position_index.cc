#include "types/position_index.h"

#include <cstdlib>
#include <cstring>

namespace mydis {
namespace {

// The directory may have this many entries per segment. Only hashes that somebody chose to be alike
// make it reach that; then segments grow instead of being split.
constexpr size_t kMaxEntriesPerSegment = 16;

}  // namespace

PositionIndex::~PositionIndex() {
  for (size_t i = 0; i < directory_.size();) {
    Segment* segment = directory_[i];
    i += size_t{1} << (depth_ - segment->depth);
    FreeSegment(segment);
  }
}

PositionIndex::Segment* PositionIndex::NewSegment(uint32_t chunks, uint32_t depth) {
  const size_t bytes = sizeof(Segment) + chunks * sizeof(Chunk);
  auto* segment = static_cast<Segment*>(std::aligned_alloc(alignof(Segment), bytes));
  MYDIS_ASSERT(segment != nullptr, "out of memory");
  std::memset(segment, 0, bytes);
  segment->mask = chunks - 1;
  segment->depth = depth;
  return segment;
}

void PositionIndex::FreeSegment(Segment* segment) { std::free(segment); }

void PositionIndex::Put(Segment* segment, uint64_t hash, uint32_t position) {
  const uint8_t tag = TagOf(hash);
  ++segment->count;
  for (uint32_t i = HomeOf(hash);; i += StepOf(tag)) {
    Chunk& chunk = segment->chunks[i & segment->mask];
    if (const uint32_t empty = chunk.Matches(0); empty != 0) {
      const int slot = __builtin_ctz(empty);
      chunk.tags[slot] = tag;
      chunk.positions[slot] = position;
      return;
    }
    if (chunk.overflow != kManyOverflowed) ++chunk.overflow;
  }
}

void PositionIndex::Remove(uint64_t hash, uint32_t position) {
  Segment* segment = SegmentOf(hash);
  const uint8_t tag = TagOf(hash);
  for (uint32_t i = HomeOf(hash);; i += StepOf(tag)) {
    Chunk& chunk = segment->chunks[i & segment->mask];
    for (uint32_t matches = chunk.Matches(tag); matches != 0; matches &= matches - 1) {
      const int slot = __builtin_ctz(matches);
      if (chunk.positions[slot] != position) continue;
      chunk.tags[slot] = 0;
      --segment->count;
      --size_;
      return;
    }
    MYDIS_ASSERT(chunk.overflow != 0, "the position must be in the index");
    if (chunk.overflow != kManyOverflowed) --chunk.overflow;
  }
}

void PositionIndex::Move(uint64_t hash, uint32_t from, uint32_t to) {
  Segment* segment = SegmentOf(hash);
  const uint8_t tag = TagOf(hash);
  for (uint32_t i = HomeOf(hash);; i += StepOf(tag)) {
    Chunk& chunk = segment->chunks[i & segment->mask];
    for (uint32_t matches = chunk.Matches(tag); matches != 0; matches &= matches - 1) {
      const int slot = __builtin_ctz(matches);
      if (chunk.positions[slot] != from) continue;
      chunk.positions[slot] = to;
      return;
    }
    MYDIS_ASSERT(chunk.overflow != 0, "the position must be in the index");
  }
}

void PositionIndex::Point(uint64_t hash, uint32_t depth, Segment* segment) {
  const size_t width = size_t{1} << (depth_ - depth);
  const size_t first = DirectoryIndex(hash) & ~(width - 1);
  for (size_t i = first; i < first + width; ++i) directory_[i] = segment;
}

void PositionIndex::Grow(uint64_t hash, const std::vector<Item>& items) {
  if (directory_.empty()) {
    directory_.push_back(NewSegment(1, 0));
    segments_ = 1;
    return;
  }
  Segment* old = SegmentOf(hash);
  const bool doubles_directory = old->depth == depth_;
  const bool splits =
      old->mask + 1 >= kMaxChunks &&
      (!doubles_directory || directory_.size() * 2 <= segments_ * kMaxEntriesPerSegment);
  if (!splits) {
    Segment* fresh = NewSegment((old->mask + 1) * 2, old->depth);
    for (const Item& item : items) Put(fresh, item.hash, item.position);
    Point(hash, old->depth, fresh);
    return FreeSegment(old);
  }
  if (doubles_directory) {
    std::vector<Segment*> wider(directory_.size() * 2);
    for (size_t i = 0; i < wider.size(); ++i) wider[i] = directory_[i / 2];
    directory_ = std::move(wider);
    ++depth_;
  }
  const uint32_t depth = old->depth + 1;
  const uint64_t bit = uint64_t{1} << (64 - depth);
  Segment* halves[] = {NewSegment(old->mask + 1, depth), NewSegment(old->mask + 1, depth)};
  for (const Item& item : items) Put(halves[(item.hash & bit) != 0], item.hash, item.position);
  Point(hash & ~bit, depth, halves[0]);
  Point(hash | bit, depth, halves[1]);
  ++segments_;
  FreeSegment(old);
}

PositionIndex::Segment* PositionIndex::BuddyOf(uint64_t hash) const {
  const Segment* segment = SegmentOf(hash);
  if (segment->depth == 0) return nullptr;
  Segment* buddy = SegmentOf(hash ^ uint64_t{1} << (64 - segment->depth));
  const bool small = (segment->count + buddy->count) * 4 <= LimitOf(segment->mask);
  return buddy->depth == segment->depth && small ? buddy : nullptr;
}

void PositionIndex::Shrink(uint64_t hash, Segment* buddy, const std::vector<Item>& items) {
  Segment* old = SegmentOf(hash);
  const uint32_t depth = buddy != nullptr ? old->depth - 1 : old->depth;
  const uint32_t chunks = buddy != nullptr ? old->mask + 1 : (old->mask + 1) / 2;
  Segment* fresh = NewSegment(chunks, depth);
  for (const Item& item : items) Put(fresh, item.hash, item.position);
  Point(hash, depth, fresh);
  FreeSegment(old);
  if (buddy == nullptr) return;
  FreeSegment(buddy);
  --segments_;
  if (directory_.size() > segments_ * kMaxEntriesPerSegment / 2) HalveDirectory();
}

void PositionIndex::HalveDirectory() {
  for (const Segment* segment : directory_) {
    if (segment->depth == depth_) return;
  }
  for (size_t i = 0; i < directory_.size() / 2; ++i) directory_[i] = directory_[2 * i];
  directory_.resize(directory_.size() / 2);
  directory_.shrink_to_fit();
  --depth_;
}

size_t PositionIndex::Footprint() const {
  size_t bytes = directory_.capacity() * sizeof(Segment*);
  for (size_t i = 0; i < directory_.size();) {
    const Segment* segment = directory_[i];
    bytes += sizeof(Segment) + (segment->mask + 1) * sizeof(Chunk);
    i += size_t{1} << (depth_ - segment->depth);
  }
  return bytes;
}

void PositionIndex::CheckStructure() const {
  size_t count = 0;
  uint32_t segments = 0;
  for (size_t i = 0; i < directory_.size(); ++segments) {
    const Segment* segment = directory_[i];
    MYDIS_ASSERT(segment->depth <= depth_, "the directory is as deep as any segment");
    const size_t width = size_t{1} << (depth_ - segment->depth);
    MYDIS_ASSERT(i % width == 0, "a segment's entries are aligned");
    uint32_t here = 0;
    for (uint32_t c = 0; c <= segment->mask; ++c)
      here += kSlots - static_cast<uint32_t>(__builtin_popcount(segment->chunks[c].Matches(0)));
    MYDIS_ASSERT(here == segment->count, "a segment counts its positions");
    MYDIS_ASSERT(here <= LimitOf(segment->mask), "a segment is never too full");
    count += here;
    for (const size_t end = i + width; i < end; ++i)
      MYDIS_ASSERT(directory_[i] == segment, "all entries of a segment point to it");
  }
  MYDIS_ASSERT(segments == segments_, "the segments are counted");
  MYDIS_ASSERT(count == size_, "the positions are counted");
}

}  // namespace mydis
