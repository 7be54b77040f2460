#include "consensus/snapshot_store.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/random.h"
#include "consensus/sim_disk.h"
#include "consensus/snapshot_format.h"

namespace mydis {
namespace {

const std::string kDirectory = "data/snapshots";
constexpr uint64_t kCluster = 77;

std::unique_ptr<SnapshotStore> MustOpen(SimDisk& disk, uint64_t cluster = kCluster) {
  auto store = SnapshotStore::Open(disk, kDirectory, cluster);
  EXPECT_TRUE(store) << store.error().message();
  return store ? std::move(*store) : nullptr;
}

std::string Content(size_t size, uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.Next());
  return bytes;
}

// Hands the content over in pieces of `piece` bytes.
Result<SnapshotInfo> Write(SnapshotStore& store, SnapshotId id, const std::string& content,
                           size_t piece = 100000) {
  auto writer = store.Create(id, "members");
  if (!writer) return Fail(writer.error());
  for (size_t at = 0; at < content.size(); at += piece)
    if (Status s = (*writer)->Append(std::string_view(content).substr(at, piece)); !s.ok())
      return Fail(s);
  return (*writer)->Commit();
}

Result<std::string> ReadAll(SnapshotStore& store, SnapshotId id) {
  auto reader = store.OpenReader(id);
  if (!reader) return Fail(reader.error());
  std::string all;
  while (true) {
    auto part = (*reader)->Next();
    if (!part) return Fail(part.error());
    if (part->empty()) return all;
    all += *part;
  }
}

std::string FileOf(SnapshotId id) { return kDirectory + "/" + SnapshotName(id); }

TEST(SnapshotStore, StreamsInAndOut) {
  SimDisk disk;
  for (size_t size : {size_t{0}, size_t{1}, size_t{kSnapshotBlock}, size_t{kSnapshotBlock} + 1,
                      size_t{3'000'000}}) {
    auto store = MustOpen(disk);
    const std::string content = Content(size, size);
    const SnapshotId id{100 + size, 3};
    auto info = Write(*store, id, content);
    ASSERT_TRUE(info) << info.error().message();
    disk.Crash(size);
    store = MustOpen(disk);
    EXPECT_EQ(*ReadAll(*store, id), content);
    auto chosen = store->Choose(0);
    ASSERT_TRUE(chosen && *chosen);
    EXPECT_EQ((*chosen)->id, id);
    EXPECT_EQ((*chosen)->meta, "members");
    EXPECT_EQ((*chosen)->file_size, disk.Contents(FileOf(id)).size());
  }
}

TEST(SnapshotStore, EqualContentGivesEqualFiles) {
  SimDisk a, b;
  const std::string content = Content(1'000'000, 1);
  ASSERT_TRUE(Write(*MustOpen(a), {5, 1}, content, 7777));
  ASSERT_TRUE(Write(*MustOpen(b), {5, 1}, content, 400'000));
  EXPECT_EQ(a.Contents(FileOf({5, 1})), b.Contents(FileOf({5, 1})));
}

TEST(SnapshotStore, AnAbandonedWriterLeavesNothing) {
  SimDisk disk;
  auto store = MustOpen(disk);
  {
    auto writer = store->Create({5, 1}, "");
    ASSERT_TRUE((*writer)->Append("abc").ok());
    EXPECT_EQ(store->Create({5, 1}, "").error().code(), ErrorCode::kBusy);
  }
  EXPECT_TRUE(disk.List(kDirectory)->empty());
  EXPECT_EQ(*store->Choose(0), std::nullopt);
}

TEST(SnapshotStore, ACrashLeavesAllOrNothing) {
  int none = 0, all = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SimDisk disk;
    const std::string old = Content(1000, 2), content = Content(600'000, 3);
    auto store = MustOpen(disk);
    ASSERT_TRUE(Write(*store, {4, 1}, old));
    disk.StopAfter(1 + seed % 9);
    const bool committed = Write(*store, {5, 1}, content).has_value();
    store.reset();
    disk.Crash(seed);
    store = MustOpen(disk);
    auto chosen = store->Choose(4);
    ASSERT_TRUE(chosen) << chosen.error().message();
    const bool found = (*chosen)->id == SnapshotId{5, 1};
    ASSERT_TRUE(found || !committed);
    ASSERT_EQ(*ReadAll(*store, (*chosen)->id), found ? content : old);
    ASSERT_EQ(disk.List(kDirectory)->size(), found ? 2u : 1u) << "leftovers are removed";
    ++(found ? all : none);
  }
  EXPECT_GT(none, 0);
  EXPECT_GT(all, 0);
}

TEST(SnapshotStore, WhatAKilledProcessLeftStays) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SimDisk disk;
    auto store = MustOpen(disk);
    disk.StopAfter(1 + seed % 6);
    (void)Write(*store, {5, 1}, "content");
    store.reset();
    disk.KillProcess();
    store = MustOpen(disk);
    const bool there = store->Newest().has_value();
    store.reset();
    disk.Crash(seed);
    ASSERT_EQ(MustOpen(disk)->Newest().has_value(), there) << seed;
  }
}

TEST(SnapshotStore, EveryDamageIsFound) {
  SimDisk disk;
  const SnapshotId id{9, 2};
  const std::string content = Content(3000, 4);
  ASSERT_TRUE(Write(*MustOpen(disk), id, content));
  const size_t size = disk.Contents(FileOf(id)).size();
  for (size_t byte = 0; byte < size; ++byte) {
    auto copy = disk.Clone();
    copy->FlipBit(FileOf(id), byte * 8 + byte % 8);
    auto store = MustOpen(*copy);
    auto chosen = store->Choose(9);
    ASSERT_FALSE(chosen) << "byte " << byte;
    EXPECT_EQ(chosen.error().code(), ErrorCode::kCorrupt);
    EXPECT_TRUE(chosen.error().message().starts_with(FileOf(id) + ": byte "))
        << chosen.error().message();
    EXPECT_NE(chosen.error().message().find("restore this instance from a backup"),
              std::string::npos);
    auto all = ReadAll(*store, id);
    EXPECT_FALSE(all);
  }
  for (size_t length = 0; length < size; length += 7) {
    auto copy = disk.Clone();
    copy->TruncateFile(FileOf(id), length);
    EXPECT_FALSE(MustOpen(*copy)->Choose(9)) << "length " << length;
  }
  auto longer = disk.Clone();
  longer->ZeroRange(FileOf(id), size, 1);
  EXPECT_FALSE(MustOpen(*longer)->Choose(9));
}

TEST(SnapshotStore, AMissingBlockIsFound) {
  SimDisk disk;
  const SnapshotId id{9, 2};
  ASSERT_TRUE(Write(*MustOpen(disk), id, Content(2 * kSnapshotBlock, 4)));
  std::string bytes = disk.Contents(FileOf(id));
  bytes.erase(bytes.size() - kFooterSize - kSnapshotBlock - kBlockHeaderSize,
              kSnapshotBlock + kBlockHeaderSize);
  ASSERT_TRUE(disk.ReplaceFile(kDirectory, SnapshotName(id), bytes).ok());
  auto chosen = MustOpen(disk)->Choose(9);
  ASSERT_FALSE(chosen);
  EXPECT_NE(chosen.error().message().find("blocks are not those that were written"),
            std::string::npos);
}

TEST(SnapshotStore, AnOlderSnapshotServesOnlyWhenTheLogReachesIt) {
  SimDisk disk;
  {
    auto store = MustOpen(disk);
    ASSERT_TRUE(Write(*store, {10, 1}, "old"));
    ASSERT_TRUE(Write(*store, {20, 2}, "new"));
  }
  disk.FlipBit(FileOf({20, 2}), 8 * 70);
  EXPECT_FALSE(MustOpen(disk)->Choose(11)) << "entries 11 … are gone";
  auto store = MustOpen(disk);
  auto chosen = store->Choose(10);
  ASSERT_TRUE(chosen) << chosen.error().message();
  EXPECT_EQ((*chosen)->id, (SnapshotId{10, 1}));
  EXPECT_EQ(store->Newest()->id, (SnapshotId{10, 1}));
  // The next good one replaces the broken one.
  ASSERT_TRUE(Write(*store, {30, 2}, "newer"));
  ASSERT_TRUE(store->RemoveOld(1).ok());
  EXPECT_EQ(*disk.List(kDirectory), std::vector<std::string>{SnapshotName({30, 2})});
}

TEST(SnapshotStore, ALogThatBeginsBehindTheSnapshotIsRefused) {
  SimDisk disk;
  auto store = MustOpen(disk);
  EXPECT_EQ(store->Choose(1).error().code(), ErrorCode::kCorrupt) << "no snapshot at all";
  ASSERT_TRUE(Write(*store, {10, 1}, "x"));
  EXPECT_TRUE(store->Choose(10));
  EXPECT_EQ(store->Choose(11).error().code(), ErrorCode::kCorrupt);
}

TEST(SnapshotStore, AnotherClustersSnapshotIsRefused) {
  SimDisk disk;
  ASSERT_TRUE(Write(*MustOpen(disk), {10, 1}, "x"));
  EXPECT_NE(MustOpen(disk, 78)->Choose(0).error().message().find("another cluster"),
            std::string::npos);
}

TEST(SnapshotStore, ANewerFormatIsRefusedAsSuch) {
  SimDisk disk;
  ASSERT_TRUE(Write(*MustOpen(disk), {10, 1}, "x"));
  std::string bytes = disk.Contents(FileOf({10, 1}));
  bytes[16] = 9;
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8, 40 + 7)));
  ASSERT_TRUE(disk.ReplaceFile(kDirectory, SnapshotName({10, 1}), bytes).ok());
  EXPECT_NE(MustOpen(disk)->Choose(0).error().message().find(
                "format version 9 is newer than this program knows"),
            std::string::npos);
}

TEST(SnapshotStore, KeepsTheNewest) {
  SimDisk disk;
  auto store = MustOpen(disk);
  for (uint64_t i = 1; i <= 4; ++i) ASSERT_TRUE(Write(*store, {i, 1}, "x"));
  auto source = store->OpenSource({1, 1});
  ASSERT_TRUE(store->RemoveOld(2).ok());
  ASSERT_EQ(store->List().size(), 2u);
  EXPECT_EQ(store->List()[0].id.index, 3u);
  EXPECT_TRUE((*source)->ReadChunk(0, 10)) << "a stream under way goes on";
  EXPECT_EQ(store->OpenSource({1, 1}).error().code(), ErrorCode::kNotFound);
  disk.Crash(3);
  EXPECT_EQ(MustOpen(disk)->List().size(), 2u);
}

TEST(SnapshotStore, AFullDiskLeavesNoHalfSnapshot) {
  SimDisk disk;
  auto store = MustOpen(disk);
  disk.SetCapacity(1'000'000);
  auto info = Write(*store, {1, 1}, Content(2'000'000, 1));
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(disk.UsedBytes(), 0u);
  EXPECT_TRUE(Write(*store, {1, 1}, Content(500'000, 1)));
}

}  // namespace
}  // namespace mydis
