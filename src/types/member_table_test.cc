#include "types/member_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

// The same as a MemberTable in the plainest form.
struct Model {
  struct Pair {
    std::string member;
    std::string value;
  };
  std::vector<Pair> order;
  std::unordered_map<std::string, uint32_t> positions;
  size_t bytes = 0;

  bool Add(const std::string& member, const std::string& value) {
    if (!positions.emplace(member, order.size()).second) return false;
    order.push_back({member, value});
    return true;
  }
  void Remove(uint32_t position) {
    positions.erase(order[position].member);
    if (position + 1 != order.size()) {
      order[position] = order.back();
      positions[order[position].member] = position;
    }
    order.pop_back();
  }
};

void ExpectSame(const MemberTable& table, const Model& model) {
  ASSERT_EQ(table.size(), model.order.size());
  for (uint32_t p = 0; p < table.size(); ++p) {
    ASSERT_EQ(table.MemberAt(p), model.order[p].member);
    ASSERT_EQ(table.ValueAt(p), model.order[p].value);
    ASSERT_EQ(table.Find(model.order[p].member), p);
  }
  table.CheckInvariants();
}

// Mostly short, around the limit between the two forms of records, sometimes long.
std::string RandomText(Random& random, uint64_t number) {
  std::string text = std::to_string(number);
  switch (random.Below(8)) {
    case 0:
      text.append(random.Below(260), 'x');
      break;
    case 1:
      text.append(230 + random.Below(30), 'y');
      break;
    case 2:
      if (random.Chance(1, 10)) text.append(random.Below(100'000), 'z');
      break;
    default:
      break;
  }
  return text;
}

TEST(MemberTable, AgreesWithAModel) {
  Random random(7);
  for (const uint32_t most : {3u, 40u, 700u, 5000u}) {
    MemberTable table;
    Model model;
    // Phases that mostly add and mostly remove by turns.
    for (int phase = 0; phase < 6; ++phase) {
      const uint64_t adds = phase % 2 == 0 ? 8 : 2;
      for (uint32_t step = 0; step < most * 2; ++step) {
        const std::string value = random.Chance(1, 3) ? "" : RandomText(random, step);
        if (random.Below(10) < adds) {
          // Half of the members are chosen from few, so that they are often there.
          const uint64_t number = random.Chance(1, 2) ? random.Below(most) : random.Next();
          const std::string member =
              number < most ? std::to_string(number) : RandomText(random, number);
          const bool fresh = model.Add(member, value);
          const MemberTable::Added added = table.Add(member, value);
          ASSERT_EQ(added.fresh, fresh);
          ASSERT_EQ(added.position, model.positions[member]);
        } else if (!model.order.empty()) {
          const auto position = static_cast<uint32_t>(random.Below(model.order.size()));
          if (random.Chance(1, 3)) {
            table.SetValue(position, value);
            model.order[position].value = value;
          } else if (random.Chance(1, 2)) {
            table.Remove(position);
            model.Remove(position);
          } else {
            ASSERT_TRUE(table.Erase(model.order[position].member));
            model.Remove(position);
          }
        }
      }
      ExpectSame(table, model);
      EXPECT_FALSE(table.Contains("not there"));
      EXPECT_FALSE(table.Erase("not there"));
    }
    while (!model.order.empty()) {
      const auto position = static_cast<uint32_t>(random.Below(model.order.size()));
      table.Remove(position);
      model.Remove(position);
    }
    ExpectSame(table, model);
    EXPECT_EQ(table.MemoryBytes(), 0u);
  }
}

TEST(MemberTable, GrowsToManySegmentsAndBack) {
  MemberTable table;
  constexpr uint32_t kMany = 200'000;
  for (uint32_t i = 0; i < kMany; ++i) table.Add(std::to_string(i));
  table.CheckInvariants();
  // Never more than Redis needs: an entry of 24 bytes, a pointer, a string of 16.
  EXPECT_LT(table.Footprint(), size_t{kMany} * 48);
  const size_t large = table.Footprint();
  for (uint32_t i = 0; i < kMany - 10; ++i) ASSERT_TRUE(table.Erase(std::to_string(i)));
  table.CheckInvariants();
  EXPECT_LT(table.Footprint(), large / 50);
  for (uint32_t i = kMany - 10; i < kMany; ++i) EXPECT_TRUE(table.Contains(std::to_string(i)));
}

TEST(MemberTable, PayloadsAreChangedInPlace) {
  MemberTable table;
  const uint32_t a = table.AddPayload("a", 1).position;
  const uint32_t b = table.AddPayload(std::string(1000, 'b'), 2).position;
  table.SetPayload(a, ~uint64_t{0});
  table.SetPayload(b, 77);
  EXPECT_EQ(table.PayloadAt(a), ~uint64_t{0});
  EXPECT_EQ(table.PayloadAt(b), 77u);
  table.CheckInvariants();
}

TEST(MemberTable, MemoryIsAFunctionOfTheContents) {
  MemberTable table;
  for (int i = 0; i < 1000; ++i) table.Add(std::to_string(i), "value");
  for (int i = 0; i < 990; ++i) table.Erase(std::to_string(i));
  MemberTable copy;
  copy.CopyFrom(table);
  EXPECT_EQ(copy.MemoryBytes(), table.MemoryBytes());
  for (uint32_t p = 0; p < table.size(); ++p) EXPECT_EQ(copy.MemberAt(p), table.MemberAt(p));
}

TEST(MemberTable, BytesOfAnyKindAreMembers) {
  MemberTable table;
  EXPECT_TRUE(table.Add("").fresh);
  EXPECT_FALSE(table.Add("").fresh);
  EXPECT_TRUE(table.Add(std::string_view("\0\xff", 2), std::string_view("\0", 1)).fresh);
  EXPECT_EQ(table.ValueAt(1), std::string_view("\0", 1));
  EXPECT_EQ(table.Find(""), 0u);
}

// What is there during the whole scan is visited, whatever is added and removed meanwhile.
TEST(MemberTable, AScanMissesNothing) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    MemberTable table;
    std::set<std::string> staying;
    for (uint64_t i = random.Below(300); i > 0; --i) {
      table.Add("stays" + std::to_string(i));
      staying.insert("stays" + std::to_string(i));
      table.Add("goes" + std::to_string(i));
    }
    uint64_t cursor = 0;
    do {
      cursor = table.Scan(cursor, random.Below(20) + 1, [&](uint32_t position) {
        staying.erase(std::string(table.MemberAt(position)));
      });
      for (uint64_t i = random.Below(10); i > 0; --i) table.Add(std::to_string(random.Next()));
      for (uint64_t i = random.Below(12); i > 0 && table.size() > 0; --i) {
        const auto position = static_cast<uint32_t>(random.Below(table.size()));
        if (!table.MemberAt(position).starts_with("stays")) table.Remove(position);
      }
    } while (cursor != 0);
    EXPECT_TRUE(staying.empty());
  }
}

// Hashes that are all alike make the index slow, never wrong.
TEST(PositionIndex, BearsHashesThatAreAlike) {
  for (const uint64_t different_bits : {0u, 3u, 9u}) {
    PositionIndex index;
    const auto hash_of = [different_bits](uint32_t position) {
      return different_bits == 0 ? 42 : uint64_t{position} << (64 - different_bits);
    };
    constexpr uint32_t kMany = 3000;
    for (uint32_t p = 0; p < kMany; ++p) index.Insert(hash_of(p), p, hash_of);
    index.CheckInvariants(hash_of);
    EXPECT_EQ(index.Find(hash_of(5), [](uint32_t) { return false; }), PositionIndex::kNone);
    for (uint32_t p = kMany; p-- > 1;) index.Erase(hash_of(p), p, hash_of);
    index.CheckInvariants(hash_of);
  }
}

}  // namespace
}  // namespace mydis
