#include "cli/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

TEST(LatencyHistogramTest, Empty) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.Percentile(99), 0u);
  EXPECT_EQ(histogram.CountUpTo(1000), 0u);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (uint64_t us = 1; us <= 1000; ++us) histogram.Add(us);
  EXPECT_EQ(histogram.Percentile(50), 500u);
  EXPECT_EQ(histogram.Percentile(99.9), 999u);
  EXPECT_EQ(histogram.Percentile(100), 1000u);
  EXPECT_EQ(histogram.Percentile(0), 1u);
  EXPECT_EQ(histogram.CountUpTo(10), 10u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

// Whatever the size of the values, percentiles are those of the sorted values to a thousandth.
TEST(LatencyHistogramTest, LargeValuesAreKnownToAThousandth) {
  Random random(7);
  LatencyHistogram left;
  LatencyHistogram right;
  std::vector<uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t value = random.Next() >> (28 + random.Below(36));
    values.push_back(value);
    (i % 2 == 0 ? left : right).Add(value);
  }
  left.Merge(right);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(left.count(), values.size());
  EXPECT_EQ(left.max(), values.back());
  for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const double exact = static_cast<double>(
        values[static_cast<size_t>(static_cast<double>(values.size()) * percent / 100 + 0.9999) -
               1]);
    const auto found = static_cast<double>(left.Percentile(percent));
    EXPECT_GE(found, exact);
    EXPECT_LE(found, exact * 1.001 + 1);
  }
}

TEST(LatencyHistogramTest, TooLargeCountsAsTheLargest) {
  LatencyHistogram histogram;
  histogram.Add(UINT64_MAX);
  EXPECT_EQ(histogram.max(), LatencyHistogram::kLargest);
  EXPECT_EQ(histogram.Percentile(50), LatencyHistogram::kLargest);
}

}  // namespace
}  // namespace mydis
