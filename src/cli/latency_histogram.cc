#include "cli/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mydis {
namespace {

// Each power of two is divided into so many buckets; below twice as many microseconds each value
// has its own.
constexpr int kBits = 10;
constexpr uint64_t kPart = uint64_t{1} << kBits;

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(BucketOf(kLargest) + 1) {}

size_t LatencyHistogram::BucketOf(uint64_t us) {
  const int width = std::bit_width(us);
  const int shift = std::max(0, width - kBits - 1);
  return static_cast<size_t>(shift) * kPart + (us >> shift);
}

uint64_t LatencyHistogram::LargestIn(size_t bucket) {
  if (bucket < 2 * kPart) return bucket;
  const uint64_t shift = bucket / kPart - 1;
  const uint64_t first = (bucket - shift * kPart) << shift;
  return first + (uint64_t{1} << shift) - 1;
}

void LatencyHistogram::Add(uint64_t us) {
  us = std::min(us, kLargest);
  ++buckets_[BucketOf(us)];
  ++count_;
  sum_ += us;
  max_ = std::max(max_, us);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

double LatencyHistogram::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

uint64_t LatencyHistogram::Percentile(double percent) const {
  const auto wanted =
      static_cast<uint64_t>(std::ceil(static_cast<double>(count_) * percent / 100.0));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) return std::min(LargestIn(i), max_);
  }
  return max_;
}

uint64_t LatencyHistogram::CountUpTo(uint64_t us) const {
  uint64_t seen = 0;
  const size_t last = BucketOf(std::min(us, kLargest));
  for (size_t i = 0; i <= last; ++i) seen += buckets_[i];
  return seen;
}

}  // namespace mydis
