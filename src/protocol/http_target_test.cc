#include "protocol/http_target.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

TEST(HttpTarget, PathAndQuery) {
  const auto target = ParseHttpTarget("/v1/keys/a%2Fb?x=1&flag&y=a+b%26&x=2#part");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/v1/keys/a%2Fb");
  EXPECT_EQ(*target->Find("x"), "2") << "the last counts";
  EXPECT_EQ(*target->Find("flag"), "");
  EXPECT_EQ(*target->Find("y"), "a b&");
  EXPECT_EQ(target->Find("z"), nullptr);
  EXPECT_EQ(ParseHttpTarget("http://host:1/p?q=1")->path, "/p");
  EXPECT_EQ(ParseHttpTarget("http://host")->path, "/");
  EXPECT_FALSE(ParseHttpTarget("*").has_value());
  EXPECT_FALSE(ParseHttpTarget("host:80").has_value());
  EXPECT_FALSE(ParseHttpTarget("/?a=%g0").has_value());
}

TEST(HttpTarget, PercentDecoding) {
  EXPECT_EQ(PercentDecode("a%00%fF+"), std::string("a\0\xff+", 4));
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
  for (const std::string_view wrong : {"%", "%4", "a%4", "%4g", "%-1"})
    EXPECT_EQ(PercentDecode(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace mydis
