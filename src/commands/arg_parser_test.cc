#include "commands/arg_parser.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace mydis {
namespace {

using std::string_view_literals::operator""sv;

TEST(ParseInteger, TakesTheCanonicalFormOnly) {
  EXPECT_EQ(ParseInteger("0"), 0);
  EXPECT_EQ(ParseInteger("-1"), -1);
  EXPECT_EQ(ParseInteger("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInteger("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const std::string_view bad :
       {""sv, "-"sv, "+1"sv, " 1"sv, "1 "sv, "01"sv, "-0"sv, "-01"sv, "1a"sv, "0x1"sv, "1.0"sv,
        "9223372036854775808"sv, "-9223372036854775809"sv, "99999999999999999999999"sv, "1\0"sv}) {
    EXPECT_FALSE(ParseInteger(bad)) << bad;
  }
}

TEST(ParseDouble, ReadsWhatStrtodReads) {
  EXPECT_EQ(ParseDouble("1.5"), 1.5);
  EXPECT_EQ(ParseDouble("+1.5"), 1.5);
  EXPECT_EQ(ParseDouble("-0"), 0.0);
  EXPECT_TRUE(std::signbit(*ParseDouble("-0")));
  EXPECT_EQ(ParseDouble(".5e1"), 5.0);
  EXPECT_EQ(ParseDouble("0x10"), 16.0);
  EXPECT_EQ(ParseDouble("1e308"), 1e308);
  EXPECT_EQ(ParseDouble("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
  for (const std::string_view bad : {""sv, " 1"sv, "1 "sv, "nan"sv, "1e400"sv, "-1e400"sv,
                                     "1e-400"sv, "abc"sv, "1.5x"sv, "1\0"sv, "--1"sv}) {
    EXPECT_FALSE(ParseDouble(bad)) << bad;
  }
}

TEST(ParseLongDouble, KeepsMoreDigitsThanADouble) {
  EXPECT_EQ(ParseLongDouble("3.0000000000000000001"), 3.0000000000000000001L);
  EXPECT_EQ(ParseLongDouble("1e4000"), 1e4000L);
  EXPECT_FALSE(ParseLongDouble("nan"));
  EXPECT_FALSE(ParseLongDouble("1e5000"));
  EXPECT_FALSE(ParseLongDouble(" 1"));
  EXPECT_FALSE(ParseLongDouble(""));
  EXPECT_EQ(ParseLongDouble(std::string(5119, '0')), 0.0L);
  EXPECT_FALSE(ParseLongDouble(std::string(5120, '0')));
}

// A program that holds an instance may have chosen a locale with a decimal comma.
TEST(ParseDouble, KnowsNoLocale) {
  const char* chosen = nullptr;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"}) {
    if (chosen == nullptr) chosen = std::setlocale(LC_ALL, name);
  }
  if (chosen == nullptr) GTEST_SKIP() << "no locale with a decimal comma is installed";
  const auto number = ParseLongDouble("1.5");
  const auto hexadecimal = ParseDouble("0x1.8p1");
  const auto comma = ParseDouble("1,5");
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(number, 1.5L);
  EXPECT_EQ(hexadecimal, 3.0);
  EXPECT_EQ(comma, std::nullopt);
}

TEST(ArgParser, RemembersTheFirstError) {
  const std::vector<std::string_view> words = {"cmd", "nx", "x", "EX"};
  ArgParser parser(words);
  EXPECT_FALSE(parser.Accept("XX"));
  EXPECT_TRUE(parser.Accept("NX"));
  EXPECT_EQ(parser.Integer("ERR first"), 0);
  EXPECT_FALSE(parser.HasNext());
  EXPECT_EQ(parser.Next(), "EX");
  EXPECT_EQ(parser.Next(), "");
  NullReply reply;
  EXPECT_TRUE(parser.Rejected(reply));
  EXPECT_EQ(parser.error(), "ERR first");
}

TEST(EqualsUpper, ComparesLettersOnly) {
  EXPECT_TRUE(EqualsUpper("keepTTL", "KEEPTTL"));
  EXPECT_FALSE(EqualsUpper("keepttl\0"sv, "KEEPTTL"));
  EXPECT_FALSE(EqualsUpper("\x4e\x18", "NX"));
}

}  // namespace
}  // namespace mydis
