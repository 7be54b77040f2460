#include "state/writer_table.h"

#include <gtest/gtest.h>

#include "state/request_table.h"

namespace mydis {
namespace {

constexpr uint64_t kRetentionMs = 400'000;

RequestTag Tag(uint64_t number, uint64_t oldest, std::string_view client = "c") {
  return {.user = "ada", .id = client, .words = 7, .number = number, .oldest = oldest};
}

TEST(RequesterIdTest, AKeyIsThatOfOneAlone) {
  const std::string longest(300, 'u'), shorter(299, 'u');
  const RequesterId all[] = {{"ab", "c"},    {"a", "bc"},     {"", "abc"},
                             {"abc", "d"},   {"ab", "cd"},    {"ab", "d"},
                             {longest, "c"}, {shorter, "uc"}, {longest, "d"}};
  for (const RequesterId& one : all) {
    for (const RequesterId& other : all) {
      EXPECT_EQ(one.HasKey(other.Key()), &one == &other) << one.id << " " << other.id;
      EXPECT_EQ(one.Key() == other.Key(), &one == &other) << one.id << " " << other.id;
    }
  }
}

TEST(WriterTableTest, KeepsWhatTheClientWaitsForAlone) {
  RequestTable table;
  table.Add(Tag(1, 1), "one", 1000, 1);
  table.Add(Tag(3, 1), "three", 1001, 2);
  table.Add(Tag(2, 1), "two", 1001, 3);
  EXPECT_EQ(table.size(), 1u) << "one client";
  EXPECT_EQ(table.Find(Tag(1, 1))->reply, "one");
  EXPECT_EQ(table.Find(Tag(2, 1))->reply, "two");
  EXPECT_EQ(table.Find(Tag(3, 1))->revision, 2u);
  EXPECT_FALSE(table.Find(Tag(4, 1)));
  EXPECT_FALSE(table.Find({.user = "ada", .id = "c"})) << "an id is not a client";
  const uint64_t before = table.MemoryBytes();
  table.Add(Tag(4, 4), "", 1002, 4);
  EXPECT_LT(table.MemoryBytes(), before);
  EXPECT_TRUE(table.Find(Tag(3, 1))->forgotten);
  EXPECT_FALSE(table.Find(Tag(4, 4))->forgotten);
  // A late one does not bring back what was forgotten.
  table.Add(Tag(5, 2), "", 1002, 5);
  EXPECT_TRUE(table.Find(Tag(3, 2))->forgotten);
  table.CheckInvariants();
}

TEST(WriterTableTest, AMillionNumbersTakeNoMemory) {
  RequestTable table;
  for (uint64_t i = 1; i <= 1'000'000; ++i) table.Add(Tag(i, i), "+OK", 1000 + i / 1000, i);
  EXPECT_LT(table.MemoryBytes(), 1000u);
  table.CheckInvariants();
}

TEST(WriterTableTest, ForgetsTheClientThatWasSilentForLongest) {
  RequestTable table;
  for (uint64_t i = 0; i < 100; ++i) table.Add(Tag(1, 1, std::to_string(i)), "r", 1000 + i, i);
  table.Add(Tag(2, 1, "0"), "r", 2000, 100);
  EXPECT_EQ(table.EndMs(kRetentionMs), 1001 + kRetentionMs);
  table.DropOld(1050 + kRetentionMs, kRetentionMs, 10);
  EXPECT_FALSE(table.Find(Tag(1, 1, "10")));
  EXPECT_TRUE(table.Find(Tag(1, 1, "11")));
  EXPECT_TRUE(table.Find(Tag(1, 1, "0")));
  table.CheckInvariants();
  table.DropOld(3000 + kRetentionMs, kRetentionMs, 1000);
  EXPECT_EQ(table.MemoryBytes(), 0u);
  EXPECT_EQ(table.EndMs(kRetentionMs), UINT64_MAX);
}

TEST(WriterTableTest, WhatIsSavedIsLoaded) {
  RequestTable table;
  for (uint64_t i = 1; i < 50; ++i)
    table.Add(Tag(i, i - i % 3 + (i % 3 == 0 ? 0 : 1), i % 2 == 0 ? "a" : "b"), std::string(i, 'r'),
              1000 + i / 3, i);
  table.Add({.user = "bob", .id = "x", .words = 1}, "id", 1020, 60);
  std::string saved;
  Encoder out(saved);
  table.Save(out);
  RequestTable loaded;
  Decoder in(saved);
  ASSERT_TRUE(loaded.Load(in));
  EXPECT_TRUE(in.AtEnd());
  loaded.CheckInvariants();
  EXPECT_EQ(loaded.MemoryBytes(), table.MemoryBytes());
  std::string again;
  Encoder second(again);
  loaded.Save(second);
  EXPECT_EQ(again, saved);
  for (size_t size = 0; size < saved.size(); ++size) {
    RequestTable partial;
    Decoder short_in(std::string_view(saved).substr(0, size));
    EXPECT_FALSE(partial.Load(short_in));
  }
}

}  // namespace
}  // namespace mydis
