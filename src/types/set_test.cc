#include "types/set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "types/container.h"

namespace mydis {
namespace {

static_assert(Container<Set>);

std::vector<std::string> Members(const Set& set) {
  std::vector<std::string> members;
  set.ForEach([&](const Set::Value& value) {
    Set::Value::Scratch scratch;
    members.emplace_back(value.string(scratch));
  });
  return members;
}

std::string Saved(const Set& set) {
  std::string bytes;
  Encoder out(bytes);
  set.Save(out);
  return bytes;
}

// Saved, loaded and cloned it is the same.
void ExpectPortable(const Set& set) {
  const std::string bytes = Saved(set);
  Decoder in(bytes);
  Set loaded;
  ASSERT_TRUE(Set::Load(in, &loaded));
  ASSERT_TRUE(in.AtEnd());
  loaded.CheckInvariants();
  ASSERT_EQ(Saved(loaded), bytes);
  ASSERT_EQ(loaded.MemoryBytes(), set.MemoryBytes());
  ASSERT_EQ(loaded.EncodingName(), set.EncodingName());
  ASSERT_EQ(Saved(set.Clone()), bytes);
}

TEST(Set, AgreesWithAModel) {
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    EncodingLimits limits;
    limits.set_max_intset_entries = random.Below(40);
    limits.set_max_listpack_entries = random.Below(40);
    Set set;
    std::set<std::string> model;
    const uint64_t most = random.Below(100) + 1;
    for (int step = 0; step < 400; ++step) {
      std::string member =
          std::to_string(random.Below(most) * (random.Chance(1, 20) ? 1 << 20 : 1));
      if (round % 2 == 1 && random.Chance(1, 10)) member = 'm' + member;
      if (model.empty()) set = Set::ForSize(member, random.Below(50), limits);
      if (random.Chance(3, 5)) {
        ASSERT_EQ(set.Add(member, limits), model.insert(member).second);
      } else if (random.Chance(1, 2)) {
        ASSERT_EQ(set.Remove(member), model.erase(member) == 1);
      } else if (!model.empty()) {
        const size_t position = random.Below(set.size());
        Set::Value::Scratch scratch;
        model.erase(std::string(set.At(position).string(scratch)));
        set.RemoveAt(position);
      }
      ASSERT_EQ(set.size(), model.size());
      ASSERT_EQ(set.Contains(member), model.contains(member));
    }
    std::vector<std::string> members = Members(set);
    std::ranges::sort(members);
    EXPECT_TRUE(std::ranges::equal(members, model));
    set.CheckInvariants();
    ExpectPortable(set);
  }
}

TEST(Set, FormsAreThoseOfRedis) {
  const EncodingLimits limits;
  Set set = Set::ForSize("1", 1, limits);
  for (int i = 0; i < 512; ++i) set.Add(std::to_string(i), limits);
  EXPECT_EQ(set.EncodingName(), "intset");
  set.Add("512", limits);
  EXPECT_EQ(set.EncodingName(), "hashtable");

  set = Set::ForSize("1", 1, limits);
  for (int i = 0; i < 127; ++i) set.Add(std::to_string(i), limits);
  set.Add("text", limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  EXPECT_EQ(Members(set).back(), "text");
  set.Add("one too many", limits);
  EXPECT_EQ(set.EncodingName(), "hashtable");
  EXPECT_EQ(Members(set).back(), "one too many");

  set = Set::ForSize("a", 1, limits);
  set.Add(std::string(64, 'a'), limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  set.Add(std::string(65, 'a'), limits);
  EXPECT_EQ(set.EncodingName(), "hashtable");

  // So many integers that a listpack cannot hold them.
  set = Set::ForSize("1", 1, limits);
  for (int i = 0; i < 128; ++i) set.Add(std::to_string(i), limits);
  set.Add("text", limits);
  EXPECT_EQ(set.EncodingName(), "hashtable");

  EXPECT_EQ(Set::ForSize("1", 512, limits).EncodingName(), "intset");
  EXPECT_EQ(Set::ForSize("1", 513, limits).EncodingName(), "hashtable");
  EXPECT_EQ(Set::ForSize("a", 128, limits).EncodingName(), "listpack");
  EXPECT_EQ(Set::ForSize("a", 129, limits).EncodingName(), "hashtable");
}

TEST(Set, IntegersBecomeSorted) {
  const EncodingLimits limits;
  Set set;
  for (const char* member : {"5", "-1", "70000", "9223372036854775807", "-9223372036854775808"})
    set.Add(member, limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  set.TryIntset(limits);
  EXPECT_EQ(set.EncodingName(), "intset");
  EXPECT_EQ(Members(set), (std::vector<std::string>{"-9223372036854775808", "-1", "5", "70000",
                                                    "9223372036854775807"}));
  ExpectPortable(set);
  EXPECT_FALSE(set.Contains("05"));
  EXPECT_FALSE(set.Contains("+5"));
  set.Add("text", limits);
  set.TryIntset(limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
}

TEST(Set, ScansSmallFormsAtOnceAndTablesInSteps) {
  EncodingLimits limits;
  Set set;
  for (int i = 0; i < 100; ++i) set.Add(std::to_string(i), limits);
  size_t visited = 0;
  EXPECT_EQ(set.Scan(0, 10, [&](const Set::Value&) { ++visited; }), 0u);
  EXPECT_EQ(visited, 100u);
  set.Expect(200, limits);
  EXPECT_EQ(set.Scan(0, 10, [&](const Set::Value&) { ++visited; }), 90u);
  EXPECT_EQ(visited, 110u);
}

TEST(Set, MalformedBytesAreRefused) {
  EncodingLimits limits;
  Set set;
  set.Add("a", limits);
  set.Add("b", limits);
  const auto refused = [](std::string bytes) {
    Decoder in(bytes);
    Set loaded;
    return !Set::Load(in, &loaded);
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(std::string("\x03\x00", 2)));
  EXPECT_TRUE(
      refused(std::string("\x02\x02\x01"
                          "a\x01"
                          "a",
                          6)))
      << "a member twice";
  EXPECT_TRUE(
      refused(std::string("\x02\xff\xff\xff\xff\x0f\x01"
                          "a",
                          8)));
  std::string bytes = Saved(set);
  EXPECT_TRUE(refused(bytes.substr(0, bytes.size() - 1)));
  bytes[bytes.rfind('b')] = 'a';
  EXPECT_TRUE(refused(bytes)) << "a member twice";
  // An intset whose values descend.
  EXPECT_TRUE(refused(std::string("\x01\x0c\x02\0\0\0\x02\0\0\0\x02\0\x01\0", 14)));
}

}  // namespace
}  // namespace mydis
