#include "consensus/digest_exchange.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

constexpr uint64_t kLater = 60'000'000;

class DigestExchangeTest : public testing::Test {
 protected:
  // What member `self` comes to when each of `members` has sent its digest (0: none) at index 10.
  std::optional<DigestExchange::Difference> Judge(uint64_t self, std::vector<uint64_t> digests,
                                                  uint64_t now_us = 1) {
    exchange_ = DigestExchange(self);
    std::vector<uint64_t> members;
    for (size_t i = 0; i < digests.size(); ++i) {
      const uint64_t member = i + 1;
      members.push_back(member);
      const StateCheck check{.first = 7, .count = 1, .digest = digests[i]};
      if (digests[i] == 0) continue;
      if (member == self)
        exchange_.OnOwn(10, check, 1);
      else
        exchange_.OnPeer(member, 10, check);
    }
    return exchange_.Next(members, now_us);
  }
  DigestExchange exchange_{0};
};

using Ids = std::vector<uint64_t>;

TEST_F(DigestExchangeTest, WhoAgreesIsLeftAlone) {
  EXPECT_FALSE(Judge(1, {5, 5, 5}, kLater));
  EXPECT_EQ(exchange_.agreements(), 1u);
  EXPECT_FALSE(Judge(1, {5, 5, 0}, kLater)) << "one is away";
  EXPECT_EQ(exchange_.agreements(), 0u);
  EXPECT_EQ(exchange_.differences(), 0u);
}

TEST_F(DigestExchangeTest, AMajorityIsRightAtOnce) {
  auto found = Judge(3, {5, 5, 6});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->self_is_wrong);
  EXPECT_EQ(found->right, (Ids{1, 2}));
  EXPECT_EQ(found->wrong, Ids{3});
  EXPECT_EQ(found->index, 10u);
  EXPECT_EQ(found->check.first, 7u);
  found = Judge(1, {5, 5, 6});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->self_is_wrong);
  EXPECT_EQ(found->wrong, Ids{3});
  found = Judge(1, {6, 5, 5});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->self_is_wrong) << "the oldest has no more say than others";
  EXPECT_TRUE(Judge(5, {5, 5, 5, 0, 6})) << "three of five";
}

TEST_F(DigestExchangeTest, WithoutAMajorityAllMustHaveAnswered) {
  EXPECT_FALSE(Judge(1, {5, 6, 0}));
  auto found = Judge(1, {5, 6, 0}, kLater);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->decided);
  EXPECT_FALSE(found->self_is_wrong);
  EXPECT_TRUE(found->right.empty());
  EXPECT_FALSE(Judge(5, {5, 5, 0, 0, 6})) << "two of five are no majority";
}

TEST_F(DigestExchangeTest, OfTwoTheOlderIsRight) {
  auto found = Judge(1, {5, 6});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->self_is_wrong);
  found = Judge(2, {5, 6});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->self_is_wrong);
  EXPECT_EQ(found->right, Ids{1});
}

TEST_F(DigestExchangeTest, AllComeToTheSameVerdict) {
  for (const std::vector<uint64_t>& digests :
       {Ids{1, 2, 3}, Ids{1, 1, 2, 2}, Ids{2, 1, 1, 3, 3}, Ids{1, 2, 2}, Ids{2, 1}}) {
    Ids right;
    for (uint64_t self = 1; self <= digests.size(); ++self) {
      const auto found = Judge(self, digests, kLater);
      ASSERT_TRUE(found);
      if (self == 1) right = found->right;
      EXPECT_EQ(found->right, right);
      const bool is_right = std::find(right.begin(), right.end(), self) != right.end();
      EXPECT_EQ(found->self_is_wrong, !is_right);
    }
  }
}

TEST_F(DigestExchangeTest, ALateAnswerIsJudgedToo) {
  const Ids members{1, 2, 3};
  DigestExchange exchange(1);
  exchange.OnPeer(2, 10, {.digest = 5});
  EXPECT_FALSE(exchange.Next(members, 1)) << "not there yet";
  exchange.OnOwn(10, {.digest = 5}, 1);
  EXPECT_FALSE(exchange.Next(members, 1));
  exchange.OnPeer(3, 10, {.digest = 6});
  const auto found = exchange.Next(members, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->wrong, Ids{3});
  EXPECT_FALSE(exchange.Next(members, kLater)) << "told once";
}

TEST_F(DigestExchangeTest, KeepsTheNewestIndexes) {
  const Ids members{1, 2};
  DigestExchange exchange(1);
  for (uint64_t index = 1; index <= 1000; ++index) exchange.OnOwn(index, {.digest = 5}, 1);
  exchange.OnPeer(2, 3, {.digest = 6});
  EXPECT_FALSE(exchange.Next(members, 1)) << "long forgotten";
  exchange.OnPeer(2, 990, {.digest = 6});
  EXPECT_TRUE(exchange.Next(members, 1));
}

}  // namespace
}  // namespace mydis
