// Counts of latencies in buckets whose width grows with the value, so that every value is known to
// a thousandth of itself and memory is fixed: the idea of HdrHistogram. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mydis {

class LatencyHistogram {
 public:
  LatencyHistogram();

  // In microseconds. Values above kLargest count as that.
  void Add(uint64_t us);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }  // 0 if there is none.
  double mean() const;
  // The value that `percent` percent of all values do not exceed; 0 if there is none.
  uint64_t Percentile(double percent) const;
  // How many values are `us` or less, to the width of a bucket.
  uint64_t CountUpTo(uint64_t us) const;

  static constexpr uint64_t kLargest = (uint64_t{1} << 36) - 1;  // 19 hours.

 private:
  static size_t BucketOf(uint64_t us);
  static uint64_t LargestIn(size_t bucket);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
};

}  // namespace mydis
