#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "commands/table.h"

namespace mydis {
namespace {

using Words = std::vector<std::string_view>;
using Positions = std::vector<size_t>;
using Begin = KeySpec::Begin;
using Find = KeySpec::Find;

// The positions found, or nullopt if the words do not fit.
std::optional<Positions> Keys(std::vector<KeySpec> specs, const Words& words, uint32_t flags = 0,
                              KeyFinder finder = nullptr) {
  CommandSpec command{};
  command.flags = flags;
  command.keys = specs;
  command.find_keys = finder;
  std::vector<FoundKey> found;
  if (!FindKeys(command, words, &found)) return std::nullopt;
  Positions positions;
  for (const FoundKey& key : found) positions.push_back(key.position);
  return positions;
}

TEST(FindKeys, CommandsWithoutKeysHaveNone) { EXPECT_EQ(Keys({}, {"ping"}), Positions{}); }

TEST(FindKeys, Ranges) {
  EXPECT_EQ(Keys({OneKey(kKeyRO)}, {"get", "k"}), (Positions{1}));
  EXPECT_EQ(Keys({OneKey(kKeyRO)}, {"get"}), std::nullopt);
  EXPECT_EQ(Keys({KeyRange(kKeyRM, 1, -1)}, {"del", "a", "b", "c"}), (Positions{1, 2, 3}));
  EXPECT_EQ(Keys({KeyRange(kKeyOW, 1, -1, 2)}, {"mset", "a", "1", "b", "2"}), (Positions{1, 3}));
  EXPECT_EQ(Keys({KeyRange(kKeyOW, 1, -1)}, {"del"}), std::nullopt);
  // BLPOP: everything but the last word.
  EXPECT_EQ(Keys({KeyRange(kKeyRW, 1, -2)}, {"blpop", "a", "b", "0"}), (Positions{1, 2}));
  EXPECT_EQ(Keys({OneKey(kKeyRW), OneKey(kKeyOW, 2)}, {"rename", "a", "b"}), (Positions{1, 2}));
}

TEST(FindKeys, Keywords) {
  const KeySpec streams{.flags = kKeyRO,
                        .begin = Begin::kKeyword,
                        .keyword = "STREAMS",
                        .start_from = 1,
                        .last = -1,
                        .limit = 2};
  EXPECT_EQ(Keys({streams}, {"xread", "count", "1", "streams", "a", "b", "0", "0"}),
            (Positions{4, 5}));
  EXPECT_EQ(Keys({streams}, {"xread", "count", "1"}), Positions{});
  // From the end towards the front, as MIGRATE wants it.
  const KeySpec keys{
      .flags = kKeyRW, .begin = Begin::kKeyword, .keyword = "KEYS", .start_from = -2, .last = -1};
  EXPECT_EQ(Keys({keys}, {"migrate", "h", "p", "", "0", "9", "Keys", "a", "b"}), (Positions{7, 8}));
  EXPECT_EQ(Keys({keys}, {"migrate", "keys", "b"}), Positions{});
}

TEST(FindKeys, CountedKeys) {
  const std::vector<KeySpec> eval = {CountedKeys(kKeyRW, 2)};
  EXPECT_EQ(Keys(eval, {"eval", "s", "2", "a", "b", "x"}), (Positions{3, 4}));
  EXPECT_EQ(Keys(eval, {"eval", "s", "0"}, kNoMandatoryKeys), Positions{});
  EXPECT_EQ(Keys(eval, {"eval", "s", "0"}), std::nullopt);
  for (const std::string_view bad : {"-1", "x", "3", "4", "9223372036854775807"}) {
    EXPECT_EQ(Keys(eval, {"eval", "s", bad, "a", "b"}), std::nullopt) << bad;
  }
  EXPECT_EQ(Keys(eval, {"eval", "s"}), std::nullopt);
  // ZUNIONSTORE: the target, then a count further on.
  EXPECT_EQ(Keys({OneKey(kKeyOW), CountedKeys(kKeyRO, 2)}, {"zunionstore", "d", "2", "a", "b"}),
            (Positions{1, 3, 4}));
}

TEST(FindKeys, WhatIsNoKeyIsSkippedAndWhatIsUnknownIsRefused) {
  EXPECT_EQ(Keys({OneKey(kKeyNotKey)}, {"spublish", "c", "m"}), Positions{});
  EXPECT_EQ(Keys({OneKey(kKeyRO | kKeyIncomplete)}, {"x", "k"}), std::nullopt);
  EXPECT_EQ(Keys({KeySpec{.flags = kKeyRO, .begin = Begin::kUnknown}}, {"x", "k"}), std::nullopt);
  EXPECT_EQ(Keys({KeySpec{.flags = kKeyRO, .find = Find::kUnknown}}, {"x", "k"}), std::nullopt);
}

TEST(FindKeys, ACommandsOwnFinderDecides) {
  const KeyFinder last_word = [](Args args, std::vector<FoundKey>* keys) {
    keys->push_back({args.size() - 1, kKeyRO});
    return true;
  };
  EXPECT_EQ(Keys({OneKey(kKeyRO)}, {"x", "a", "b"}, 0, last_word), (Positions{2}));
}

}  // namespace
}  // namespace mydis
