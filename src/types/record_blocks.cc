#include "types/record_blocks.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>

#include "base/assert.h"

namespace mydis {

RecordBlocks::~RecordBlocks() {
  for (Block* block : blocks_) std::free(block);
}

void RecordBlocks::Reserve(size_t block, size_t wanted, size_t bytes) {
  Block*& place = blocks_[block];
  const size_t usable = malloc_usable_size(place);
  const size_t needed = sizeof(Block) + bytes;
  if (needed <= usable && (needed * 2 > usable || usable <= 256)) return;
  place = static_cast<Block*>(std::realloc(place, sizeof(Block) + wanted));
  MYDIS_ASSERT(place != nullptr, "out of memory");
}

char* RecordBlocks::Append(size_t bytes) {
  const uint32_t i = size_ % kPerBlock;
  if (i == 0) blocks_.push_back(nullptr);
  const size_t last = blocks_.size() - 1;
  const size_t begin = i == 0 ? 0 : blocks_[last]->end[i - 1];
  const size_t end = begin + bytes;
  // While a block fills up it grows by halves; a full one has what it needs.
  const bool full = i + 1 == kPerBlock;
  if (full) {
    blocks_[last] = static_cast<Block*>(std::realloc(blocks_[last], sizeof(Block) + end));
    MYDIS_ASSERT(blocks_[last] != nullptr, "out of memory");
  } else {
    Reserve(last, end + end / 2 + 16, end);
  }
  blocks_[last]->end[i] = static_cast<uint16_t>(end);
  ++size_;
  return blocks_[last]->bytes + begin;
}

char* RecordBlocks::Resize(uint32_t position, size_t bytes) {
  const size_t number = position / kPerBlock;
  const uint32_t i = position % kPerBlock;
  const uint32_t count = CountOf(number);
  const std::string_view old = At(position);
  char* const place = MutableAt(position);
  if (old.size() == bytes) return place;
  const size_t begin = static_cast<size_t>(place - blocks_[number]->bytes);
  const size_t old_end = blocks_[number]->end[count - 1];
  const size_t new_end = old_end - old.size() + bytes;
  if (bytes > old.size()) Reserve(number, new_end + new_end / 16, new_end);
  Block* block = blocks_[number];
  std::memmove(block->bytes + begin + bytes, block->bytes + begin + old.size(),
               old_end - begin - old.size());
  for (uint32_t k = i; k < count; ++k)
    block->end[k] = static_cast<uint16_t>(block->end[k] + bytes - old.size());
  if (bytes < old.size()) Reserve(number, new_end + new_end / 16, new_end);
  return blocks_[number]->bytes + begin;
}

void RecordBlocks::Remove(uint32_t position) {
  const uint32_t last = size_ - 1;
  if (position != last) {
    char copy[kMaxRecord];
    const std::string_view moved = At(last);
    const size_t bytes = moved.size();
    std::memcpy(copy, moved.data(), bytes);
    std::memcpy(Resize(position, bytes), copy, bytes);
  }
  size_ = last;
  if (last % kPerBlock != 0) {
    const size_t end = blocks_.back()->end[last % kPerBlock - 1];
    return Reserve(blocks_.size() - 1, end + end / 2, end);
  }
  std::free(blocks_.back());
  blocks_.pop_back();
  if (blocks_.size() * 4 < blocks_.capacity()) blocks_.shrink_to_fit();
}

size_t RecordBlocks::Footprint() const {
  size_t bytes = blocks_.capacity() * sizeof(Block*);
  for (Block* block : blocks_) bytes += malloc_usable_size(block);
  return bytes;
}

void RecordBlocks::CheckInvariants() const {
  MYDIS_ASSERT(blocks_.size() == (size_ + kPerBlock - 1) / kPerBlock, "as many blocks as needed");
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const uint32_t count = CountOf(b);
    for (uint32_t i = 1; i < count; ++i)
      MYDIS_ASSERT(blocks_[b]->end[i - 1] <= blocks_[b]->end[i], "records follow one another");
    const size_t end = blocks_[b]->end[count - 1];
    MYDIS_ASSERT(sizeof(Block) + end <= malloc_usable_size(blocks_[b]),
                 "a block holds its records");
  }
}

}  // namespace mydis
