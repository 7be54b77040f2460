// The ring that watches read from.
#include "server/change_history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mydis {
namespace {

constexpr uint64_t kLimit = 64 << 10;
using Kind = HistoryRecord::Kind;

class ChangeHistoryTest : public ::testing::Test {
 protected:
  ChangeHistoryTest() { history_.Begin(10, kLimit); }
  void Put(uint64_t revision, std::string_view key) {
    history_.Add({.revision = revision, .kind = Kind::kPut, .name = key}, kLimit);
  }
  // "revision:key …" from the place on.
  std::string ReadAll(ChangeHistory::Place place) const {
    std::string text;
    HistoryRecord record;
    while (history_.Read(&place, &record))
      text += std::to_string(record.revision) + ":" + std::string(record.name) + " ";
    return text;
  }
  // Puts of one key a revision until the ring has dropped some; gives the last revision.
  uint64_t Overfill(uint64_t revision) {
    while (history_.oldest() == 10) Put(++revision, std::string(200, 'k'));
    return revision;
  }

  ChangeHistory history_;
};

TEST_F(ChangeHistoryTest, GivesWhatCameAfterARevision) {
  Put(11, "a");
  Put(13, "b");
  Put(13, "c");
  Put(14, "d");
  EXPECT_EQ(ReadAll(*history_.After(10)), "11:a 13:b 13:c 14:d ");
  EXPECT_EQ(ReadAll(*history_.After(11)), "13:b 13:c 14:d ");
  EXPECT_EQ(ReadAll(*history_.After(12)), "13:b 13:c 14:d ");
  EXPECT_EQ(ReadAll(*history_.After(13)), "14:d ");
  EXPECT_EQ(ReadAll(*history_.After(14)), "");
  EXPECT_FALSE(history_.After(9).has_value());
}

TEST_F(ChangeHistoryTest, APlaceAtTheEndGoesOnWithWhatIsAdded) {
  ChangeHistory::Place place = *history_.After(10);
  HistoryRecord record;
  EXPECT_FALSE(history_.Read(&place, &record));
  Put(11, "a");
  ASSERT_TRUE(history_.Read(&place, &record));
  EXPECT_EQ(record.name, "a");
  EXPECT_FALSE(history_.Read(&place, &record));
  // Over the end of its block, too.
  const uint64_t last = Overfill(11) - 1;
  place = *history_.After(last);
  for (uint64_t revision = last + 1; revision < last + 100; ++revision) {
    if (revision > last + 1) Put(revision, std::string(200, 'x'));
    ASSERT_TRUE(history_.Read(&place, &record));
    EXPECT_EQ(record.revision, revision);
  }
}

TEST_F(ChangeHistoryTest, KeepsAllFieldsOfARecord) {
  history_.Add({.revision = 12,
                .kind = Kind::kMessage,
                .db = 7,
                .type = ValueType::kStream,
                .name = "channel",
                .text = std::string_view("a\0b", 3)},
               kLimit);
  ChangeHistory::Place place = *history_.After(10);
  HistoryRecord record;
  ASSERT_TRUE(history_.Read(&place, &record));
  EXPECT_EQ(record.revision, 12u);
  EXPECT_EQ(record.kind, Kind::kMessage);
  EXPECT_EQ(record.db, 7);
  EXPECT_EQ(record.type, ValueType::kStream);
  EXPECT_EQ(record.name, "channel");
  EXPECT_EQ(record.text, std::string_view("a\0b", 3));
}

TEST_F(ChangeHistoryTest, ForgetsTheOldestWithinItsLimit) {
  const ChangeHistory::Place early = *history_.After(10);
  const uint64_t last = Overfill(10);
  EXPECT_LE(history_.bytes(), kLimit);
  EXPECT_GE(history_.bytes(), kLimit * 9 / 10);
  EXPECT_FALSE(history_.IsKept(early));
  EXPECT_FALSE(history_.After(10).has_value());
  EXPECT_FALSE(history_.After(history_.oldest() - 1).has_value());
  ChangeHistory::Place place = *history_.After(history_.oldest());
  HistoryRecord record;
  for (uint64_t revision = history_.oldest() + 1; revision <= last; ++revision) {
    ASSERT_TRUE(history_.Read(&place, &record));
    EXPECT_EQ(record.revision, revision);
  }
  EXPECT_FALSE(history_.Read(&place, &record));
}

TEST_F(ChangeHistoryTest, ARevisionThatIsPartlyForgottenIsNotGiven) {
  Put(11, "a");
  // One revision larger than a block, then others until its first block is dropped.
  for (int i = 0; i < 50; ++i) Put(12, std::string(200, 'm'));
  uint64_t revision = 12;
  while (history_.oldest() < 12) Put(++revision, std::string(200, 'k'));
  EXPECT_EQ(history_.oldest(), 12u);
  EXPECT_FALSE(history_.After(11).has_value());
  EXPECT_TRUE(ReadAll(*history_.After(12)).starts_with("13:"));
}

TEST_F(ChangeHistoryTest, ARevisionLargerThanAllOfItIsGone) {
  const ChangeHistory::Place before = *history_.After(10);
  for (int i = 0; i < 2000; ++i) Put(11, std::string(200, 'k'));
  EXPECT_EQ(history_.oldest(), 11u);
  EXPECT_FALSE(history_.IsKept(before));
  Put(12, "next");
  EXPECT_EQ(ReadAll(*history_.After(11)), "12:next ");
}

TEST_F(ChangeHistoryTest, OneRecordMayBeLargerThanTheLimit) {
  Put(11, "a");
  history_.Add(
      {.revision = 12, .kind = Kind::kMessage, .name = "c", .text = std::string(kLimit * 2, 't')},
      kLimit);
  EXPECT_EQ(history_.oldest(), 11u);
  EXPECT_EQ(ReadAll(*history_.After(11)), "12:c ");
  Put(13, "b");
  EXPECT_EQ(history_.oldest(), 12u);
  EXPECT_EQ(ReadAll(*history_.After(12)), "13:b ");
  EXPECT_LE(history_.bytes(), kLimit);
}

TEST_F(ChangeHistoryTest, WhoHasReadAllThatWasDroppedHasMissedNothing) {
  // Each record takes the place of all others.
  ChangeHistory::Place place = *history_.After(10);
  HistoryRecord record;
  for (uint64_t revision = 11; revision < 20; ++revision) {
    history_.Add({.revision = revision, .kind = Kind::kMessage, .text = std::string(kLimit, 't')},
                 kLimit);
    ASSERT_TRUE(history_.IsKept(place));
    ASSERT_TRUE(history_.Read(&place, &record));
    EXPECT_EQ(record.revision, revision);
    EXPECT_FALSE(history_.Read(&place, &record));
  }
  const ChangeHistory::Place late = place;
  for (uint64_t revision = 20; revision < 22; ++revision)
    history_.Add({.revision = revision, .kind = Kind::kMessage, .text = std::string(kLimit, 't')},
                 kLimit);
  EXPECT_FALSE(history_.IsKept(late));
}

TEST_F(ChangeHistoryTest, ASmallerLimitHoldsFromTheNextRecordOn) {
  Overfill(10);
  const uint64_t oldest = history_.oldest();
  history_.Add({.revision = 1000, .kind = Kind::kPut, .name = "k"}, kLimit / 4);
  EXPECT_LE(history_.bytes(), kLimit / 4);
  EXPECT_GT(history_.oldest(), oldest);
  EXPECT_EQ(ReadAll(*history_.After(999)), "1000:k ");
}

TEST_F(ChangeHistoryTest, WhatWasKeptBeforeANewBeginningIsGone) {
  Put(11, "a");
  const ChangeHistory::Place place = *history_.After(10);
  const ChangeHistory::Place end = *history_.After(11);
  history_.Stop();
  EXPECT_FALSE(history_.recording());
  EXPECT_EQ(history_.bytes(), 0u);
  EXPECT_FALSE(history_.IsKept(place));
  EXPECT_FALSE(history_.After(11).has_value());
  history_.Begin(20, kLimit);
  EXPECT_FALSE(history_.IsKept(place));
  EXPECT_FALSE(history_.IsKept(end));
  EXPECT_FALSE(history_.After(19).has_value());
  EXPECT_EQ(ReadAll(*history_.After(20)), "");
}

}  // namespace
}  // namespace mydis
