// Bytes waiting to be written: a chain of buffers with a contiguous tail that small writes are
// appended to. One thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mydis {

class OutputQueue {
 public:
  // Copies `bytes` to the tail.
  void Append(std::string_view bytes) { tail_.append(bytes); }
  // Takes the string over when that is cheaper than copying it.
  void Append(std::string&& bytes);
  void Append(Payload bytes);
  // The tail, to append to. Good until the next call.
  std::string& Tail() {
    if (tail_.size() >= kTailSize) [[unlikely]]
      SealTail();
    return tail_;
  }

  size_t size() const { return chained_ + tail_.size() - tail_sent_; }
  bool empty() const { return size() == 0; }

  // Describes the first bytes in up to `max` pieces; gives the number of pieces.
  int Gather(iovec* pieces, int max) const;
  // Drops the first `n` bytes. REQUIRES: n <= size().
  void Consume(size_t n);
  void Clear();

  // Gives the tail's memory away, to be used again elsewhere. REQUIRES: empty().
  std::string ReleaseTail();
  bool HasTailMemory() const { return tail_.capacity() > kInlineCapacity; }
  // Uses `buffer` (empty, with capacity) as the tail. REQUIRES: empty().
  void AdoptTail(std::string&& buffer) { tail_ = std::move(buffer); }
  // Memory held besides the object itself; referenced payloads count.
  size_t memory() const;

 private:
  static constexpr size_t kTailSize = 64 * 1024;  // A longer tail joins the chain.
  static constexpr size_t kCopyLimit = 4096;      // Up to here copying beats a piece of its own.
  static constexpr size_t kInlineCapacity = 15;   // Of std::string.
  struct Chunk {
    std::string owned;
    Payload shared;  // Instead of `owned` if not null.
    size_t sent = 0;
    std::string_view view() const {
      return std::string_view(shared ? *shared : owned).substr(sent);
    }
  };
  void SealTail();

  std::unique_ptr<std::deque<Chunk>> chain_;  // Before the tail; null while it was never needed.
  size_t chained_ = 0;                        // Unsent bytes in chain_.
  std::string tail_;
  size_t tail_sent_ = 0;
};

}  // namespace mydis
