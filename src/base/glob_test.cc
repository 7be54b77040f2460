#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace mydis {
namespace {

using std::string_view_literals::operator""sv;

TEST(Glob, LiteralsAndWildcards) {
  EXPECT_TRUE(GlobMatches("hello", "hello"));
  EXPECT_FALSE(GlobMatches("hello", "hell"));
  EXPECT_FALSE(GlobMatches("hell", "hello"));
  EXPECT_TRUE(GlobMatches("h?llo", "hallo"));
  EXPECT_FALSE(GlobMatches("h?llo", "hllo"));
  EXPECT_TRUE(GlobMatches("h*llo", "heeeello"));
  EXPECT_TRUE(GlobMatches("h*llo", "hllo"));
  EXPECT_TRUE(GlobMatches("**a**b**", "xaybz"));
  EXPECT_TRUE(GlobMatches("a*", "a"));
  EXPECT_FALSE(GlobMatches("a*b", "abc"));
  EXPECT_TRUE(GlobMatches("*ab", "aab"));
  EXPECT_TRUE(GlobMatches("*?", "a"));
  EXPECT_FALSE(GlobMatches("*??", "a"));
  EXPECT_TRUE(GlobMatches("a\0*"sv, "a\0b"sv));
}

TEST(Glob, AnEmptyTextFitsTheEmptyPatternOnly) {
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("*", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(Glob, Classes) {
  EXPECT_TRUE(GlobMatches("h[ae]llo", "hello"));
  EXPECT_FALSE(GlobMatches("h[ae]llo", "hillo"));
  EXPECT_TRUE(GlobMatches("h[^e]llo", "hallo"));
  EXPECT_FALSE(GlobMatches("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatches("h[a-b]llo", "hbllo"));
  EXPECT_TRUE(GlobMatches("h[b-a]llo", "hallo"));
  EXPECT_TRUE(GlobMatches("[\\]]", "]"));
  EXPECT_TRUE(GlobMatches("[a\\-z]", "-"));
  EXPECT_FALSE(GlobMatches("[a\\-z]", "b"));
  EXPECT_FALSE(GlobMatches("[]", "a"));
  EXPECT_TRUE(GlobMatches("[^]", "a"));
  EXPECT_TRUE(GlobMatches("*[0-9]", "ab9"));
  // 0x80 … 0xff lie below the letters.
  EXPECT_TRUE(GlobMatches("[\x80-a]", "A"));
  EXPECT_FALSE(GlobMatches("[a-\x80]", "b"));
}

TEST(Glob, AClassThatIsNotClosedEndsWithThePattern) {
  EXPECT_TRUE(GlobMatches("[abc", "b"));
  EXPECT_FALSE(GlobMatches("[abc", "d"));
  EXPECT_FALSE(GlobMatches("[", "["));
  EXPECT_TRUE(GlobMatches("[^", "["));
  EXPECT_TRUE(GlobMatches("[a-", "-"));
  EXPECT_TRUE(GlobMatches("[\\", "\\"));
}

TEST(Glob, Escapes) {
  EXPECT_TRUE(GlobMatches("h\\*llo", "h*llo"));
  EXPECT_FALSE(GlobMatches("h\\*llo", "hallo"));
  EXPECT_TRUE(GlobMatches("a\\", "a\\"));
  EXPECT_TRUE(GlobMatches("\\\\", "\\"));
}

TEST(Glob, IgnoresCaseIfAsked) {
  EXPECT_FALSE(GlobMatches("HeLLo", "hello"));
  EXPECT_TRUE(GlobMatches("HeLLo", "hello", true));
  EXPECT_TRUE(GlobMatches("[A-C]x", "bX", true));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  pattern += "b";
  EXPECT_FALSE(GlobMatches(pattern, std::string(5000, 'a')));
  EXPECT_TRUE(GlobMatches(pattern, std::string(5000, 'a') + "b"));
}

TEST(Glob, MoreThanAThousandStarsFitNothing) {
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    while (times-- > 0) text += part;
    return text;
  };
  const std::string text(1001, 'a');
  EXPECT_TRUE(GlobMatches(repeated("*?", 1000), text));
  EXPECT_TRUE(GlobMatches(repeated("*?", 1000) + "*", text));
  EXPECT_FALSE(GlobMatches(repeated("*?", 1001), text));
}

TEST(Glob, KnowsLiterals) {
  EXPECT_TRUE(GlobIsLiteral("user:1"));
  EXPECT_FALSE(GlobIsLiteral("user:*"));
  EXPECT_FALSE(GlobIsLiteral("a\\b"));
}

}  // namespace
}  // namespace mydis
