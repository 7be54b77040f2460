#include "consensus/sim_disk.h"

#include <gtest/gtest.h>

#include <set>

namespace mydis {
namespace {

std::unique_ptr<DiskFile> Make(SimDisk& disk, const std::string& path, std::string_view bytes) {
  auto file = disk.Open(path, OpenMode::kReplace);
  EXPECT_TRUE(WriteAt(**file, 0, bytes, Durability::kBuffered).ok());
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_TRUE(disk.SyncDirectory("d").ok());
  return std::move(*file);
}

std::unique_ptr<SimDisk> NewDisk() {
  auto disk = std::make_unique<SimDisk>();
  EXPECT_TRUE(disk->CreateDirectory("d").ok());
  return disk;
}

TEST(SimDisk, SyncedBytesAndNamesSurvive) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    auto disk = NewDisk();
    auto file = Make(*disk, "d/f", std::string(2000, 'a'));
    ASSERT_TRUE(WriteAt(*file, 512, std::string(512, 'b'), Durability::kDurable).ok());
    disk->Crash(seed);
    EXPECT_EQ(*disk->ReadFile("d/f"),
              std::string(512, 'a') + std::string(512, 'b') + std::string(976, 'a'));
  }
}

TEST(SimDisk, UnsyncedSectorsSurviveInAnyCombination) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    auto disk = NewDisk();
    auto file = Make(*disk, "d/f", std::string(1024, 'a'));
    ASSERT_TRUE(WriteAt(*file, 0, std::string(1024, 'b'), Durability::kBuffered).ok());
    ASSERT_TRUE(WriteAt(*file, 0, std::string(1024, 'c'), Durability::kBuffered).ok());
    disk->Crash(seed);
    const std::string left = *disk->ReadFile("d/f");
    for (int half : {0, 1})
      EXPECT_EQ(left.substr(half * 512, 512), std::string(512, left[half * 512])) << "torn sector";
    seen.insert({left[0], left[1023]});
  }
  EXPECT_EQ(seen.size(), 9u);
}

TEST(SimDisk, UnsyncedNamesAreLostOrKept) {
  std::set<std::vector<std::string>> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    auto disk = NewDisk();
    Make(*disk, "d/a", "1");
    Make(*disk, "d/b", "2");
    ASSERT_TRUE(disk->Rename("d/a", "d/c").ok());
    ASSERT_TRUE(disk->Remove("d/b").ok());
    disk->Crash(seed);
    seen.insert(*disk->List("d"));
  }
  using Names = std::vector<std::string>;
  EXPECT_EQ(seen, (std::set<Names>{{"a", "b"}, {"b", "c"}, {"a"}, {"c"}}));
}

TEST(SimDisk, TheSameSeedGivesTheSameBytes) {
  auto run = [](uint64_t seed) {
    auto disk = NewDisk();
    auto file = Make(*disk, "d/f", "");
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(WriteAt(*file, i * 300, std::string(700, 'a' + i), Durability::kBuffered).ok());
    disk->Crash(seed);
    return *disk->ReadFile("d/f");
  };
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(run(seed), run(seed));
    seen.insert(run(seed));
  }
  EXPECT_GT(seen.size(), 5u);
}

TEST(SimDisk, PowerFailsInTheMiddleOfADurableWrite) {
  std::set<char> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto disk = NewDisk();
    auto file = Make(*disk, "d/f", std::string(512, 'a'));
    disk->StopAfter(1);
    EXPECT_EQ(WriteAt(*file, 0, std::string(512, 'b'), Durability::kDurable).code(),
              ErrorCode::kIo);
    EXPECT_TRUE(disk->stopped());
    EXPECT_EQ(disk->Rename("d/f", "d/g").code(), ErrorCode::kIo);
    char byte[1];
    EXPECT_FALSE(file->ReadAt(0, byte));
    disk->Crash(seed);
    EXPECT_FALSE(file->ReadAt(0, byte)) << "a file opened before the crash";
    seen.insert((*disk->ReadFile("d/f"))[0]);
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST(SimDisk, AKilledProcessLosesNothingButSyncsNothing) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto disk = NewDisk();
    auto file = Make(*disk, "d/f", "a");
    ASSERT_TRUE(WriteAt(*file, 0, "b", Durability::kBuffered).ok());
    disk->KillProcess();
    char byte[1];
    EXPECT_FALSE(file->ReadAt(0, byte)) << "a file of the dead process";
    EXPECT_EQ(*disk->ReadFile("d/f"), "b");
    disk->Crash(seed);
    lost |= *disk->ReadFile("d/f") == "a";
  }
  EXPECT_TRUE(lost);
}

TEST(SimDisk, FaultsAndCapacity) {
  auto disk = NewDisk();
  auto file = Make(*disk, "d/f", "");
  disk->SetCapacity(1000);
  EXPECT_EQ(file->Allocate(2000).code(), ErrorCode::kDiskFull);
  EXPECT_TRUE(WriteAt(*file, 0, std::string(1000, 'a'), Durability::kDurable).ok());
  EXPECT_EQ(WriteAt(*file, 1000, "b", Durability::kDurable).code(), ErrorCode::kDiskFull);
  EXPECT_TRUE(WriteAt(*file, 0, "b", Durability::kDurable).ok()) << "needs no room";
  disk->SetFault([](DiskOp op, const std::string& path) {
    return op == DiskOp::kSync ? Status(ErrorCode::kIo, path) : Status::Ok();
  });
  EXPECT_EQ(file->Sync().code(), ErrorCode::kIo);
  disk->SetFault({});
  EXPECT_TRUE(file->Sync().ok());
}

TEST(SimDisk, DamageAndClone) {
  auto disk = NewDisk();
  Make(*disk, "d/f", "abcd");
  auto copy = disk->Clone();
  copy->FlipBit("d/f", 8);
  EXPECT_EQ(copy->Contents("d/f"), "accd");
  copy->ZeroRange("d/f", 0, 1);
  copy->TruncateFile("d/f", 2);
  EXPECT_EQ(copy->Contents("d/f"), std::string("\0c", 2));
  copy->DeleteFile("d/f");
  copy->Crash(1);
  EXPECT_TRUE(copy->List("d")->empty());
  EXPECT_EQ(disk->Contents("d/f"), "abcd");
}

}  // namespace
}  // namespace mydis
