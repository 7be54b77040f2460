#include "server/call_log.h"

#include <algorithm>

namespace mydis {

void SlowLog::Add(SlowCall call, size_t max_size) {
  MutexLock guard(mutex_);
  call.id = next_id_++;
  calls_.push_front(std::move(call));
  while (calls_.size() > max_size) calls_.pop_back();
}

std::vector<SlowCall> SlowLog::Latest(size_t count) const {
  MutexLock guard(mutex_);
  const auto end = calls_.begin() + static_cast<ptrdiff_t>(std::min(count, calls_.size()));
  return {calls_.begin(), end};
}

size_t SlowLog::size() const {
  MutexLock guard(mutex_);
  return calls_.size();
}

void SlowLog::Clear() {
  MutexLock guard(mutex_);
  calls_.clear();
}

void LatencyMonitor::Add(const std::string& event, LatencySample sample) {
  MutexLock guard(mutex_);
  LatencyEvent& found = events_[event];
  found.worst_ms = std::max(found.worst_ms, sample.milliseconds);
  if (!found.samples.empty() && found.samples.back().time_s == sample.time_s) {
    uint64_t& last = found.samples.back().milliseconds;
    last = std::max(last, sample.milliseconds);
    return;
  }
  found.samples.push_back(sample);
  if (found.samples.size() > kSamples) found.samples.pop_front();
}

std::map<std::string, LatencyEvent> LatencyMonitor::Events() const {
  MutexLock guard(mutex_);
  return events_;
}

size_t LatencyMonitor::Reset(const std::vector<std::string>& names) {
  MutexLock guard(mutex_);
  size_t forgotten = 0;
  if (names.empty()) {
    forgotten = events_.size();
    events_.clear();
  }
  for (const std::string& name : names) forgotten += events_.erase(name);
  return forgotten;
}

}  // namespace mydis
