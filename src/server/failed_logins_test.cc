#include "server/failed_logins.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

TEST(FailedLogins, SlowOneAddressForAWhile) {
  FailedLogins logins;
  for (uint32_t i = 0; i < FailedLogins::kFree; ++i) {
    EXPECT_FALSE(logins.Slowed("10.0.0.1:1", 1000 + i));
    logins.Add("10.0.0.1:" + std::to_string(i), 1000 + i);
  }
  EXPECT_TRUE(logins.Slowed("10.0.0.1:99", 2000));
  EXPECT_FALSE(logins.Slowed("10.0.0.2:99", 2000));
  EXPECT_FALSE(logins.Slowed("10.0.0.1:99", 1000 + FailedLogins::kWindowMs));
  logins.Add("10.0.0.1:1", 1000 + FailedLogins::kWindowMs);
  EXPECT_FALSE(logins.Slowed("10.0.0.1:99", 1001 + FailedLogins::kWindowMs));
}

TEST(FailedLogins, DoNotSlowThisMachine) {
  FailedLogins logins;
  for (const char* client : {"127.0.0.1:5", "127.1.2.3:5", "[::1]:5"}) {
    for (uint32_t i = 0; i <= FailedLogins::kFree; ++i) logins.Add(client, 1000);
    EXPECT_FALSE(logins.Slowed(client, 1000)) << client;
  }
  for (uint32_t i = 0; i <= FailedLogins::kFree; ++i) logins.Add("[fe80::1]:5", 1000);
  EXPECT_TRUE(logins.Slowed("[fe80::1]:6", 1000));
}

TEST(FailedLogins, TakeLittleMemory) {
  FailedLogins logins;
  for (int i = 0; i < 100'000; ++i) logins.Add(std::to_string(i) + ":1", 1000);
  for (uint32_t i = 0; i < FailedLogins::kFree; ++i) logins.Add("10.0.0.1:1", 1000);
  EXPECT_TRUE(logins.Slowed("10.0.0.1:1", 1000));
}

}  // namespace
}  // namespace mydis
