// What the log must survive, rule by rule (ENGINE.md): damage to what is on disk is either of no
// consequence or found, and named.
#include "consensus/log_recovery.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/log_test_util.h"

namespace mydis {
namespace {

using namespace test;

std::string Segment(int number) { return kLogDirectory + "/" + SegmentName(number); }

// A log of three segments with two one-block groups each but the last, which has one.
std::unique_ptr<SimDisk> ThreeSegments(bool closed) {
  auto disk = std::make_unique<SimDisk>();
  auto log = MustCreate(*disk, SmallSegments());
  for (uint64_t i = 1; i <= 5; ++i)
    EXPECT_TRUE(
        AppendEntries(*log, {Entry(i, 1, "data of " + std::to_string(i))}, HardState{1, 2, i - 1})
            .ok());
  EXPECT_TRUE(!closed || log->Close().ok());
  return disk;
}

Status OpenStatus(SimDisk& disk) {
  auto log = LogStore::Open(disk, kLogDirectory, SmallSegments());
  return log ? Status::Ok() : log.error();
}

// One clear line: the file, the offset, and what to do.
void ExpectRefused(SimDisk& disk, const std::string& file, uint64_t offset) {
  const Status s = OpenStatus(disk);
  EXPECT_EQ(s.code(), ErrorCode::kCorrupt);
  const std::string begin = file + ": byte " + std::to_string(offset) + ": ";
  EXPECT_TRUE(s.message().starts_with(begin)) << s.message() << "\nexpected " << begin;
  EXPECT_NE(s.message().find("restore this instance from a backup, or remove its data directory"),
            std::string::npos);
  EXPECT_EQ(s.message().find('\n'), std::string::npos);
}

TEST(LogRecovery, EveryFlippedBitAfterACleanStopIsFoundOrHarmless) {
  auto disk = ThreeSegments(true);
  const LogImage image = ImageOf(*MustOpen(*disk->Clone(), SmallSegments()));
  ASSERT_EQ(image.entries.size(), 5u);
  int found = 0;
  for (int number = 1; number <= 3; ++number) {
    for (uint64_t byte = 0; byte < (16 << 10); ++byte) {
      // The middle of padding is like its beginning.
      if (byte % kDiskBlock > 200 && byte % 97 != 0) continue;
      auto copy = disk->Clone();
      copy->FlipBit(Segment(number), byte * 8 + byte % 8);
      auto log = LogStore::Open(*copy, kLogDirectory, SmallSegments());
      if (log) {
        ASSERT_EQ(ImageOf(**log), image) << Segment(number) << " byte " << byte;
      } else {
        ASSERT_EQ(log.error().code(), ErrorCode::kCorrupt);
        ASSERT_TRUE(log.error().message().starts_with(kLogDirectory)) << log.error().message();
        ++found;
      }
    }
  }
  EXPECT_GT(found, 5 * 100);
}

TEST(LogRecovery, AfterACrashADamagedLastGroupIsTakenForATornOne) {
  auto disk = ThreeSegments(false);
  disk->FlipBit(Segment(3), (kDiskBlock + 100) * 8);
  auto log = LogStore::Open(*disk, kLogDirectory, SmallSegments());
  ASSERT_TRUE(log) << log.error().message();
  EXPECT_EQ((*log)->LastIndex(), 4u);
  EXPECT_EQ((*log)->hard_state(), (HardState{1, 2, 3}));
  // It is gone for good: what is written in its place stands, and what lay behind does not come
  // back.
  ASSERT_TRUE(AppendEntries(**log, {Entry(5, 2, "other")}).ok());
  EXPECT_EQ(*MustOpen(*disk, SmallSegments())->Read(5)->data, "other");
}

TEST(LogRecovery, ALogAtRestTellsDamageFromATornWrite) {
  for (bool durable : {true, false}) {
    SimDisk disk;
    LogOptions options = SmallSegments(32 << 10);
    options.durable = durable;
    auto log = MustCreate(disk, options);
    ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "precious")}).ok());
    const uint64_t room = log->Usage().room;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(log->Settle().ok());
    EXPECT_EQ(log->Usage().room, room - kDiskBlock) << "once is enough";
    disk.Crash(3);
    {
      auto copy = disk.Clone();
      EXPECT_EQ(MustOpen(*copy, options)->LastIndex(), 1u);
    }
    disk.FlipBit(Segment(1), (kDiskBlock + 121) * 8);
    auto damaged = LogStore::Open(disk, kLogDirectory, options);
    ASSERT_FALSE(damaged);
    EXPECT_TRUE(damaged.error().message().starts_with(Segment(1) + ": byte 4096: "));
  }
}

TEST(LogRecovery, DamageBeforeTheLastGroupIsRefused) {
  auto disk = ThreeSegments(false);
  for (int number : {1, 2}) {
    for (uint64_t group : {1, 2}) {
      auto copy = disk->Clone();
      copy->FlipBit(Segment(number), (group * kDiskBlock + 125) * 8);
      ExpectRefused(*copy, Segment(number), group * kDiskBlock);
    }
  }
}

TEST(LogRecovery, AHoleIsRefused) {
  auto disk = std::make_unique<SimDisk>();
  auto log = MustCreate(*disk, SmallSegments(64 << 10));
  for (uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, "x")}).ok());
  log.reset();
  disk->ZeroRange(Segment(1), 3 * kDiskBlock, kDiskBlock);
  const Status s = LogStore::Open(*disk, kLogDirectory, SmallSegments(64 << 10)).error();
  EXPECT_TRUE(s.message().starts_with(Segment(1) + ": byte 12288: ")) << s.message();
  EXPECT_NE(s.message().find("byte 16384"), std::string::npos) << "names the proof";
}

TEST(LogRecovery, AMissingSegmentIsRefused) {
  auto disk = ThreeSegments(false);
  for (int number : {2, 3}) {
    auto copy = disk->Clone();
    copy->DeleteFile(Segment(number));
    ExpectRefused(*copy, Segment(number), 0);
  }
  // The first one may have been compacted; it is for the snapshot to say (storage_test.cc).
  auto copy = disk->Clone();
  copy->DeleteFile(Segment(1));
  EXPECT_EQ(MustOpen(*copy, SmallSegments())->FirstIndex(), 3u);
  for (int number : {1, 2, 3}) disk->DeleteFile(Segment(number));
  EXPECT_EQ(OpenStatus(*disk).code(), ErrorCode::kNotFound);
}

TEST(LogRecovery, ALastSegmentThatWasJustStartedMayNotBeMissingEither) {
  auto disk = std::make_unique<SimDisk>();
  auto log = MustCreate(*disk, SmallSegments());
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "x")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 1, "x")}).ok());
  // The machine stops after the third group's segment got its name, before its mark is written.
  int writes = 0;
  disk->SetFault([&](DiskOp op, const std::string& path) {
    return op == DiskOp::kWrite && ++writes == 2 ? Status(ErrorCode::kIo, path) : Status::Ok();
  });
  ASSERT_FALSE(AppendEntries(*log, {Entry(3, 1, "x")}).ok());
  disk->SetFault({});
  disk->Crash(0);
  log = MustOpen(*disk, SmallSegments());
  ASSERT_EQ(log->Usage().segments, 2u);
  ASSERT_TRUE(AppendEntries(*log, {Entry(3, 1, "x")}).ok());
  log.reset();
  disk->DeleteFile(Segment(2));
  ExpectRefused(*disk, Segment(2), 0);
}

TEST(LogRecovery, AShortenedFileIsRefused) {
  auto disk = ThreeSegments(false);
  for (int number : {1, 3}) {
    for (uint64_t size : {0, 100, 4096, 8192, 16383}) {
      auto copy = disk->Clone();
      copy->TruncateFile(Segment(number), size);
      ExpectRefused(*copy, Segment(number), size);
    }
  }
}

TEST(LogRecovery, FilesInTheWrongPlaceAreRefused) {
  auto disk = ThreeSegments(false);
  auto copy = disk->Clone();
  copy->DeleteFile(Segment(2));
  ASSERT_TRUE(copy->Rename(Segment(3), Segment(2)).ok());
  ExpectRefused(*copy, Segment(2), 24);
  // A segment from another copy of the directory, taken at another time.
  auto other = std::make_unique<SimDisk>();
  {
    auto log = MustCreate(*other, SmallSegments());
    for (uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(AppendEntries(*log, {Entry(i, 2, "x")}).ok());
  }
  ASSERT_TRUE(disk->ReplaceFile(kLogDirectory, SegmentName(2), other->Contents(Segment(2))).ok());
  ExpectRefused(*disk, Segment(2), 48);
}

TEST(LogRecovery, ANewerFormatIsRefusedAsSuch) {
  auto disk = ThreeSegments(false);
  std::string bytes = disk->Contents(Segment(1));
  bytes[16] = 7;
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8, kDiskBlock - 8)));
  ASSERT_TRUE(disk->ReplaceFile(kLogDirectory, SegmentName(1), bytes).ok());
  EXPECT_EQ(OpenStatus(*disk).message(),
            Segment(1) +
                ": format version 7 is newer than this program knows (1): start the newer program "
                "that wrote it");
}

TEST(LogRecovery, BytesOfARecycledSegmentsEarlierLifeAreNotTakenForGroups) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  for (uint64_t i = 1; i <= 9; ++i) {
    ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, "old")}).ok());
    ASSERT_TRUE(log->Compact(i).ok());
  }
  ASSERT_TRUE(AppendEntries(*log, {Entry(10, 1, "new")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(11, 1, "new")}).ok());
  const std::string current = disk.List(kLogDirectory)->at(disk.List(kLogDirectory)->size() - 2);
  log.reset();
  log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(log->LastIndex(), 11u);
  EXPECT_EQ(*log->Read(11)->data, "new");
}

TEST(LogRecovery, AReadFindsDamageDoneMeanwhile) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "precious")}).ok());
  disk.FlipBit(Segment(1), (kDiskBlock + 120 + 3) * 8);
  auto entry = log->Read(1);
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(entry.error().message().starts_with(Segment(1) + ": byte 4216: entry 1"))
      << entry.error().message();
}

TEST(LogRecovery, AfterAFailedSyncBytesThatOnlySeemThereAreWrittenAgain) {
  // The process stops after a write of which the system holds the bytes and the disk does not.
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "one")}).ok());
  LogOptions relaxed = SmallSegments();
  log.reset();
  relaxed.durable = false;
  log = MustOpen(disk, relaxed);
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 1, "two")}).ok());
  log.reset();
  log = MustOpen(disk, SmallSegments());
  ASSERT_EQ(log->LastIndex(), 2u) << "this instance may now have voted or acknowledged by it";
  for (uint64_t seed = 0; seed < 10; ++seed) {
    disk.Crash(seed);
    log = MustOpen(disk, SmallSegments());
    ASSERT_EQ(log->LastIndex(), 2u);
  }
}

}  // namespace
}  // namespace mydis
