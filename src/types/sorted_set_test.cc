// Sorted sets of both forms against a model.
#include "types/sorted_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

using Outcome = SortedSet::Outcome;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Saved(const SortedSet& set) {
  std::string bytes;
  Encoder out(bytes);
  set.Save(out);
  return bytes;
}

SortedSet Loaded(std::string_view bytes) {
  SortedSet set;
  Decoder in(bytes);
  EXPECT_TRUE(SortedSet::Load(in, &set));
  EXPECT_TRUE(in.AtEnd());
  return set;
}

class Model {
 public:
  std::map<std::string, double> scores;

  std::vector<std::pair<double, std::string>> Sorted() const {
    std::vector<std::pair<double, std::string>> sorted;
    for (const auto& [member, score] : scores) sorted.emplace_back(score, member);
    std::ranges::sort(sorted);
    return sorted;
  }
};

void ExpectSame(const SortedSet& set, const Model& model) {
  set.CheckInvariants();
  const auto sorted = model.Sorted();
  ASSERT_EQ(set.size(), sorted.size());
  size_t rank = 0;
  set.ForEach(set.All(), false, [&](std::string_view member, double score) {
    ASSERT_EQ(member, sorted[rank].second);
    ASSERT_EQ(score, sorted[rank].first);
    ++rank;
  });
  ASSERT_EQ(rank, sorted.size());
  set.ForEach(set.All(), true,
              [&](std::string_view member, double) { ASSERT_EQ(member, sorted[--rank].second); });
  ASSERT_EQ(rank, 0u);
  for (rank = 0; rank < sorted.size(); rank += 1 + rank / 10) {
    const auto found = set.Rank(sorted[rank].second);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->rank, rank);
    ASSERT_EQ(set.Score(sorted[rank].second), sorted[rank].first);
  }
}

RankRange Expected(const Model& model, const ScoreRange& range) {
  const auto sorted = model.Sorted();
  size_t first = 0;
  while (first < sorted.size() && range.BeforeMin(sorted[first].first)) ++first;
  size_t end = first;
  while (end < sorted.size() && range.WithinMax(sorted[end].first)) ++end;
  return {first, end};
}

class SortedSetTest : public testing::Test {
 protected:
  void RandomRound(uint64_t members) {
    const std::string member = "m" + std::to_string(random_.Below(members));
    const double score = RandomScore();
    const auto old = model_.scores.find(member);
    switch (random_.Below(8)) {
      case 0:
      case 1:
        ASSERT_EQ(set_.Remove(member), model_.scores.erase(member) == 1);
        break;
      case 2: {
        const ScoreRange range{RandomScore(), RandomScore(), random_.Chance(1, 2),
                               random_.Chance(1, 2)};
        const RankRange found = set_.RangeOf(range);
        const RankRange expected = Expected(model_, range);
        ASSERT_EQ(found.first, expected.first);
        ASSERT_EQ(found.size(), expected.size());
        if (found.size() > 5) break;
        for (const auto& [s, m] : model_.Sorted()) {
          if (!range.BeforeMin(s) && range.WithinMax(s)) model_.scores.erase(m);
        }
        set_.RemoveRange(found);
        break;
      }
      case 3: {
        const auto result = set_.Add(member, score, {.increment = true}, limits_);
        if (old == model_.scores.end()) {
          ASSERT_EQ(result.outcome, Outcome::kAdded);
          model_.scores[member] = score;
        } else if (std::isnan(old->second + score)) {
          ASSERT_EQ(result.outcome, Outcome::kNotANumber);
        } else {
          old->second += score;
          ASSERT_EQ(result.score, old->second);
        }
        break;
      }
      case 4: {
        const auto result = set_.Add(member, score, {.only_greater = true}, limits_);
        if (old != model_.scores.end() && score <= old->second) {
          ASSERT_EQ(result.outcome, Outcome::kSkipped);
        } else {
          model_.scores[member] = score;
        }
        break;
      }
      default: {
        const auto result = set_.Add(member, score, {}, limits_);
        const Outcome expected = old == model_.scores.end() ? Outcome::kAdded
                                 : old->second == score     ? Outcome::kSame
                                                            : Outcome::kUpdated;
        ASSERT_EQ(result.outcome, expected);
        model_.scores[member] = score;
      }
    }
  }
  double RandomScore() {
    switch (random_.Below(20)) {
      case 0:
        return kInfinity;
      case 1:
        return -kInfinity;
      case 2:
        return static_cast<double>(random_.Next());
      case 3:
        return static_cast<double>(random_.Next()) * 1e-12;
      default:
        return static_cast<double>(random_.Below(64)) - 30;
    }
  }

  SortedSet set_;
  Model model_;
  Random random_{7};
  EncodingLimits limits_;
};

TEST_F(SortedSetTest, RandomOperationsSmall) {
  for (int round = 0; round < 20000; ++round) {
    RandomRound(60);
    if (round % 100 == 0) ExpectSame(set_, model_);
  }
  EXPECT_EQ(set_.EncodingName(), "listpack");
}

TEST_F(SortedSetTest, RandomOperationsLarge) {
  for (int round = 0; round < 30000; ++round) {
    RandomRound(2000);
    if (round % 2000 != 0) continue;
    ExpectSame(set_, model_);
    const std::string saved = Saved(set_);
    SortedSet loaded = Loaded(saved);
    ExpectSame(loaded, model_);
    EXPECT_EQ(Saved(loaded), saved);
    EXPECT_EQ(loaded.MemoryBytes(), set_.MemoryBytes());
    ExpectSame(set_.Clone(), model_);
    // Goes on with what was loaded.
    set_ = std::move(loaded);
  }
  EXPECT_EQ(set_.EncodingName(), "skiplist");
  set_.RemoveRange(set_.All());
  EXPECT_EQ(set_.size(), 0u);
}

TEST_F(SortedSetTest, BecomesLargeAsRedis) {
  for (uint64_t i = 0; i < limits_.zset_max_listpack_entries; ++i)
    set_.Add(std::to_string(i), 1, {}, limits_);
  EXPECT_EQ(set_.EncodingName(), "listpack");
  set_.Add("0", 2, {}, limits_);
  EXPECT_EQ(set_.EncodingName(), "listpack");
  set_.Add("more", 2, {}, limits_);
  EXPECT_EQ(set_.EncodingName(), "skiplist");
  set_.RemoveRange({0, 100});
  EXPECT_EQ(set_.EncodingName(), "skiplist");

  SortedSet longer;
  longer.Add(std::string(64, 'x'), 1, {}, limits_);
  EXPECT_EQ(longer.EncodingName(), "listpack");
  longer.Add(std::string(65, 'x'), 1, {}, limits_);
  EXPECT_EQ(longer.EncodingName(), "skiplist");

  SortedSet expecting;
  expecting.Expect(129, 1, limits_);
  EXPECT_EQ(expecting.EncodingName(), "skiplist");
}

TEST_F(SortedSetTest, OfManyElements) {
  for (const size_t count : {0, 1, 100, 1000}) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back("m" + std::to_string(i));
    std::vector<SortedSet::Element> elements;
    Model model;
    for (size_t i = 0; i < count; ++i) {
      elements.push_back({names[i], static_cast<double>(i * 7 % 10)});
      model.scores[names[i]] = elements.back().score;
    }
    const SortedSet set = SortedSet::Of(elements, limits_);
    ExpectSame(set, model);
    EXPECT_EQ(set.EncodingName(), count <= 128 ? "listpack" : "skiplist");
  }
}

TEST_F(SortedSetTest, ScoresAreExact) {
  const double scores[] = {0.1, -0.0, 1e300, 5e-324, 3, 4611686018427387904.0, -1e19, 17.5e-5};
  for (const bool large : {false, true}) {
    SortedSet set;
    if (large) set.Expect(1000, 1, limits_);
    for (const double score : scores) {
      set.Add("m", score, {}, limits_);
      EXPECT_EQ(set.Score("m"), score);
    }
    set.Add("m", 2, {}, limits_);
    set.Add("m", -kInfinity, {}, limits_);
    EXPECT_EQ(set.Score("m"), -kInfinity);
    EXPECT_EQ(Loaded(Saved(set)).Score("m"), -kInfinity);
    EXPECT_EQ(set.Add("m", kInfinity, {.increment = true}, limits_).outcome, Outcome::kNotANumber);
  }
}

TEST_F(SortedSetTest, LexRanges) {
  using Kind = LexBound::Kind;
  for (const int count : {26, 500}) {
    SortedSet set;
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      std::string name(1, static_cast<char>('a' + i % 26));
      if (i >= 26) name += std::to_string(i / 26);
      names.push_back(name);
      set.Add(name, 0, {}, limits_);
    }
    std::ranges::sort(names);
    const auto expect = [&](LexBound min, LexBound max) {
      const LexRange range{min, max};
      const auto in = [&](const std::string& name) {
        return !range.BeforeMin(name) && range.WithinMax(name);
      };
      const auto expected = static_cast<size_t>(std::ranges::count_if(names, in));
      for (const bool from_end : {false, true}) {
        const RankRange found = set.RangeOf(range, from_end);
        ASSERT_EQ(found.size(), expected);
        if (expected > 0) {
          ASSERT_TRUE(in(names[found.first]));
          ASSERT_TRUE(in(names[found.end - 1]));
        }
      }
    };
    expect({Kind::kLowest}, {Kind::kHighest});
    expect({Kind::kHighest}, {Kind::kLowest});
    expect({Kind::kClosed, "c"}, {Kind::kOpen, "f"});
    expect({Kind::kOpen, "c"}, {Kind::kClosed, "f"});
    expect({Kind::kClosed, "x"}, {Kind::kClosed, "c"});
    expect({Kind::kLowest}, {Kind::kOpen, "a"});
    expect({Kind::kClosed, "zzz"}, {Kind::kHighest});
    expect({Kind::kClosed, "k"}, {Kind::kClosed, "k"});
  }
}

// Whatever the scores, an answer must not depend on the shape of the tree.
TEST_F(SortedSetTest, LexRangesOfDifferentScoresDependOnTheContentsAlone) {
  for (int i = 0; i < 3000; ++i)
    set_.Add("m" + std::to_string(random_.Below(5000)), RandomScore(), {}, limits_);
  const SortedSet loaded = Loaded(Saved(set_));
  for (int i = 0; i < 500; ++i) {
    const std::string a = "m" + std::to_string(random_.Below(5000));
    const std::string b = "m" + std::to_string(random_.Below(5000));
    const LexRange range{{LexBound::Kind::kClosed, a}, {LexBound::Kind::kClosed, b}};
    EXPECT_EQ(set_.RangeOf(range).first, loaded.RangeOf(range).first);
    EXPECT_EQ(set_.RangeOf(range).end, loaded.RangeOf(range).end);
  }
}

TEST_F(SortedSetTest, ScanSeesWhatStays) {
  for (int i = 0; i < 1000; ++i) set_.Add("m" + std::to_string(i), i, {}, limits_);
  std::map<std::string, int> seen;
  uint64_t cursor = 0;
  int removed = 0;
  do {
    cursor = set_.Scan(cursor, 10,
                       [&](std::string_view member, double) { ++seen[std::string(member)]; });
    for (int i = 0; i < 3; ++i) set_.Remove("m" + std::to_string(3 * removed++));
    set_.Add("new" + std::to_string(removed), 5, {}, limits_);
  } while (cursor != 0);
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 != 0) {
      EXPECT_GE(seen["m" + std::to_string(i)], 1) << i;
    }
  }
}

TEST_F(SortedSetTest, MalformedBytesAreRefused) {
  for (const int count : {3, 300}) {
    SortedSet set;
    for (int i = 0; i < count; ++i) set.Add("m" + std::to_string(i), i, {}, limits_);
    const std::string good = Saved(set);
    for (size_t size = 0; size < good.size(); size += 1 + size / 50) {
      SortedSet loaded;
      Decoder in(std::string_view(good).substr(0, size));
      EXPECT_FALSE(SortedSet::Load(in, &loaded));
    }
    for (size_t i = 0; i < 3000; ++i) {
      std::string bad = good;
      bad[random_.Below(bad.size())] = static_cast<char>(random_.Next());
      SortedSet loaded;
      Decoder in(bad);
      if (SortedSet::Load(in, &loaded)) loaded.CheckInvariants();
    }
  }
}

TEST_F(SortedSetTest, ListpacksInDisorderAreRefused) {
  const auto accepts = [](std::initializer_list<std::string_view> items) {
    Listpack pack;
    for (const std::string_view item : items) pack.Append(item);
    SortedSet set;
    return SortedSet::FromListpack(pack.bytes(), &set);
  };
  EXPECT_TRUE(accepts({"a", "1", "b", "1", "a1", "1.5"}));
  EXPECT_TRUE(accepts({"b", "-inf", "a", "inf"}));
  EXPECT_FALSE(accepts({"a", "1", "b"}));
  EXPECT_FALSE(accepts({"b", "1", "a", "1"}));
  EXPECT_FALSE(accepts({"a", "2", "b", "1"}));
  EXPECT_FALSE(accepts({"a", "1", "a", "2"}));
  EXPECT_FALSE(accepts({"a", "x"}));
  EXPECT_FALSE(accepts({"a", "nan"}));
}

}  // namespace
}  // namespace mydis
