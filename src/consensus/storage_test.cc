#include "consensus/storage.h"

#include <gtest/gtest.h>

#include "consensus/sim_disk.h"

namespace mydis {
namespace {

const InstanceMeta kMeta{0xabc, 1, "127.0.0.1:2382", "mydis"};

StorageOptions Options() {
  StorageOptions options;
  options.data_dir = "data";
  options.log.segment_size = 16 << 10;
  options.log.seed = 3;
  return options;
}

std::unique_ptr<Storage> MustOpen(SimDisk& disk) {
  auto storage = Storage::Open(disk, Options());
  EXPECT_TRUE(storage) << storage.error().message();
  return storage ? std::move(*storage) : nullptr;
}

void Append(LogStore& log, uint64_t first, uint64_t last, HardState hard_state) {
  for (uint64_t i = first; i <= last; ++i) {
    const LogEntry entry{i, 1, EntryKind::kNormal, MakePayload("x")};
    ASSERT_TRUE(log.Append({hard_state, std::span(&entry, 1)}).ok());
  }
}

void Snapshot(SnapshotStore& snapshots, SnapshotId id) {
  auto writer = *snapshots.Create(id, "members");
  ASSERT_TRUE(writer->Append("state").ok());
  ASSERT_TRUE(writer->Commit());
}

// Ten entries, a snapshot at 6, and the log compacted to there.
std::unique_ptr<SimDisk> Used() {
  auto disk = std::make_unique<SimDisk>();
  auto storage = MustOpen(*disk);
  EXPECT_FALSE(storage->initialised());
  EXPECT_TRUE(storage->Initialise(kMeta).ok());
  Append(storage->log(), 1, 10, {1, 1, 6});
  Snapshot(storage->snapshots(), {6, 1});
  EXPECT_TRUE(storage->log().Compact(6).ok());
  EXPECT_TRUE(storage->log().Close().ok());
  return disk;
}

TEST(Storage, OpensWhatItLeft) {
  auto disk = Used();
  auto storage = MustOpen(*disk);
  ASSERT_TRUE(storage->initialised());
  EXPECT_EQ(storage->meta(), kMeta);
  EXPECT_EQ(storage->start_snapshot()->id, (SnapshotId{6, 1}));
  EXPECT_EQ(storage->log().LastIndex(), 10u);
  EXPECT_EQ(Storage::Open(*disk, Options()).error().code(), ErrorCode::kBusy) << "one at a time";
}

TEST(Storage, ABeginningThatWasCutOffIsBegunAgain) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk;
    auto storage = MustOpen(disk);
    disk.StopAfter(1 + seed % 12);
    const bool done = storage->Initialise(kMeta).ok();
    storage.reset();
    disk.Crash(seed);
    storage = MustOpen(disk);
    ASSERT_TRUE(storage->initialised() || !done);
    if (!storage->initialised()) {
      ASSERT_TRUE(storage->Initialise(kMeta).ok());
    }
    storage.reset();
    ASSERT_EQ(MustOpen(disk)->meta(), kMeta);
  }
}

TEST(Storage, WhatAKilledProcessLeftCountsOnlyOnceItIsDurable) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk;
    auto storage = MustOpen(disk);
    disk.StopAfter(1 + seed % 12);
    (void)storage->Initialise(kMeta);
    storage.reset();
    disk.KillProcess();
    storage = MustOpen(disk);
    const bool initialised = storage->initialised();
    storage.reset();
    disk.Crash(seed);
    ASSERT_EQ(MustOpen(disk)->initialised(), initialised) << seed;
  }
}

TEST(Storage, AnyFileMissingIsRefused) {
  auto disk = Used();
  auto names = *disk->List("data/log");
  int refused = 0;
  for (const std::string& path :
       {std::string("data/meta"), "data/snapshots/" + disk->List("data/snapshots")->front(),
        "data/log/" + names[0], "data/log/" + names[1]}) {
    auto copy = disk->Clone();
    copy->DeleteFile(path);
    auto storage = Storage::Open(*copy, Options());
    ASSERT_FALSE(storage) << path;
    EXPECT_EQ(storage.error().code(), ErrorCode::kCorrupt) << storage.error().message();
    EXPECT_NE(storage.error().message().find("remove its data directory"), std::string::npos);
    ++refused;
  }
  EXPECT_EQ(refused, 4);
  for (const std::string& name : names) disk->DeleteFile("data/log/" + name);
  const Status s = Storage::Open(*disk, Options()).error();
  EXPECT_EQ(s.code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(s.message().starts_with("data/log: the log has no segment file; restore"))
      << s.message();
}

TEST(Storage, WithoutMetaEitherOfTheOthersIsData) {
  auto disk = Used();
  disk->DeleteFile("data/meta");
  auto log_alone = disk->Clone();
  log_alone->DeleteFile("data/snapshots/" + disk->List("data/snapshots")->front());
  auto snapshot_alone = disk->Clone();
  const std::vector<std::string> names = *disk->List("data/log");
  for (const std::string& name : names) snapshot_alone->DeleteFile("data/log/" + name);
  for (SimDisk* left : {log_alone.get(), snapshot_alone.get()}) {
    auto storage = Storage::Open(*left, Options());
    ASSERT_FALSE(storage);
    EXPECT_TRUE(storage.error().message().starts_with(
        "data/meta: byte 0: the file is missing, but the directory holds data"))
        << storage.error().message();
  }
}

TEST(Storage, ADamagedSnapshotIsRefused) {
  auto disk = Used();
  disk->FlipBit("data/snapshots/" + disk->List("data/snapshots")->front(), 8 * 80);
  EXPECT_EQ(Storage::Open(*disk, Options()).error().code(), ErrorCode::kCorrupt);
}

TEST(Storage, ASnapshotAheadOfTheLogMovesTheLog) {
  auto disk = Used();
  {
    auto storage = MustOpen(*disk);
    // Installed from the leader; then the instance stops before the log is reset.
    Snapshot(storage->snapshots(), {50, 4});
  }
  disk->Crash(1);
  for (int i = 0; i < 2; ++i) {
    auto storage = MustOpen(*disk);
    EXPECT_EQ(storage->start_snapshot()->id, (SnapshotId{50, 4}));
    EXPECT_EQ(storage->log().FirstIndex(), 51u);
    EXPECT_EQ(storage->log().LastIndex(), 50u);
    EXPECT_EQ(*storage->log().Term(50), 4u);
    EXPECT_EQ(storage->log().hard_state(), (HardState{4, 0, 50}));
  }
}

TEST(Storage, ALogThatDisagreesWithTheSnapshotMovesToo) {
  auto disk = Used();
  {
    auto storage = MustOpen(*disk);
    Snapshot(storage->snapshots(), {9, 2});
  }
  auto storage = MustOpen(*disk);
  EXPECT_EQ(storage->log().LastIndex(), 9u);
  EXPECT_EQ(*storage->log().Term(9), 2u);
}

TEST(Storage, AnotherIdentityIsRefused) {
  auto disk = Used();
  StorageOptions options = Options();
  options.instance_id = "other";
  EXPECT_EQ(Storage::Open(*disk, options).error().code(), ErrorCode::kInvalid);
  options = Options();
  options.cluster_name = "other";
  EXPECT_EQ(Storage::Open(*disk, options).error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace mydis
