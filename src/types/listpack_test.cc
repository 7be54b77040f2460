#include "types/listpack.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

std::vector<std::string> Elements(const Listpack& listpack) {
  std::vector<std::string> elements;
  ListpackValue::Scratch scratch;
  for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;)
    elements.emplace_back(listpack.Read(&pos).string(scratch));
  return elements;
}

std::vector<std::string> Backwards(const Listpack& listpack) {
  std::vector<std::string> elements;
  ListpackValue::Scratch scratch;
  for (Listpack::Pos pos = listpack.Last(); pos != Listpack::kNone; pos = listpack.Prev(pos))
    elements.emplace_back(listpack.Get(pos).string(scratch));
  return {elements.rbegin(), elements.rend()};
}

// Numbers around the bounds of the encodings, and strings around those of lengths.
std::string RandomValue(Random& random) {
  constexpr int64_t kBounds[] = {0, 127, 4095, -4096, 32767, 8388607, 2147483647, INT64_MAX};
  constexpr size_t kLengths[] = {0, 61, 63, 125, 4093, 4095, 16380};
  if (random.Chance(1, 2)) {
    auto number = static_cast<uint64_t>(kBounds[random.Below(std::size(kBounds))]);
    number += random.Below(5) - 2;
    if (random.Chance(1, 2)) number = uint64_t{0} - number;
    return std::to_string(static_cast<int64_t>(number));
  }
  if (random.Chance(1, 20)) return "0" + std::to_string(random.Below(20));
  const size_t length = random.Chance(1, 3)
                            ? kLengths[random.Below(std::size(kLengths))] + random.Below(5)
                            : random.Below(20);
  return std::string(length, static_cast<char>('a' + random.Below(26)));
}

TEST(Listpack, HasRedisBytes) {
  Listpack listpack;
  EXPECT_EQ(listpack.bytes(), std::string_view("\x07\0\0\0\0\0\xff", 7));
  listpack.Append("5");
  listpack.Append("-1");
  listpack.Append("ab");
  listpack.Append("300000");
  listpack.Append("-2147483648");
  // What DUMP of a redis-server's list of these has.
  EXPECT_EQ(listpack.bytes(), std::string_view("\x1b\0\0\0\x05\0"
                                               "\x05\x01"
                                               "\xdf\xff\x02"
                                               "\x82"
                                               "ab\x03"
                                               "\xf2\xe0\x93\x04\x04"
                                               "\xf3\0\0\0\x80\x05"
                                               "\xff",
                                               27));
  listpack.CheckInvariants();
}

TEST(Listpack, KeepsOnlyCanonicalNumbersAsIntegers) {
  for (const char* text : {"", "-", "-0", "01", "+1", " 1", "1 ", "1.0", "9223372036854775808"})
    EXPECT_FALSE(ParseCanonicalInteger(text)) << text;
  for (const char* text : {"0", "-1", "10", "9223372036854775807", "-9223372036854775808"}) {
    Listpack listpack;
    listpack.Append(text);
    EXPECT_TRUE(listpack.Get(listpack.First()).is_int) << text;
    EXPECT_EQ(Elements(listpack), std::vector<std::string>{text});
  }
}

// Applies one random change to both, and compares what the change gives back.
void RandomEdit(Random& random, Listpack& listpack, std::vector<std::string>& model) {
  const size_t at = model.empty() ? 0 : random.Below(model.size());
  const std::string value = RandomValue(random);
  const Listpack::Pos pos = listpack.Seek(static_cast<int64_t>(at));
  const auto begin = model.begin();
  const auto it = begin + static_cast<ptrdiff_t>(at);
  switch (random.Below(model.size() > 40 ? 10 : 8)) {
    case 0:
      listpack.Append(value);
      model.push_back(value);
      break;
    case 1:
      listpack.Prepend(value);
      model.insert(begin, value);
      break;
    case 2: {
      const Listpack::Pos inserted = listpack.Insert(pos, value);
      EXPECT_TRUE(listpack.Get(inserted).Equals(value));
      model.insert(it, value);
      break;
    }
    case 3:
      if (model.empty()) break;
      listpack.Replace(pos, value);
      *it = value;
      break;
    case 4: {
      if (model.empty()) break;
      Listpack tail = listpack.SplitOff(pos);
      tail.CheckInvariants();
      EXPECT_EQ(tail.size(), model.size() - at);
      EXPECT_EQ(listpack.size(), at);
      listpack.Concatenate(tail);
      break;
    }
    case 5: {
      const auto number = static_cast<int64_t>(random.Next() >> random.Below(64));
      EXPECT_EQ(listpack.Get(listpack.InsertInteger(pos, -number)).integer, -number);
      model.insert(it, std::to_string(-number));
      break;
    }
    default: {
      if (model.empty()) break;
      const size_t count = random.Below(random.Chance(1, 10) ? 60 : 4);
      const Listpack::Pos next = listpack.Erase(pos, count);
      model.erase(it, begin + static_cast<ptrdiff_t>(std::min(at + count, model.size())));
      if (at >= model.size()) {
        EXPECT_EQ(next, Listpack::kNone);
      } else {
        EXPECT_TRUE(listpack.Get(next).Equals(model[at]));
      }
    }
  }
}

TEST(Listpack, BehavesLikeAVectorUnderRandomEdits) {
  Random random(1);
  Listpack listpack;
  std::vector<std::string> model;
  for (int round = 0; round < 20'000; ++round) {
    RandomEdit(random, listpack, model);
    if (random.Chance(1, 8)) listpack.ShrinkToFit();
    if (random.Chance(1, 8)) listpack = listpack.Clone();
    listpack.CheckInvariants();
    ASSERT_EQ(listpack.size(), model.size());
    ASSERT_EQ(listpack.empty(), model.empty());
    ASSERT_EQ(Elements(listpack), model);
    ASSERT_EQ(Backwards(listpack), model);
    if (model.empty()) continue;
    const size_t at = random.Below(model.size());
    const auto index = static_cast<int64_t>(at);
    EXPECT_TRUE(listpack.Get(listpack.Seek(index)).Equals(model[at]));
    EXPECT_EQ(listpack.Seek(index - static_cast<int64_t>(model.size())), listpack.Seek(index));
    // The same elements give the same bytes, whatever their history.
    Listpack fresh;
    for (const std::string& value : model) fresh.Append(value);
    ASSERT_EQ(fresh.bytes(), listpack.bytes());
    size_t bytes = Listpack::kEmptyBytes;
    for (const std::string& value : model) bytes += Listpack::ElementBytes(value);
    ASSERT_EQ(bytes, listpack.byte_size());
  }
}

TEST(Listpack, FindsLikeALoop) {
  Random random(2);
  for (int round = 0; round < 2000; ++round) {
    Listpack listpack;
    std::vector<std::string> model;
    for (uint64_t n = random.Below(20); n > 0; --n) {
      model.push_back(std::to_string(random.Below(10)) + (random.Chance(1, 2) ? "x" : ""));
      listpack.Append(model.back());
    }
    const std::string wanted = std::to_string(random.Below(10)) + (random.Chance(1, 2) ? "x" : "");
    const size_t from = model.empty() ? 0 : random.Below(model.size());
    const size_t skip = random.Below(3);
    Listpack::Pos expected = Listpack::kNone;
    for (size_t i = from; i < model.size() && expected == Listpack::kNone; i += skip + 1) {
      if (model[i] == wanted) expected = listpack.Seek(static_cast<int64_t>(i));
    }
    EXPECT_EQ(listpack.Find(wanted, listpack.Seek(static_cast<int64_t>(from)), skip), expected);
  }
  // A number that somebody else kept as text.
  Listpack foreign = Listpack::FromBytes(std::string_view("\x0a\0\0\0\x01\0\x81\x37\x02\xff", 10));
  EXPECT_FALSE(foreign.Get(foreign.First()).is_int);
  EXPECT_EQ(foreign.Find("7"), foreign.First());
}

TEST(Listpack, CountsMoreThanItsHeaderCan) {
  Listpack listpack;
  for (int i = 0; i < 65'534; ++i) listpack.Append("1");
  EXPECT_EQ(listpack.size(), 65'534u);
  for (int i = 0; i < 3; ++i) listpack.Append("2");
  EXPECT_EQ(listpack.size(), 65'537u);
  EXPECT_EQ(listpack.Get(listpack.Seek(-1)).integer, 2);
  listpack.Erase(listpack.First(), 2);
  EXPECT_EQ(listpack.size(), 65'535u);
  listpack.CheckInvariants();
  listpack.Erase(listpack.First());
  EXPECT_EQ(listpack.size(), 65'534u);
  listpack.CheckInvariants();
}

TEST(Listpack, TakesACountThatOthersDidNotKnow) {
  const std::string_view bytes("\x09\0\0\0\xff\xff\x05\x01\xff", 9);
  ASSERT_TRUE(Listpack::Validate(bytes));
  Listpack listpack = Listpack::FromBytes(bytes);
  listpack.CheckInvariants();
  EXPECT_EQ(listpack.size(), 1u);
}

TEST(Listpack, RefusesWhatIsNoListpack) {
  Listpack listpack;
  for (const std::string value : {"1", "-70", "abc", "70000", "5000000000"}) listpack.Append(value);
  listpack.Append(std::string(100, 'x'));
  listpack.Append(std::string(5000, 'y'));
  const std::string good(listpack.bytes());
  EXPECT_TRUE(Listpack::Validate(good));
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(Listpack::Validate(std::string_view(good).substr(0, size)));
  std::string bad = good + "\xff";
  EXPECT_FALSE(Listpack::Validate(bad));
  bad = good;
  bad[4] = 2;  // The count.
  EXPECT_FALSE(Listpack::Validate(bad));
  bad = good;
  bad[7] = 2;  // A back length.
  EXPECT_FALSE(Listpack::Validate(bad));
  for (const char encoding : {'\xf0', '\xf4', '\xf5', '\xfe', '\xff', '\xbf'}) {
    bad = good;
    bad[6] = encoding;
    EXPECT_FALSE(Listpack::Validate(bad)) << static_cast<int>(encoding);
  }
}

}  // namespace
}  // namespace mydis
