#include "cli/progress.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

constexpr uint64_t kSecondUs = 1'000'000;

TEST(ProgressTest, NumbersAsPeopleReadThem) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1.0k");
  EXPECT_EQ(CountText(999'949), "999.9k");
  EXPECT_EQ(CountText(999'950), "1.0M");
  EXPECT_EQ(CountText(UINT64_MAX), "18.4E");
  EXPECT_EQ(BytesText(17), "17 B");
  EXPECT_EQ(BytesText(1500), "1.5 KB");
  EXPECT_EQ(BytesText(2'900'000'000), "2.9 GB");
  EXPECT_EQ(ClockText(7), "0:07");
  EXPECT_EQ(ClockText(751), "12:31");
  EXPECT_EQ(ClockText(10'929), "3:02:09");
}

TEST(ProgressTest, ALineHasShareRateAndTimeLeft) {
  const Progress::Options options{.label = "import", .total = 400'000'000, .items = "keys"};
  const Progress::State state{.done = 100'000'000, .items = 25'000, .elapsed_us = 10 * kSecondUs};
  EXPECT_EQ(Progress::Line(options, state, 100),
            "import  25% [=======>                      ] 100.0 MB of 400.0 MB, 25.0k keys, "
            "10.0 MB/s, 0:30 left");
}

TEST(ProgressTest, TheBarGoesFirstWhereThereIsNoRoom) {
  const Progress::Options options{.label = "bench", .total = 1000, .unit = "requests"};
  const Progress::State state{.done = 500, .elapsed_us = 2 * kSecondUs};
  EXPECT_EQ(Progress::Line(options, state, 62),
            "bench  50% [=====>    ] 500 of 1.0k requests, 250/s, 0:02 left");
  EXPECT_EQ(Progress::Line(options, state, 50),
            "bench  50% 500 of 1.0k requests, 250/s, 0:02 left");
  EXPECT_EQ(Progress::Line(options, state, 20), "bench  50% 500 of 1.");
}

TEST(ProgressTest, WithoutATotalThereIsTheTimeThatHasPassed) {
  const Progress::Options options{.label = "import", .items = "keys"};
  const Progress::State state{.done = 5'000'000, .items = 3, .elapsed_us = 5 * kSecondUs};
  EXPECT_EQ(Progress::Line(options, state, 80), "import 5.0 MB, 3 keys, 1.0 MB/s, 0:05");
}

TEST(ProgressTest, MoreThanTheTotalIsAll) {
  const Progress::Options options{.label = "x", .total = 10, .unit = "keys"};
  const Progress::State state{.done = 20, .elapsed_us = kSecondUs};
  EXPECT_EQ(Progress::Line(options, state, 40), "x 100% 20 of 20 keys, 20/s, 0:00 left");
}

}  // namespace
}  // namespace mydis
