#include "state/shared_bytes.h"

#include <algorithm>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

}  // namespace

SharedBytes ShareCopy(std::string_view bytes) {
  const auto owner = std::make_shared_for_overwrite<char[]>(bytes.size());
  std::ranges::copy(bytes, owner.get());
  return {.owner = owner, .bytes = {owner.get(), bytes.size()}};
}

std::string_view ByteQueue::Append(std::string_view bytes) {
  if (pieces_.empty() || pieces_.back().capacity - pieces_.back().end < bytes.size()) {
    const size_t capacity = std::max(kPieceBytes, bytes.size());
    pieces_.push_back(
        {.bytes = std::make_shared_for_overwrite<char[]>(capacity), .capacity = capacity});
  }
  Piece& last = pieces_.back();
  char* const place = last.bytes.get() + last.end;
  std::ranges::copy(bytes, place);
  last.end += bytes.size();
  return {place, bytes.size()};
}

std::string_view ByteQueue::Front() const {
  const Piece& first = pieces_.front();
  return {first.bytes.get() + first.begin, first.end - first.begin};
}

void ByteQueue::DropFront(size_t size) {
  Piece& first = pieces_.front();
  MYDIS_ASSERT(size <= first.end - first.begin, "what is dropped is there");
  first.begin += size;
  if (first.begin == first.end) pieces_.pop_front();
}

void ByteQueue::Share(std::vector<SharedBytes>& out) const {
  for (const Piece& piece : pieces_)
    out.push_back({.owner = piece.bytes,
                   .bytes = {piece.bytes.get() + piece.begin, piece.end - piece.begin}});
}

}  // namespace mydis
