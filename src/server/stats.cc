#include "server/stats.h"

namespace mydis {

size_t TimeBucketOf(uint64_t nanoseconds) {
  size_t bucket = 0;
  while (bucket + 1 < kTimeBuckets && nanoseconds > TimeBucketLimitNs(bucket)) ++bucket;
  return bucket;
}

void ThreadStats::Sum::Add(const Sum& other) {
  calls += other.calls;
  timed_calls += other.timed_calls;
  timed_ns += other.timed_ns;
  rejected += other.rejected;
  failed += other.failed;
  for (size_t i = 0; i < kTimeBuckets; ++i) buckets[i] += other.buckets[i];
}

double ThreadStats::Sum::PercentileUs(double percent) const {
  const double wanted = static_cast<double>(timed_calls) * percent / 100;
  uint64_t seen = 0;
  for (size_t i = 0; i < kTimeBuckets; ++i) {
    seen += buckets[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted)
      return static_cast<double>(TimeBucketLimitNs(i)) / 1000;
  }
  return 0;
}

CommandCount& ThreadStats::Of(const CommandSpec* spec) MYDIS_NO_THREAD_ANALYSIS {
  // Only this thread changes the map, so it may look without the lock.
  if (auto it = counts_.find(spec); it != counts_.end()) [[likely]]
    return *it->second;
  MutexLock guard(mutex_);
  auto& count = counts_[spec];
  count = std::make_unique<CommandCount>();
  return *count;
}

void ThreadStats::CountCall(const CommandSpec* spec, Outcome outcome, std::string_view error) {
  if (outcome != Outcome::kDone) all_.CountError(error);
  if (spec == nullptr) return;
  CommandCount& count = Of(spec);
  if (outcome == Outcome::kRejected) return mydis::AddTo(count.rejected, 1);
  mydis::AddTo(commands, 1);
  mydis::AddTo(count.calls, 1);
  if (outcome == Outcome::kFailed) mydis::AddTo(count.failed, 1);
}

void ThreadStats::AddTo(std::map<const CommandSpec*, Sum>& sums) const {
  MutexLock guard(mutex_);
  for (const auto& [spec, count] : counts_) {
    Sum& sum = sums[spec];
    sum.calls += count->calls.load(std::memory_order_relaxed);
    sum.timed_calls += count->timed_calls.load(std::memory_order_relaxed);
    sum.timed_ns += count->timed_ns.load(std::memory_order_relaxed);
    for (size_t i = 0; i < kTimeBuckets; ++i)
      sum.buckets[i] += count->buckets[i].load(std::memory_order_relaxed);
    sum.rejected += count->rejected.load(std::memory_order_relaxed);
    sum.failed += count->failed.load(std::memory_order_relaxed);
  }
}

void ThreadStats::Reset() {
  MutexLock guard(mutex_);
  commands = 0;
  most_commands_a_turn = 0;
  keyspace_hits = 0;
  keyspace_misses = 0;
  for (auto& [spec, count] : counts_) {
    count->calls = 0;
    count->timed_calls = 0;
    count->timed_ns = 0;
    for (auto& bucket : count->buckets) bucket = 0;
    count->rejected = 0;
    count->failed = 0;
  }
}

Stats::Stats(uint32_t io_threads, uint32_t visitors) : io_threads_(io_threads) {
  for (uint32_t i = 0; i < io_threads + 1 + visitors; ++i)
    threads.push_back(std::make_unique<ThreadStats>(*this));
}

void Stats::CountError(std::string_view text) {
  const std::string_view prefix = text.substr(0, text.find(' '));
  MutexLock guard(mutex_);
  ++errors_[std::string(prefix)];
}

std::map<std::string, uint64_t> Stats::Errors() const {
  MutexLock guard(mutex_);
  return errors_;
}

uint64_t Stats::Commands() const {
  uint64_t sum = 0;
  for (const auto& thread : threads) sum += thread->commands.load(std::memory_order_relaxed);
  return sum;
}

void Stats::Reset() {
  for (auto& thread : threads) thread->Reset();
  connections.Reset();
  rejected_connections.Reset();
  net_input_bytes.Reset();
  net_output_bytes.Reset();
  protocol_errors.Reset();
  MutexLock guard(mutex_);
  errors_.clear();
}

}  // namespace mydis
