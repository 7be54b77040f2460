// Bytes that are appended at the end and dropped from the front, and that do not move meanwhile: a
// snapshot shares them instead of copying them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// Some bytes, and who keeps them. Any thread may read them.
struct SharedBytes {
  std::shared_ptr<const char[]> owner;
  std::string_view bytes;
};

// `bytes`, with an owner of their own.
SharedBytes ShareCopy(std::string_view bytes);

// Changed by one thread at a time.
class ByteQueue {
 public:
  // Where they are until they are dropped, in one piece.
  std::string_view Append(std::string_view bytes);
  // What was appended first and is there yet, up to the end of its piece. REQUIRES: not empty.
  std::string_view Front() const;
  // Of Front().
  void DropFront(size_t size);
  bool empty() const { return pieces_.empty(); }
  void Clear() { pieces_.clear(); }
  // Appends all of it to `out`, as it is now.
  void Share(std::vector<SharedBytes>& out) const;

 private:
  struct Piece {
    std::shared_ptr<char[]> bytes;
    size_t capacity = 0;
    size_t begin = 0;  // What is before it is dropped.
    size_t end = 0;    // What is behind it is free; nobody else looks there.
  };
  std::deque<Piece> pieces_;  // None of them is empty.
};

}  // namespace mydis
