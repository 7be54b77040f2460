#include "consensus/meta_file.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/sim_disk.h"

namespace mydis {
namespace {

const InstanceMeta kMeta{0x1234, 3, "10.0.0.1:2382", "mydis"};

std::unique_ptr<SimDisk> DiskWithMeta() {
  auto disk = std::make_unique<SimDisk>();
  EXPECT_TRUE(disk->CreateDirectory("data").ok());
  EXPECT_TRUE(SaveMeta(*disk, "data", kMeta).ok());
  return disk;
}

TEST(MetaFile, IsThereAfterACrash) {
  auto disk = DiskWithMeta();
  disk->Crash(1);
  auto meta = LoadMeta(*disk, "data");
  ASSERT_TRUE(meta);
  EXPECT_EQ(**meta, kMeta);
  SimDisk empty;
  EXPECT_EQ(*LoadMeta(empty, "data"), std::nullopt);
}

TEST(MetaFile, AWriteThatACrashCutsOffLeavesTheOldFileOrTheNew) {
  InstanceMeta changed = kMeta;
  changed.raft_id = 4;
  int old_ones = 0, new_ones = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    auto disk = DiskWithMeta();
    disk->StopAfter(1 + seed % 6);
    (void)SaveMeta(*disk, "data", changed);
    disk->Crash(seed);
    auto meta = LoadMeta(*disk, "data");
    ASSERT_TRUE(meta) << meta.error().message();
    ASSERT_TRUE(**meta == kMeta || **meta == changed);
    ++(**meta == kMeta ? old_ones : new_ones);
  }
  EXPECT_GT(old_ones, 0);
  EXPECT_GT(new_ones, 0);
}

TEST(MetaFile, EveryDamageIsFound) {
  auto disk = DiskWithMeta();
  const size_t size = disk->Contents("data/meta").size();
  for (size_t bit = 0; bit < size * 8; ++bit) {
    auto copy = disk->Clone();
    copy->FlipBit("data/meta", bit);
    auto meta = LoadMeta(*copy, "data");
    ASSERT_FALSE(meta) << "bit " << bit;
    EXPECT_EQ(meta.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(meta.error().message().find("data/meta: byte 0: "), std::string::npos);
  }
  for (size_t length = 0; length < size; ++length) {
    auto copy = disk->Clone();
    copy->TruncateFile("data/meta", length);
    EXPECT_FALSE(LoadMeta(*copy, "data")) << "length " << length;
  }
}

TEST(MetaFile, ANewerFormatIsRefusedAsSuch) {
  auto disk = DiskWithMeta();
  std::string bytes = disk->Contents("data/meta");
  bytes[16] = 2;
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8)));
  ASSERT_TRUE(disk->ReplaceFile("data", "meta", bytes).ok());
  EXPECT_EQ(LoadMeta(*disk, "data").error().message(),
            "data/meta: format version 2 is newer than this program knows (1): start the newer "
            "program that wrote it");
}

TEST(MetaFile, AnotherInstanceOrClusterIsRefused) {
  EXPECT_TRUE(CheckIdentity(kMeta, "data", "", "", 0).ok());
  EXPECT_TRUE(CheckIdentity(kMeta, "data", "10.0.0.1:2382", "mydis", 0x1234).ok());
  EXPECT_EQ(CheckIdentity(kMeta, "data", "b", "", 0).message(),
            "data directory data belongs to instance 10.0.0.1:2382, not b: start with "
            "--instance-id 10.0.0.1:2382, or choose another --data-dir");
  EXPECT_EQ(CheckIdentity(kMeta, "data", "", "other", 0).code(), ErrorCode::kInvalid);
  EXPECT_EQ(CheckIdentity(kMeta, "data", "", "", 9).code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace mydis
