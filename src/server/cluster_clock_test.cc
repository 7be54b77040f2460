#include "server/cluster_clock.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

constexpr uint64_t kHour = 3'600'000;
constexpr uint64_t kWall = 1'700'000'000'000;

// Both clocks go on together until a test moves one.
class ManualClock final : public Clock {
 public:
  uint64_t MonotonicUs() override { return monotonic_ms * 1000 + monotonic_us; }
  uint64_t WallMs() override { return wall_ms; }
  void Pass(uint64_t ms) {
    monotonic_ms += ms;
    wall_ms += ms;
  }
  uint64_t monotonic_ms = 10 * kHour;
  uint64_t monotonic_us = 0;
  uint64_t wall_ms = kWall;
};

TEST(ClusterClock, FirstLeaderTakesItsWallClock) {
  ManualClock clock;
  ClusterClock cluster(clock);
  EXPECT_EQ(cluster.Stamp(), kWall);
  clock.Pass(5);
  EXPECT_EQ(cluster.NowMs(), kWall + 5);
}

// Whoever waits for a deadline wakes when it is reached, not before and not a millisecond later.
TEST(ClusterClock, TellsHowLongUntilATime) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.Stamp();
  const auto deadline = static_cast<int64_t>(kWall + 7);
  EXPECT_EQ(cluster.UntilUs(deadline), 7000u);
  clock.monotonic_us = 400;
  EXPECT_EQ(cluster.UntilUs(deadline), 6600u);
  clock.Pass(6);
  EXPECT_EQ(cluster.UntilUs(deadline), 600u);
  EXPECT_LT(cluster.NowMs(), static_cast<uint64_t>(deadline));
  clock.Pass(1);
  clock.monotonic_us = 0;
  EXPECT_EQ(cluster.UntilUs(deadline), 0u);
  EXPECT_EQ(cluster.NowMs(), static_cast<uint64_t>(deadline));
  EXPECT_EQ(cluster.UntilUs(0), 0u);
  EXPECT_GT(cluster.UntilUs(INT64_MAX), uint64_t{1} << 50);
}

TEST(ClusterClock, LeaderAfterRestartCountsTheTimeItWasAway) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.OnApplied(kWall - kHour, false);
  EXPECT_EQ(cluster.Stamp(), kWall);
}

TEST(ClusterClock, FollowerThatBecomesLeaderSlewsFromTheTimeItKnew) {
  for (const int64_t wrong : {int64_t{200'000}, int64_t{-200'000}}) {
    ManualClock clock;
    ClusterClock cluster(clock);
    const auto cluster_time = static_cast<uint64_t>(static_cast<int64_t>(kWall) - wrong);
    cluster.OnApplied(cluster_time, true);
    clock.Pass(100);
    const auto difference = static_cast<int64_t>(cluster.Stamp() - (cluster_time + 100));
    EXPECT_LE(std::abs(difference), 1000 / 16) << "its wall clock is off by " << wrong;
  }
}

TEST(ClusterClock, LongIdlenessIsNoReasonToJump) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.Stamp();
  clock.Pass(kHour);
  clock.wall_ms += kHour;  // Somebody has set it.
  const uint64_t before = cluster.NowMs();
  EXPECT_LE(cluster.Stamp() - before, 1000u / 16);
}

TEST(ClusterClock, WallClockIsReachedInTime) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.Stamp();
  clock.wall_ms -= 1000;
  for (int i = 0; i < 2000; ++i) {
    clock.Pass(10);
    cluster.Stamp();
  }
  EXPECT_EQ(cluster.NowMs(), clock.wall_ms);
}

// A follower that could not apply for a while gets many old entries at once.
TEST(ClusterClock, BacklogDoesNotTurnTheClockBack) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.OnApplied(kWall, true);
  clock.Pass(5000);
  for (uint64_t i = 0; i < 5000; ++i) {
    cluster.OnApplied(kWall + i, true);
    ASSERT_GE(cluster.NowMs(), kWall + 5000 - 1000 / 16);
  }
  EXPECT_EQ(cluster.NowMs(), kWall + 5000);
}

TEST(ClusterClock, FollowerGoesAlongWithALeaderThatSlewsBack) {
  ManualClock clock;
  ClusterClock cluster(clock);
  cluster.OnApplied(kWall, true);
  uint64_t last = cluster.NowMs();
  uint64_t leader = kWall;
  for (int i = 0; i < 10'000; ++i) {
    clock.Pass(16);
    leader += 15;
    cluster.OnApplied(leader, true);
    ASSERT_GE(cluster.NowMs(), last);
    last = cluster.NowMs();
  }
  EXPECT_LE(last - leader, 1100u);
}

TEST(ClusterClock, NothingGoesBackWhateverTheWallClockDoes) {
  ManualClock clock;
  ClusterClock cluster(clock);
  uint64_t now = cluster.NowMs();
  uint64_t stamp = 0;
  for (uint64_t i = 1; i < 20'000; ++i) {
    clock.Pass(i * 7919 % 40);
    if (i % 100 == 0) clock.wall_ms += i % 200 == 0 ? 7'000 : static_cast<uint64_t>(-7'001);
    if (i % 3 == 0) {
      const uint64_t next = cluster.Stamp();
      ASSERT_GE(next, stamp);
      ASSERT_GE(next, now) << "a key that is due must be due for the entry that removes it";
      stamp = next;
    } else if (i % 3 == 1) {
      cluster.OnApplied(stamp, i % 2 == 0);
    }
    ASSERT_GE(cluster.NowMs(), now);
    now = cluster.NowMs();
  }
}

}  // namespace
}  // namespace mydis
