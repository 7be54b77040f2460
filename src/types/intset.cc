#include "types/intset.h"

#include <malloc.h>

#include <cstdlib>
#include <limits>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr char kEmpty[Intset::kHeaderBytes + 1] = "\x02\0\0\0\0\0\0\0";

uint32_t WidthOf(int64_t value) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max())
    return 8;
  return value < std::numeric_limits<int16_t>::min() || value > std::numeric_limits<int16_t>::max()
             ? 4
             : 2;
}

}  // namespace

int64_t Intset::Read(uint32_t width, size_t position) const {
  const char* p = block_ + kHeaderBytes + position * width;
  if (width == 2) return LoadLittle<int16_t>(p);
  return width == 4 ? LoadLittle<int32_t>(p) : LoadLittle<int64_t>(p);
}

void Intset::Write(size_t position, int64_t value) {
  const uint32_t w = width();
  // Little endian: the low bytes come first.
  std::memcpy(block_ + kHeaderBytes + position * w, &value, w);
}

bool Intset::Validate(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return false;
  const auto width = LoadLittle<uint32_t>(bytes.data());
  const uint64_t count = LoadLittle<uint32_t>(bytes.data() + 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (bytes.size() != kHeaderBytes + count * width) return false;
  const Intset set(const_cast<char*>(bytes.data()));  // Only read.
  for (size_t i = 1; i < count; ++i) {
    if (set.At(i - 1) >= set.At(i)) return false;
  }
  return true;
}

Intset Intset::FromBytes(std::string_view bytes) {
  Intset set(nullptr);
  if (bytes.size() == kHeaderBytes) return set;
  set.Reallocate(bytes.size());
  std::memcpy(set.block_, bytes.data(), bytes.size());
  return set;
}

std::string_view Intset::bytes() const {
  if (block_ == nullptr) return {kEmpty, kHeaderBytes};
  return {block_, kHeaderBytes + size() * width()};
}

size_t Intset::LowerBound(int64_t value) const {
  size_t first = 0;
  const uint32_t w = width();
  for (size_t count = size(); count > 0;) {
    const size_t half = count / 2;
    const bool smaller = Read(w, first + half) < value;
    first = smaller ? first + half + 1 : first;
    count = smaller ? count - half - 1 : half;
  }
  return first;
}

size_t Intset::Find(int64_t value) const {
  if (block_ == nullptr || WidthOf(value) > width()) return kNone;
  const size_t position = LowerBound(value);
  return position < size() && At(position) == value ? position : kNone;
}

bool Intset::Add(int64_t value) {
  const size_t count = size();
  const uint32_t old_width = block_ == nullptr ? 0 : width();
  const uint32_t new_width = std::max(old_width, WidthOf(value));
  if (new_width == old_width) {
    const size_t position = LowerBound(value);
    if (position < count && At(position) == value) return false;
    Reallocate(kHeaderBytes + (count + 1) * new_width);
    char* const place = block_ + kHeaderBytes + position * new_width;
    std::memmove(place + new_width, place, (count - position) * new_width);
    Write(position, value);
  } else {
    // Wider than all others, so it stands before or behind them.
    const size_t shift = value < 0 ? 1 : 0;
    Reallocate(kHeaderBytes + (count + 1) * new_width);
    StoreLittle(block_, new_width);
    for (size_t i = count; i-- > 0;) Write(i + shift, Read(old_width, i));
    Write(shift == 1 ? 0 : count, value);
  }
  StoreLittle(block_ + 4, static_cast<uint32_t>(count + 1));
  return true;
}

void Intset::EraseAt(size_t position, size_t count) {
  const size_t left = size() - count;
  if (left == 0) return Free();
  const uint32_t w = width();
  char* const place = block_ + kHeaderBytes + position * w;
  std::memmove(place, place + count * w, (left - position) * w);
  StoreLittle(block_ + 4, static_cast<uint32_t>(left));
  Reallocate(kHeaderBytes + left * w);
}

void Intset::Free() {
  std::free(block_);
  block_ = nullptr;
}

void Intset::Reallocate(size_t bytes) {
  const size_t usable = block_ == nullptr ? 0 : malloc_usable_size(block_);
  if (bytes <= usable && bytes * 2 > usable) return;
  block_ = static_cast<char*>(std::realloc(block_, bytes));
  MYDIS_ASSERT(block_ != nullptr, "out of memory");
}

void Intset::CheckInvariants() const {
  if (block_ == nullptr) return;
  MYDIS_ASSERT(Validate(bytes()), "an intset's values ascend");
  MYDIS_ASSERT(size() > 0, "an empty intset has no block");
  MYDIS_ASSERT(malloc_usable_size(block_) >= bytes().size(), "an intset lies within its block");
}

}  // namespace mydis
