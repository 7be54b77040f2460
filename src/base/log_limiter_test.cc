#include "base/log_limiter.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

TEST(LogLimiterTest, OneOfAKindAMinute) {
  LogLimiter limiter;
  EXPECT_TRUE(limiter.Allows("a", 5));
  EXPECT_FALSE(limiter.Allows("a", 6));
  EXPECT_TRUE(limiter.Allows("b", 6));
  EXPECT_FALSE(limiter.Allows("a", 60'004));
  EXPECT_TRUE(limiter.Allows("a", 60'005));
  EXPECT_FALSE(limiter.Allows("a", 60'006));
}

TEST(LogLimiterTest, KindsAreBounded) {
  LogLimiter limiter;
  size_t written = 0;
  for (int i = 0; i < 10'000; ++i) written += limiter.Allows(std::to_string(i), 1);
  EXPECT_EQ(written, 1000u);
  EXPECT_TRUE(limiter.Allows("later", 60'001));
}

}  // namespace
}  // namespace mydis
