#include "consensus/membership.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

constexpr uint64_t kLarge = 0xfedcba9876543210;

TEST(MembershipTest, ConfChangeRoundTrip) {
  const ConfChange changes[] = {
      {},
      {{{ConfChangeKind::kAddVoter, 1}}, ""},
      {{{ConfChangeKind::kAddLearner, kLarge}}, "host:2382"},
      {{{ConfChangeKind::kAddVoter, 4}, {ConfChangeKind::kRemove, 3}}, std::string(1000, '\0')},
  };
  for (const ConfChange& change : changes) {
    const auto decoded = DecodeConfChange(EncodeConfChange(change));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, change);
  }
}

// The bytes are the Raft core's, and on disks: they never change.
TEST(MembershipTest, ConfChangeBytes) {
  using namespace std::string_literals;
  EXPECT_EQ(EncodeConfChange({{{ConfChangeKind::kAddLearner, 300}}, "ab"}),
            "\x08\x00\x12\x05\x08\x03\x10\xac\x02\x1a\x02"s
            "ab");
  EXPECT_EQ(EncodeConfChange({{{ConfChangeKind::kAddVoter, 2}, {ConfChangeKind::kRemove, 1}}, ""}),
            "\x08\x02\x12\x04\x08\x00\x10\x02\x12\x04\x08\x01\x10\x01"s);
  // How the core writes the end of a joint configuration.
  EXPECT_EQ(*DecodeConfChange(""), ConfChange{});
  EXPECT_EQ(*DecodeConfChange("\x08\x00"s), ConfChange{});
}

TEST(MembershipTest, DamagedConfChangesAreRefused) {
  using namespace std::string_literals;
  ConfChange change{{{ConfChangeKind::kAddVoter, 4}, {ConfChangeKind::kRemove, 3}}, "context"};
  const std::string good = EncodeConfChange(change);
  change.context.clear();
  const size_t without_context = EncodeConfChange(change).size();
  for (size_t length = 1; length < good.size(); ++length)
    EXPECT_EQ(DecodeConfChange(good.substr(0, length)).has_value(), length == without_context);
  for (const std::string& bytes : {
           "\x08\x01"s,                          // An unknown transition.
           "\x12\x04\x08\x02\x10\x01"s,          // An unknown kind of step.
           "\x12\x04\x08\x00\x10\x00"s,          // No instance.
           "\x08\x02\x12\x04\x08\x00\x10\x01"s,  // One step goes without a joint configuration.
           "\x20\x00"s,                          // An unknown field.
           "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
           "\xff"s,
       })
    EXPECT_FALSE(DecodeConfChange(bytes));
}

TEST(MembershipTest, ConfStateRoundTrip) {
  const ConfState states[] = {
      {}, {{1}, {}, {}, {}, false}, {{1, 2, kLarge}, {5}, {1, 2, 4}, {4}, true}};
  for (const ConfState& state : states) {
    const auto decoded = DecodeConfState(EncodeConfState(state));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, state);
  }
  EXPECT_FALSE(DecodeConfState("\x08"));
  EXPECT_FALSE(DecodeConfState("\x31\x01"));
}

}  // namespace
}  // namespace mydis
