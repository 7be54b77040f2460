// A request's body that came in chunks, kept until its length is known. It is held in pieces, so
// that it is never moved as it grows, and each piece is free again once it has been passed on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

namespace mydis {

// One thread.
class ChunkedBody {
 public:
  bool empty() const { return pieces_.empty(); }
  // In bytes, of what has not been taken.
  size_t size() const { return before_last_ + (pieces_.empty() ? 0 : pieces_.back().size()); }

  // The string to append up to `size` further bytes to, without its memory growing. Good until the
  // next call.
  std::string& Room(size_t size) {
    if (!pieces_.empty()) {
      std::string& last = pieces_.back();
      if (last.capacity() - last.size() >= size) return last;
      // Where chunks are tiny their framing is most of what comes: less than half of any piece is
      // wasted.
      if (last.size() < last.capacity() / 2) last.shrink_to_fit();
      before_last_ += last.size();
    }
    pieces_.emplace_back().reserve(std::max(size, kSmallest));
    return pieces_.back();
  }

  // Gives the first piece away. REQUIRES: !empty().
  std::string Take() {
    std::string first = std::move(pieces_.front());
    pieces_.pop_front();
    if (!pieces_.empty()) before_last_ -= first.size();
    return first;
  }

 private:
  static constexpr size_t kSmallest = 16 * 1024;

  std::deque<std::string> pieces_;
  size_t before_last_ = 0;  // Bytes in all pieces but the last.
};

}  // namespace mydis
