// A dense array of short byte strings ("records"), 32 to an allocation: two bytes and a bit more
// than its contents per record, where an allocation each would cost twenty.
//
//   block   uint16 end of each of its 32 records, then the records one behind the other
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
class RecordBlocks {
 public:
  static constexpr uint32_t kPerBlock = 32;
  static constexpr size_t kMaxRecord = 256;

  RecordBlocks() = default;
  ~RecordBlocks();
  RecordBlocks(const RecordBlocks&) = delete;
  RecordBlocks& operator=(const RecordBlocks&) = delete;

  uint32_t size() const { return size_; }
  // Valid until the next change. REQUIRES (here and below): position < size().
  std::string_view At(uint32_t position) const {
    const Block* block = blocks_[position / kPerBlock];
    const uint32_t i = position % kPerBlock;
    const uint32_t begin = i == 0 ? 0 : block->end[i - 1];
    return {block->bytes + begin, static_cast<size_t>(block->end[i] - begin)};
  }
  char* MutableAt(uint32_t position) { return const_cast<char*>(At(position).data()); }
  void Prefetch(uint32_t position) const { __builtin_prefetch(blocks_[position / kPerBlock]); }

  // Adds a record at the end, or gives one another size; the caller writes the bytes, of which
  // Resize() has kept as many as there were. REQUIRES: bytes <= kMaxRecord.
  char* Append(size_t bytes);
  char* Resize(uint32_t position, size_t bytes);
  // The last record takes the place of this one.
  void Remove(uint32_t position);
  // Bytes held, without the allocator's own.
  size_t Footprint() const;
  void CheckInvariants() const;

 private:
  struct Block {
    uint16_t end[kPerBlock];
    char bytes[];
  };
  static_assert(kPerBlock * kMaxRecord <= UINT16_MAX + 1);

  // How many records the block with this number holds.
  uint32_t CountOf(size_t block) const {
    return block + 1 < blocks_.size() ? kPerBlock : (size_ - 1) % kPerBlock + 1;
  }
  // Makes room for `bytes` of records; never less than is wanted, and not much more.
  void Reserve(size_t block, size_t wanted, size_t bytes);

  std::vector<Block*> blocks_;
  uint32_t size_ = 0;
};

}  // namespace mydis
