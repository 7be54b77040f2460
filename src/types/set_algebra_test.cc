#include "types/set_algebra.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

std::string Saved(const Set& set) {
  std::string bytes;
  Encoder out(bytes);
  set.Save(out);
  return bytes;
}

std::vector<std::string> Texts(const auto& members) {
  std::vector<std::string> texts;
  members.ForEach([&](const Set::Value& value) {
    Set::Value::Scratch scratch;
    texts.emplace_back(value.string(scratch));
  });
  return texts;
}

// What the results must be: member by member, each set asked and the result changed in turn.
Set SlowUnion(const Sets& sets, const EncodingLimits& limits) {
  Set result = Set::Integers();
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    set->ForEach([&](const Set::Value& member) { result.Add(member, limits); });
  }
  return result;
}

Set SlowDifference(const Sets& sets, const EncodingLimits& limits) {
  Set result = Set::Integers();
  const Set* first = sets[0];
  if (first == nullptr || std::count(sets.begin() + 1, sets.end(), first) > 0) return result;
  size_t others = 0;
  for (size_t i = 1; i < sets.size(); ++i) others += sets[i] == nullptr ? 0 : sets[i]->size();
  if (first->size() * (sets.size() - 1) / 2 > first->size() + others) {
    result = SlowUnion({first}, limits);
    for (size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] != nullptr)
        sets[i]->ForEach([&](const Set::Value& member) { result.Remove(member); });
    }
    return result;
  }
  first->ForEach([&](const Set::Value& member) {
    for (size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] != nullptr && sets[i]->Contains(member)) return;
    }
    result.Add(member, limits);
  });
  return result;
}

Set SlowIntersection(Sets sets, const EncodingLimits& limits) {
  Set result;
  if (std::ranges::count(sets, nullptr) > 0) return result;
  std::ranges::stable_sort(sets, {}, [](const Set* set) { return set->size(); });
  if (sets[0]->EncodingName() == "intset") result = Set::Integers();
  sets[0]->ForEach([&](const Set::Value& member) {
    for (const Set* set : sets) {
      if (!set->Contains(member)) return;
    }
    result.Add(member, limits);
  });
  result.TryIntset(limits);
  return result;
}

// A set of any form: integers, texts or both, some too long for a listpack.
Set RandomSet(Random& random, const EncodingLimits& limits) {
  const uint64_t kind = random.Below(3);
  const uint64_t most = random.Below(120) + 1;
  Set set = random.Chance(1, 2) ? Set::Integers() : Set();
  for (uint64_t left = random.Below(100) + 1; left > 0; --left) {
    std::string member = std::to_string(random.Below(most));
    if (kind == 1 || (kind == 2 && random.Chance(1, 8))) member = 'm' + member;
    if (random.Chance(1, 300)) member += std::string(20, 'x');
    set.Add(member, limits);
  }
  return set;
}

EncodingLimits RandomLimits(Random& random) {
  EncodingLimits limits;
  limits.set_max_intset_entries = random.Below(80);
  limits.set_max_listpack_entries = random.Below(150);
  limits.set_max_listpack_value = random.Chance(1, 4) ? random.Below(4) : 15;
  return limits;
}

TEST(SetAlgebra, GivesWhatGoingMemberByMemberGives) {
  Random random(11);
  for (int round = 0; round < 4000; ++round) {
    const EncodingLimits limits = RandomLimits(random);
    std::vector<Set> sets(random.Below(random.Chance(1, 5) ? 12 : 4) + 1);
    Sets all;
    for (Set& set : sets) {
      set = RandomSet(random, random.Chance(1, 2) ? limits : RandomLimits(random));
      all.push_back(random.Chance(1, 15) ? nullptr : &set);
      if (random.Chance(1, 30)) all.push_back(&set);
    }
    const Set joined = SlowUnion(all, limits);
    const Set less = SlowDifference(all, limits);
    const Set common = SlowIntersection(all, limits);
    ASSERT_EQ(Texts(UnionOf(all, limits)), Texts(joined)) << round;
    ASSERT_EQ(Saved(UnionOf(all, limits).Take()), Saved(joined)) << round;
    ASSERT_EQ(Texts(DifferenceOf(all, limits)), Texts(less)) << round;
    ASSERT_EQ(Saved(DifferenceOf(all, limits).Take()), Saved(less)) << round;
    const Set intersection = IntersectionOf(all, limits);
    intersection.CheckInvariants();
    ASSERT_EQ(Saved(intersection), Saved(common)) << round;
  }
}

TEST(SetAlgebra, IntersectionStopsWhenToldTo) {
  const EncodingLimits limits;
  Set a;
  Set b;
  for (int i = 0; i < 100; ++i) {
    a.Add("m" + std::to_string(i), limits);
    b.Add("m" + std::to_string(99 - i), limits);
  }
  Sets sets = {&a, &b};
  ASSERT_TRUE(PrepareIntersection(sets));
  int seen = 0;
  Intersect(sets, [&](const Set::Value&) { return ++seen != 5; });
  EXPECT_EQ(seen, 5);
  sets.push_back(nullptr);
  EXPECT_FALSE(PrepareIntersection(sets));
}

TEST(SetAlgebra, VeryLargeUnionsNeedNoIndex) {
  const EncodingLimits limits;
  Set a = Set::Integers();
  Set b;
  for (int i = 0; i < 70'000; ++i) {
    a.Add(std::to_string(i * 2), limits);
    b.Add("m" + std::to_string(i), limits);
  }
  const Sets sets = {&a, &b, &a};
  EXPECT_EQ(Saved(UnionOf(sets, limits).Take()), Saved(SlowUnion(sets, limits)));
}

}  // namespace
}  // namespace mydis
