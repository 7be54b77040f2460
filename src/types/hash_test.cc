#include "types/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "types/container.h"

namespace mydis {
namespace {

static_assert(Container<Hash>);

std::string Saved(const Hash& hash) {
  std::string bytes;
  Encoder out(bytes);
  hash.Save(out);
  return bytes;
}

std::string Text(const Hash::Value& value) {
  Hash::Value::Scratch scratch;
  return std::string(value.string(scratch));
}

std::vector<std::string> Fields(const Hash& hash) {
  std::vector<std::string> fields;
  hash.ForEach(
      [&](const Hash::Value& field, const Hash::Value&) { fields.push_back(Text(field)); });
  return fields;
}

void ExpectPortable(const Hash& hash) {
  const std::string bytes = Saved(hash);
  Decoder in(bytes);
  Hash loaded;
  ASSERT_TRUE(Hash::Load(in, &loaded));
  ASSERT_TRUE(in.AtEnd());
  loaded.CheckInvariants();
  for (const Hash& same : {std::move(loaded), hash.Clone()}) {
    ASSERT_EQ(Saved(same), bytes);
    ASSERT_EQ(same.MemoryBytes(), hash.MemoryBytes());
    ASSERT_EQ(same.EncodingName(), hash.EncodingName());
    ASSERT_EQ(same.NextDeadline(), hash.NextDeadline());
  }
}

struct Field {
  std::string value;
  int64_t deadline = Hash::kNoDeadline;
};
using Model = std::map<std::string, Field>;

void ExpectSame(const Hash& hash, const Model& model) {
  ASSERT_EQ(hash.size(), model.size());
  int64_t next = Hash::kNoDeadline;
  for (const auto& [field, kept] : model) {
    ASSERT_EQ(Text(hash.Find(field).value()), kept.value);
    ASSERT_EQ(hash.DeadlineOf(field), kept.deadline);
    next = std::min(next, kept.deadline);
  }
  ASSERT_EQ(hash.NextDeadline(), next);
  std::vector<std::string> fields = Fields(hash);
  for (size_t i = 0; i < fields.size(); ++i) ASSERT_EQ(Text(hash.At(i).field), fields[i]);
  std::ranges::sort(fields);
  ASSERT_TRUE(
      std::ranges::equal(fields, model, {}, {}, [](const auto& pair) { return pair.first; }));
  hash.CheckInvariants();
  ExpectPortable(hash);
}

TEST(Hash, AgreesWithAModel) {
  Random random(9);
  for (int round = 0; round < 80; ++round) {
    EncodingLimits limits;
    limits.hash_max_listpack_entries = random.Below(60);
    Hash hash;
    Model model;
    const uint64_t most = random.Below(80) + 1;
    // Half of the hashes never see a deadline.
    const uint64_t kinds = round % 2 == 0 ? 4 : 9;
    for (int step = 0; step < 500; ++step) {
      const std::string field = std::to_string(random.Below(most));
      const std::string value = std::to_string(random.Next() >> random.Below(64));
      const bool there = model.contains(field);
      const int64_t now = step;
      switch (random.Below(kinds)) {
        case 0:
        case 1:
        case 2: {
          const bool keep = random.Chance(1, 2);
          ASSERT_EQ(hash.Set(field, value, limits, keep), !there);
          model[field].value = value;
          if (!keep) model[field].deadline = Hash::kNoDeadline;
          break;
        }
        case 3:
          ASSERT_EQ(hash.Remove(field), model.erase(field) == 1);
          break;
        case 4:
          ASSERT_EQ(hash.ClearDeadline(field), there && model[field].deadline != Hash::kNoDeadline);
          if (there) model[field].deadline = Hash::kNoDeadline;
          break;
        case 5:
          ASSERT_EQ(hash.RemoveDue(now), std::erase_if(model, [now](const auto& pair) {
                      return pair.second.deadline <= now;
                    }));
          break;
        default:
          if (!there) break;
          model[field].deadline = now + static_cast<int64_t>(random.Below(200));
          hash.SetDeadline(field, model[field].deadline);
      }
      if (step % 50 == 0) ExpectSame(hash, model);
    }
    ExpectSame(hash, model);
  }
}

// Which fields are due is what counts, not in which order their deadlines were set.
TEST(Hash, WhatIsLeftDoesNotDependOnHistory) {
  const EncodingLimits small{.hash_max_listpack_entries = 0};
  for (const bool large : {false, true}) {
    std::vector<std::string> left;
    for (const int step : {1, 7, 11}) {
      Hash hash;
      for (int i = 0; i < 30; ++i)
        hash.Set(std::to_string(i), "v", large ? small : EncodingLimits());
      for (int i = 0; i < 30; ++i) {
        const int field = i * step % 30;
        if (field % 3 != 0) hash.SetDeadline(std::to_string(field), 100 + field % 2);
      }
      EXPECT_EQ(hash.RemoveDue(101), 20u);
      left.push_back(Saved(hash));
    }
    EXPECT_EQ(left[0], left[1]);
    EXPECT_EQ(left[0], left[2]);
  }
}

TEST(Hash, FormsAreThoseOfRedis) {
  const EncodingLimits limits;
  Hash hash;
  for (int i = 0; i < 512; ++i) hash.Set(std::to_string(i), "v", limits);
  EXPECT_EQ(hash.EncodingName(), "listpack");
  Hash timed = hash.Clone();
  timed.SetDeadline("7", 1000);
  EXPECT_EQ(timed.EncodingName(), "listpackex");
  for (Hash* each : {&hash, &timed}) {
    each->Set("512", "v", limits);
    EXPECT_EQ(each->EncodingName(), "hashtable");
    EXPECT_EQ(Fields(*each).back(), "512");
  }
  EXPECT_EQ(timed.DeadlineOf("7"), 1000);
  EXPECT_EQ(timed.DeadlineOf("8"), Hash::kNoDeadline);
  for (const bool long_field : {false, true}) {
    Hash other;
    other.Set(std::string(64, 'f'), std::string(64, 'v'), limits);
    EXPECT_EQ(other.EncodingName(), "listpack");
    other.Set(long_field ? std::string(65, 'f') : "f", std::string(long_field ? 1 : 65, 'v'),
              limits);
    EXPECT_EQ(other.EncodingName(), "hashtable");
  }
}

TEST(Hash, MalformedBytesAreRefused) {
  const auto refused = [](std::string_view bytes) {
    Decoder in(bytes);
    Hash loaded;
    return !Hash::Load(in, &loaded);
  };
  const auto loads = [&](std::string_view bytes) { return !refused(bytes); };
  using std::string_view_literals::operator""sv;
  EXPECT_TRUE(
      loads("\x01\x02\x01"
            "a\x01"
            "1\x01"
            "b\x01"
            "2"sv));
  EXPECT_TRUE(
      refused("\x01\x02\x01"
              "a\x01"
              "1\x01"
              "a\x01"
              "2"sv))
      << "a field twice";
  EXPECT_TRUE(
      refused("\x01\x02\x01"
              "a\x01"
              "1"sv));
  EXPECT_TRUE(refused("\x03\x00"sv));
  EXPECT_TRUE(refused(""sv));
  EXPECT_TRUE(
      loads("\x02\x01\x01\x01"
            "a\x01"
            "1\x01\x00\x07"sv));
  EXPECT_TRUE(
      refused("\x02\x01\x01\x01"
              "a\x01"
              "1\x01\x01\x07"sv))
      << "a deadline of no field";
  EXPECT_TRUE(
      refused("\x02\x01\x01\x01"
              "a\x01"
              "1\x02\x00\x07\x00\x08"sv))
      << "two deadlines";
  EXPECT_TRUE(
      refused("\x02\x02\x01\x01\x01"
              "a\x01"
              "1\x00\x00"sv))
      << "deadlines of deadlines";
  EXPECT_TRUE(refused("\x00\x09\x09\0\0\0\x01\0\x01\x01\xff"sv)) << "a field without a value";
  EXPECT_TRUE(refused("\x00\x0f\x0f\0\0\0\x04\0\x01\x01\x02\x01\x01\x01\x02\x01\xff"sv))
      << "a field twice";
}

// What setting the fields of a listpack one by one gives, if that is a listpack.
std::optional<std::string> SlowFromListpack(const Listpack& pack, const EncodingLimits& limits) {
  Hash hash;
  if (pack.size() % 2 != 0) return std::nullopt;
  for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) {
    ListpackValue::Scratch field;
    ListpackValue::Scratch value;
    const std::string_view name = pack.Read(&pos).string(field);
    if (!hash.Set(name, pack.Read(&pos).string(value), limits)) return std::nullopt;
  }
  if (hash.listpack() == nullptr) return std::nullopt;
  return std::string(hash.listpack()->bytes());
}

TEST(Hash, AListpackIsTakenAsItStandsWhereThatIsTheSame) {
  Random random(4);
  for (int round = 0; round < 3000; ++round) {
    EncodingLimits limits;
    limits.hash_max_listpack_entries = random.Below(40);
    limits.hash_max_listpack_value = random.Below(3) == 0 ? 4 : 64;
    Listpack pack;
    const uint64_t most = random.Below(300) + 1;
    for (uint64_t left = random.Below(60); left > 0; --left) {
      std::string text = std::to_string(random.Below(most));
      if (random.Chance(1, 2)) text = "field" + text;
      pack.Append(text);
    }
    const auto hash = Hash::FromListpack(pack.bytes(), limits);
    const auto expected = SlowFromListpack(pack, limits);
    ASSERT_EQ(hash.has_value(), expected.has_value());
    if (!hash) continue;
    hash->CheckInvariants();
    ASSERT_EQ(hash->listpack()->bytes(), *expected);
  }
}

TEST(Hash, ALongerFormOfAnElementIsNotTaken) {
  const EncodingLimits limits;
  // "5" as a string; as an integer of two bytes; "v" with a length of 12 bits.
  for (const char* element : {"\x81\x35\x02", "\xf1\x05\x00\x03", "\xe0\x01v\x03"}) {
    const size_t size = element[0] == '\xf1' ? 4 : element[0] == '\x81' ? 3 : 4;
    std::string bytes(
        "\0\0\0\0\x02\0\x81"
        "f\x02",
        9);
    bytes.append(element, size);
    bytes += '\xff';
    bytes[0] = static_cast<char>(bytes.size());
    ASSERT_TRUE(Listpack::Validate(bytes));
    EXPECT_FALSE(Hash::FromListpack(bytes, limits).has_value());
  }
}

}  // namespace
}  // namespace mydis
