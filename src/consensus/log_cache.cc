#include "consensus/log_cache.h"

namespace mydis {

void LogCache::Reset(uint64_t next) {
  entries_.clear();
  bytes_ = 0;
  first_ = next;
}

void LogCache::Append(LogEntry entry) {
  if (entries_.empty() || entry.index > last() + 1 || entry.index < first_) Reset(entry.index);
  while (!entries_.empty() && last() >= entry.index) {
    bytes_ -= Weight(entries_.back());
    entries_.pop_back();
  }
  bytes_ += Weight(entry);
  entries_.push_back(std::move(entry));
}

const LogEntry* LogCache::Find(uint64_t index) const {
  if (index < first_ || index >= first_ + entries_.size()) return nullptr;
  return &entries_[index - first_];
}

void LogCache::Evict(uint64_t through) {
  while (bytes_ > limit_bytes_ && !entries_.empty() && first_ <= through) {
    bytes_ -= Weight(entries_.front());
    entries_.pop_front();
    ++first_;
  }
}

uint64_t LogCache::TailStart(uint64_t bytes) const {
  uint64_t sum = 0;
  for (uint64_t i = entries_.size(); i > 0; --i) {
    sum += Weight(entries_[i - 1]);
    if (sum > bytes) return first_ + i - 1;
  }
  return first_ - 1;
}

}  // namespace mydis
