#include "types/value_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

ListpackValue Text(std::string_view text) { return {.is_int = false, .integer = 0, .text = text}; }
ListpackValue Integer(int64_t n) { return {.is_int = true, .integer = n, .text = {}}; }

TEST(ValueIndex, KeepsTheOrderAndKnowsWhatIsHere) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    ValueIndex index(random.Below(40));
    std::deque<std::string> texts;  // What the index points to.
    std::vector<std::string> model;
    const uint64_t most = random.Below(300) + 1;
    for (int step = 0; step < 400; ++step) {
      const auto number = static_cast<int64_t>(random.Below(most)) - 20;
      std::string text = std::to_string(number);
      if (random.Chance(1, 2)) text = "m" + text;
      const bool as_integer = text[0] != 'm' && random.Chance(1, 2);
      const ListpackValue value = as_integer ? Integer(number) : Text(texts.emplace_back(text));
      const bool known = std::ranges::count(model, text) > 0;
      ASSERT_EQ(index.Contains(value), known);
      if (random.Chance(1, 3)) continue;
      ASSERT_EQ(index.Add(value), !known);
      if (!known) model.push_back(text);
    }
    ASSERT_EQ(index.size(), model.size());
    for (size_t i = 0; i < model.size(); ++i) ASSERT_TRUE(index.At(i).Equals(model[i]));
  }
}

TEST(ValueIndex, OnlyTheCanonicalFormIsTheInteger) {
  ValueIndex index(0);
  EXPECT_TRUE(index.Add(Text("7")));
  EXPECT_FALSE(index.Add(Integer(7)));
  for (const char* other : {"07", "+7", "7 ", "", "-0"}) EXPECT_TRUE(index.Add(Text(other)));
  EXPECT_FALSE(index.Add(Text("")));
  EXPECT_FALSE(index.Contains(Integer(0)));
}

}  // namespace
}  // namespace mydis
