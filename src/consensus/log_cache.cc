#include "consensus/log_cache.h"

namespace mydis {

void LogCache::Reset(uint64_t next) {
  entries_.clear();
  bytes_ = 0;
  first_ = next;
  marks_.clear();
}

void LogCache::Append(LogEntry entry) {
  if (entry.index > last() + 1 || entry.index < first_) Reset(entry.index);
  while (!entries_.empty() && last() >= entry.index) {
    bytes_ -= Weight(entries_.back());
    appended_bytes_ -= Weight(entries_.back());
    entries_.pop_back();
  }
  while (!marks_.empty() && marks_.back().index >= entry.index) marks_.pop_back();
  MarkEntry(entry.index);
  bytes_ += Weight(entry);
  appended_bytes_ += Weight(entry);
  entries_.push_back(std::move(entry));
}

const LogEntry* LogCache::Find(uint64_t index) const {
  if (index < first_ || index >= first_ + entries_.size()) return nullptr;
  return &entries_[index - first_];
}

void LogCache::Evict(uint64_t through, uint64_t limit_bytes) {
  while (bytes_ > limit_bytes && !entries_.empty() && first_ <= through) {
    bytes_ -= Weight(entries_.front());
    entries_.pop_front();
    ++first_;
  }
}

void LogCache::MarkEntry(uint64_t index) {
  if (!marks_.empty() && appended_bytes_ - marks_.back().bytes_before < tail_bytes_ / kMarksPerTail)
    return;
  marks_.push_back({index, appended_bytes_});
  // One that is too far back tells nothing if the next one is, too.
  while (marks_.size() > 1 && appended_bytes_ - marks_[1].bytes_before > tail_bytes_)
    marks_.pop_front();
}

uint64_t LogCache::TailStart() const {
  for (const Mark& mark : marks_) {
    if (appended_bytes_ - mark.bytes_before <= tail_bytes_) return mark.index - 1;
  }
  return last();
}

}  // namespace mydis
