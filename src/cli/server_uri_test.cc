#include "cli/server_uri.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

ServerUri Parsed(std::string_view text) {
  const Result<ServerUri> uri = ParseServerUri(text);
  EXPECT_TRUE(uri.has_value()) << text;
  return uri.value_or(ServerUri{});
}

TEST(ServerUriTest, Whole) {
  const ServerUri uri = Parsed("rediss://ann:s%40cr%3At@db1.example:7000/3");
  EXPECT_TRUE(uri.tls);
  EXPECT_EQ(uri.user, "ann");
  EXPECT_EQ(uri.password, "s@cr:t");
  EXPECT_EQ(uri.address, (HostPort{"db1.example", 7000}));
  EXPECT_EQ(uri.database, 3);
}

TEST(ServerUriTest, WhatIsLeftOut) {
  EXPECT_EQ(Parsed("redis://").address, (HostPort{"127.0.0.1", 2381}));
  EXPECT_EQ(Parsed("redis://db1").address, (HostPort{"db1", 2381}));
  EXPECT_EQ(Parsed("redis://db1/").database, -1);
  EXPECT_EQ(Parsed("redis://[::1]:99").address, (HostPort{"::1", 99}));
  EXPECT_EQ(Parsed("redis://secret@db1").password, "secret");
  EXPECT_EQ(Parsed("redis://secret@db1").user, "");
  EXPECT_EQ(Parsed("redis://:secret@db1").password, "secret");
  EXPECT_EQ(Parsed("redis://ann:a@b@db1").password, "a@b");
  EXPECT_FALSE(Parsed("redis://db1").tls);
}

TEST(ServerUriTest, Wrong) {
  for (const char* text : {"", "db1:2381", "http://db1", "redis://db1:x", "redis://db1/x",
                           "redis://db1/-1", "redis://a%4@db1", "redis://a%zz@db1"})
    EXPECT_FALSE(ParseServerUri(text).has_value()) << text;
}

}  // namespace
}  // namespace mydis
