#include "types/lcs.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace mydis {
namespace {

bool IsSubsequence(std::string_view part, std::string_view whole) {
  size_t at = 0;
  for (char c : whole) {
    if (at < part.size() && part[at] == c) ++at;
  }
  return at == part.size();
}

uint32_t SlowLength(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return 0;
  const std::string_view a_rest = a.substr(1);
  const std::string_view b_rest = b.substr(1);
  if (a[0] == b[0]) return SlowLength(a_rest, b_rest) + 1;
  return std::max(SlowLength(a_rest, b), SlowLength(a, b_rest));
}

TEST(Lcs, RedisExample) {
  const CommonSubsequence found = FindCommonSubsequence("ohmytext", "mynewtext");
  EXPECT_EQ(found.text, "mytext");
  EXPECT_EQ(found.ranges, (std::vector<CommonRange>{{4, 7, 5, 8}, {2, 3, 0, 1}}));
  EXPECT_EQ(CommonSubsequenceLength("ohmytext", "mynewtext"), 6u);
}

// Four bytes can be had in several ways; these are the ones that Redis gives.
TEST(Lcs, ChoosesAsRedisDoes) {
  EXPECT_EQ(FindCommonSubsequence("abcbdab", "bdcaba").text, "bdab");
  EXPECT_EQ(FindCommonSubsequence("bdcaba", "abcbdab").text, "bcba");
  EXPECT_EQ(FindCommonSubsequence("aaaa", "aa").ranges, (std::vector<CommonRange>{{2, 3, 0, 1}}));
}

TEST(Lcs, EmptyStrings) {
  EXPECT_EQ(FindCommonSubsequence("", "").text, "");
  EXPECT_TRUE(FindCommonSubsequence("", "abc").ranges.empty());
  EXPECT_EQ(FindCommonSubsequence("abc", "").text, "");
  EXPECT_EQ(CommonSubsequenceLength("", "abc"), 0u);
}

TEST(Lcs, LongestAndConsistentOnRandomStrings) {
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string a(random.Below(9), 'a');
    std::string b(random.Below(9), 'a');
    for (char& c : a) c = static_cast<char>('a' + random.Below(3));
    for (char& c : b) c = static_cast<char>('a' + random.Below(3));
    const CommonSubsequence found = FindCommonSubsequence(a, b);
    EXPECT_EQ(found.text.size(), SlowLength(a, b));
    EXPECT_EQ(found.text.size(), CommonSubsequenceLength(a, b));
    EXPECT_TRUE(IsSubsequence(found.text, a));
    EXPECT_TRUE(IsSubsequence(found.text, b));
    std::string joined;
    for (const CommonRange& range : found.ranges) {
      const std::string piece = a.substr(range.a_first, range.size());
      EXPECT_EQ(piece, b.substr(range.b_first, range.b_last - range.b_first + 1));
      joined.insert(0, piece);
    }
    EXPECT_EQ(joined, found.text);
  }
}

}  // namespace
}  // namespace mydis
