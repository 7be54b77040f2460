// What every Disk promises, checked on the real one and on its twin.
#include "consensus/disk.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "consensus/posix_disk.h"
#include "consensus/sim_disk.h"

namespace mydis {
namespace {

class DiskTest : public testing::TestWithParam<bool> {
 protected:
  DiskTest() {
    if (GetParam()) {
      disk_ = std::make_unique<PosixDisk>();
      std::string pattern = testing::TempDir() + "mydis_disk_XXXXXX";
      directory_ = ::mkdtemp(pattern.data());
    } else {
      disk_ = std::make_unique<SimDisk>();
      directory_ = "dir";
      EXPECT_TRUE(disk_->CreateDirectory(directory_).ok());
    }
  }
  ~DiskTest() override {
    if (GetParam()) std::filesystem::remove_all(directory_);
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  std::unique_ptr<Disk> disk_;
  std::string directory_;
};

TEST_P(DiskTest, WritesPiecesAndReadsThemBack) {
  auto file = disk_->Open(Path("f"), OpenMode::kCreate);
  ASSERT_TRUE(file);
  const std::string big(100000, 'x');
  const std::string_view pieces[] = {"head", "", big, "tail"};
  ASSERT_TRUE((*file)->WriteAt(10, pieces, Durability::kDurable).ok());
  std::string back(4 + big.size() + 4, '\0');
  ASSERT_TRUE(ReadFully(**file, "f", 10, back).ok());
  EXPECT_EQ(back, "head" + big + "tail");
  EXPECT_EQ(*(*file)->Size(), 10 + back.size());
  char past[8];
  EXPECT_EQ(*(*file)->ReadAt(10 + back.size() - 3, past), 3u);
  EXPECT_EQ(*(*file)->ReadAt(1000000, past), 0u);
  EXPECT_EQ(ReadFully(**file, "f", 1000000, past).code(), ErrorCode::kCorrupt);
}

TEST_P(DiskTest, WritesMorePiecesThanOneSystemCallTakes) {
  auto file = disk_->Open(Path("f"), OpenMode::kCreate);
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 3000; ++i) texts.push_back(std::to_string(i));
  std::vector<std::string_view> pieces(texts.begin(), texts.end());
  for (const std::string& text : texts) all += text;
  for (Durability durability : {Durability::kDurable, Durability::kBuffered}) {
    ASSERT_TRUE((*file)->WriteAt(0, pieces, durability).ok());
    EXPECT_EQ(*disk_->ReadFile(Path("f")), all);
  }
}

TEST_P(DiskTest, OpenModes) {
  EXPECT_EQ(disk_->Open(Path("f"), OpenMode::kRead).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(disk_->Open(Path("f"), OpenMode::kWrite).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(*disk_->Exists(Path("f")));
  {
    auto file = disk_->Open(Path("f"), OpenMode::kCreate);
    ASSERT_TRUE(WriteAt(**file, 0, "abc", Durability::kBuffered).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  EXPECT_TRUE(*disk_->Exists(Path("f")));
  EXPECT_EQ(disk_->Open(Path("f"), OpenMode::kCreate).error().code(), ErrorCode::kExists);
  EXPECT_EQ(*disk_->ReadFile(Path("f")), "abc");
  ASSERT_TRUE(disk_->Open(Path("f"), OpenMode::kReplace));
  EXPECT_EQ(*disk_->ReadFile(Path("f")), "");
}

TEST_P(DiskTest, AllocateGivesZeros) {
  auto file = disk_->Open(Path("f"), OpenMode::kCreate);
  ASSERT_TRUE((*file)->Allocate((3 << 20) + 4096).ok());
  EXPECT_EQ(*disk_->ReadFile(Path("f")), std::string((3 << 20) + 4096, '\0'));
}

TEST_P(DiskTest, NamesChangeAndOpenFilesStay) {
  auto a = disk_->Open(Path("a"), OpenMode::kCreate);
  ASSERT_TRUE(WriteAt(**a, 0, "A", Durability::kDurable).ok());
  auto b = disk_->Open(Path("b"), OpenMode::kCreate);
  ASSERT_TRUE(WriteAt(**b, 0, "B", Durability::kDurable).ok());
  ASSERT_TRUE(disk_->CreateDirectory(Path("sub/deeper")).ok());
  ASSERT_TRUE(disk_->CreateDirectory(Path("sub")).ok());
  EXPECT_EQ(*disk_->List(directory_), (std::vector<std::string>{"a", "b", "sub"}));
  ASSERT_TRUE(disk_->Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(*disk_->List(directory_), (std::vector<std::string>{"b", "sub"}));
  EXPECT_EQ(*disk_->ReadFile(Path("b")), "A");
  ASSERT_TRUE(disk_->SyncDirectory(directory_).ok());
  ASSERT_TRUE(disk_->Remove(Path("b")).ok());
  EXPECT_EQ(disk_->Remove(Path("b")).code(), ErrorCode::kNotFound);
  EXPECT_EQ(disk_->Rename(Path("b"), Path("c")).code(), ErrorCode::kNotFound);
  char byte[1];
  ASSERT_EQ(*(*b)->ReadAt(0, byte), 1u);
  EXPECT_EQ(byte[0], 'B');
  EXPECT_EQ(disk_->List(Path("missing")).error().code(), ErrorCode::kNotFound);
}

TEST_P(DiskTest, OneLockAtATime) {
  auto lock = disk_->Lock(Path("LOCK"));
  ASSERT_TRUE(lock);
  auto second = disk_->Lock(Path("LOCK"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kBusy);
  EXPECT_NE(second.error().message().find(directory_), std::string::npos);
  lock->reset();
  EXPECT_TRUE(disk_->Lock(Path("LOCK")));
}

TEST_P(DiskTest, ReplaceFileLeavesNoTemporary) {
  ASSERT_TRUE(disk_->ReplaceFile(directory_, "f", "one").ok());
  ASSERT_TRUE(disk_->ReplaceFile(directory_, "f", "two").ok());
  EXPECT_EQ(*disk_->ReadFile(Path("f")), "two");
  EXPECT_EQ(*disk_->List(directory_), std::vector<std::string>{"f"});
}

INSTANTIATE_TEST_SUITE_P(, DiskTest, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Posix" : "Sim"; });

}  // namespace
}  // namespace mydis
