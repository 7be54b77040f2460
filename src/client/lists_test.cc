// Ranges as lists of calls, and what answers become, where they are not as one would expect.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <ranges>
#include <sstream>

#include "mydis/calls/keys.h"
#include "mydis/words.h"

namespace mydis {
namespace {

std::string Joined(const Words& words) {
  std::string joined;
  for (const std::string_view word : words.views()) joined += std::string(word) + ";";
  return joined;
}

// Strings that a range makes as it goes are gone when the words are sent.
TEST(ListsTest, RangesThatMakeTheirStrings) {
  const std::vector<int> numbers = {1, 2, 3};
  for (const std::string key : {"k", "a key that is too long to stand in its string "}) {
    const auto name = [&key](int number) { return key + std::to_string(number); };
    const auto keys = numbers | std::views::transform(name);
    EXPECT_EQ(Joined(Words{"DEL"}.Add(Strings(keys))),
              "DEL;" + name(1) + ";" + name(2) + ";" + name(3) + ";");
    const auto pairs = numbers | std::views::transform(
                                     [&](int n) { return std::pair(name(n), std::to_string(n)); });
    EXPECT_EQ(Joined(Words{"MSET"}.Add(StringPairs(pairs))),
              "MSET;" + name(1) + ";1;" + name(2) + ";2;" + name(3) + ";3;");
  }
}

// One string, of the iterator's, that becomes the next.
TEST(ListsTest, RangesThatGoOnce) {
  std::istringstream text("the-first-key-of-them the-other-key-of-them k");
  const auto keys = std::ranges::subrange(std::istream_iterator<std::string>(text),
                                          std::istream_iterator<std::string>());
  EXPECT_EQ(Joined(Words{"DEL"}.Add(Strings(keys))),
            "DEL;the-first-key-of-them;the-other-key-of-them;k;");
}

TEST(ListsTest, WhatIsThereIsViewedWhereItIs) {
  const std::vector<std::string> keys = {"k", "l"};
  EXPECT_EQ(Strings(keys).views()[1].data(), keys[1].data());
  const auto views =
      keys | std::views::transform([](const std::string& key) { return std::string_view(key); });
  EXPECT_EQ(Strings(views).views()[1].data(), keys[1].data());
  const std::map<std::string, std::string> pairs = {{"k", "v"}};
  EXPECT_EQ(StringPairs(pairs).views()[0].second.data(), pairs.at("k").data());
  const auto halves = keys | std::views::transform([](const std::string& key) {
                        return std::pair<const std::string&, std::string>(key, "made");
                      });
  const StringPairs made(halves);
  EXPECT_EQ(made.views()[1].first.data(), keys[1].data());
  EXPECT_EQ(made.views()[0].second, "made");
}

// Each of them braced itself or as it stands; none at all; and more than what may be braced.
TEST(ListsTest, BracedLists) {
  const char text[] = "bytes";
  EXPECT_EQ(Joined({"GET", {text, 2}, std::string("k")}), "GET;by;k;");
  EXPECT_EQ(Joined(Words{"DEL"}.Add(Strings{})), "DEL;");
  EXPECT_EQ(Joined(Words{"DEL"}.Add(Strings{{text, 3}})), "DEL;byt;");
  const auto words = [](const Strings& strings) { return Joined(Words().Add(strings)); };
  EXPECT_EQ(words({"a", "b", "c", "d"}), "a;b;c;d;");
  EXPECT_EQ(words({"a", "b", "c", "d", "e"}), "a;b;c;d;e;");
  const auto pairs = [](const StringPairs& given) { return Joined(Words().Add(given)); };
  EXPECT_EQ(pairs({}), "");
  EXPECT_EQ(pairs({{"a", "b"}}), "a;b;");
  const std::pair<std::string, std::string> pair("c", "d");
  EXPECT_EQ(pairs({{"a", "b"}, pair}), "a;b;c;d;");
}

TEST(ListsTest, ListsOfMoreThanMayBeBraced) {
#define TEN "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"
  const std::string ten = "0;1;2;3;4;5;6;7;8;9;";
  EXPECT_EQ(Joined({TEN, TEN, TEN, "a", "b", "c"}), ten + ten + ten + "a;b;c;");
  EXPECT_EQ(Joined(Words().Add(Strings{TEN, TEN, TEN, "a", "b", "c"})), ten + ten + ten + "a;b;c;");
  EXPECT_EQ(Words({TEN, TEN, TEN, "a", "b"}).size(), kMostBraced);
#undef TEN
#define NINE one, one, one, one, one, one, one, one, one
  const StringPairs::Pair one("a", "b");
  EXPECT_EQ(StringPairs({NINE, NINE, NINE, NINE}).size(), 36u);
#undef NINE
  const int numbers[] = {1, 2, 3};
  EXPECT_EQ(ListOf<int>(numbers).size(), 3u);
  EXPECT_EQ(*ListOf<int>({4, 5}).begin(), 4);
}

TEST(TimesTest, WhatNoClockReachesIsNever) {
  using Decoder = detail::Decoder<std::optional<TimePoint>>;
  EXPECT_EQ(Decoder::From(Value::Integer(INT64_MAX)).value(), kNever);
  EXPECT_LT(Decoder::From(Value::Integer(INT64_MIN)).value(), TimePoint());
}

}  // namespace
}  // namespace mydis
