// A set of integers as Redis keeps it: sorted, in one allocation, as wide as the widest ever was.
//
//   u32 width (2, 4 or 8) | u32 count | count little-endian signed integers, ascending
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/codec.h"

namespace mydis {

// A handle to the block, which it does not own: whoever keeps block() frees it. An empty intset
// has none. A thread may read while others read; changes need it alone.
class Intset {
 public:
  static constexpr size_t kHeaderBytes = 8;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  // Redis's bound whatever the settings say.
  static constexpr uint64_t kMaxEntries = uint64_t{1} << 30;

  explicit Intset(char* block) : block_(block) {}
  // Whether anybody's bytes are an intset; an empty one is.
  static bool Validate(std::string_view bytes);
  // A block of its own with these bytes. REQUIRES: Validate(bytes).
  static Intset FromBytes(std::string_view bytes);

  char* block() const { return block_; }
  size_t size() const { return block_ == nullptr ? 0 : LoadLittle<uint32_t>(block_ + 4); }
  std::string_view bytes() const;
  int64_t At(size_t position) const { return Read(width(), position); }
  // The position of the value, or kNone.
  size_t Find(int64_t value) const;

  // False if it was there already. Both may change block().
  bool Add(int64_t value);
  // `count` values from `position` on.
  void EraseAt(size_t position, size_t count = 1);
  void Free();
  void CheckInvariants() const;

 private:
  uint32_t width() const { return LoadLittle<uint32_t>(block_); }
  int64_t Read(uint32_t width, size_t position) const;
  void Write(size_t position, int64_t value);
  // The first position with a value that is not smaller.
  size_t LowerBound(int64_t value) const;
  void Reallocate(size_t bytes);

  char* block_;
};

}  // namespace mydis
