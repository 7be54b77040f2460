#include "net/output_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace mydis {

void OutputQueue::SealTail() {
  if (tail_.size() == tail_sent_) {
    tail_.clear();
    tail_sent_ = 0;
    return;
  }
  if (!chain_) chain_ = std::make_unique<std::deque<Chunk>>();
  chained_ += tail_.size() - tail_sent_;
  chain_->push_back({std::move(tail_), nullptr, tail_sent_});
  tail_.clear();
  tail_sent_ = 0;
}

void OutputQueue::Append(std::string&& bytes) {
  if (bytes.size() <= kCopyLimit) return Append(std::string_view(bytes));
  SealTail();
  // It may serve as the tail itself: what follows is appended to it, if it has room.
  tail_ = std::move(bytes);
  if (tail_.size() >= kTailSize || tail_.capacity() - tail_.size() < kCopyLimit) SealTail();
}

void OutputQueue::Append(Payload bytes) {
  if (bytes->size() <= kCopyLimit) return Append(std::string_view(*bytes));
  SealTail();
  if (!chain_) chain_ = std::make_unique<std::deque<Chunk>>();
  chained_ += bytes->size();
  chain_->push_back({{}, std::move(bytes), 0});
}

int OutputQueue::Gather(iovec* pieces, int max) const {
  int n = 0;
  const auto add = [&](std::string_view v) {
    pieces[n++] = {const_cast<char*>(v.data()), v.size()};
  };
  if (chain_) {
    for (const Chunk& chunk : *chain_) {
      if (n == max) return n;
      add(chunk.view());
    }
  }
  if (n < max && tail_.size() > tail_sent_) add(std::string_view(tail_).substr(tail_sent_));
  return n;
}

void OutputQueue::Consume(size_t n) {
  MYDIS_ASSERT(n <= size(), "no more can be consumed than is queued");
  while (n > 0 && chained_ > 0) {
    Chunk& first = chain_->front();
    const size_t take = std::min(n, first.view().size());
    first.sent += take;
    chained_ -= take;
    n -= take;
    if (first.view().empty()) chain_->pop_front();
  }
  tail_sent_ += n;
  if (tail_sent_ == tail_.size()) {
    tail_.clear();
    tail_sent_ = 0;
    if (chained_ == 0) chain_.reset();
  }
}

void OutputQueue::Clear() {
  chain_.reset();
  chained_ = 0;
  tail_.clear();
  tail_.shrink_to_fit();
  tail_sent_ = 0;
}

std::string OutputQueue::ReleaseTail() {
  MYDIS_ASSERT(empty(), "a tail with bytes is not given away");
  return std::exchange(tail_, std::string());
}

size_t OutputQueue::memory() const {
  size_t bytes = HasTailMemory() ? tail_.capacity() : 0;
  if (chain_) {
    for (const Chunk& chunk : *chain_)
      bytes += chunk.shared ? chunk.shared->size() : chunk.owned.capacity();
  }
  return bytes;
}

}  // namespace mydis
