#include "consensus/overlay_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/sim_disk.h"

namespace mydis {
namespace {

using testing::ElementsAre;

void Put(Disk& disk, const std::string& path, std::string_view bytes) {
  auto file = disk.Open(path, OpenMode::kReplace);
  ASSERT_TRUE(file);
  ASSERT_TRUE(WriteAt(**file, 0, bytes, Durability::kDurable).ok());
}

class OverlayDiskTest : public testing::Test {
 protected:
  OverlayDiskTest() {
    EXPECT_TRUE(below_.CreateDirectory("d").ok());
    Put(below_, "d/a", std::string(10'000, 'a'));
    Put(below_, "d/b", "b");
  }

  SimDisk below_;
  OverlayDisk disk_{below_};
};

TEST_F(OverlayDiskTest, WhatIsWrittenIsReadAndIsNotBelow) {
  auto file = disk_.Open("d/a", OpenMode::kWrite);
  ASSERT_TRUE(file);
  ASSERT_TRUE(WriteAt(**file, 4090, "0123456789", Durability::kDurable).ok());
  ASSERT_TRUE(WriteAt(**file, 9'999, "end", Durability::kDurable).ok());
  std::string expected(10'000, 'a');
  expected.replace(4090, 10, "0123456789");
  expected.replace(9'999, 1, "end");
  EXPECT_EQ(disk_.ReadFile("d/a"), expected);
  EXPECT_EQ(below_.Contents("d/a"), std::string(10'000, 'a'));
}

TEST_F(OverlayDiskTest, NamesComeAndGoHereAlone) {
  Put(disk_, "d/c", "c");
  ASSERT_TRUE(disk_.Remove("d/a").ok());
  ASSERT_TRUE(disk_.Rename("d/b", "d/e").ok());
  EXPECT_THAT(*disk_.List("d"), ElementsAre("c", "e"));
  EXPECT_EQ(disk_.ReadFile("d/e"), "b");
  EXPECT_EQ(disk_.Open("d/b", OpenMode::kRead).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(disk_.Open("d/e", OpenMode::kCreate).error().code(), ErrorCode::kExists);
  EXPECT_EQ(disk_.Remove("d/a").code(), ErrorCode::kNotFound);
  EXPECT_THAT(*below_.List("d"), ElementsAre("a", "b"));
}

TEST_F(OverlayDiskTest, WhatIsAllocatedIsZeros) {
  auto file = disk_.Open("d/new", OpenMode::kCreate);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->Allocate(5'000).ok());
  ASSERT_TRUE(WriteAt(**file, 4'096, "x", Durability::kDurable).ok());
  std::string expected(5'000, '\0');
  expected[4'096] = 'x';
  EXPECT_EQ(disk_.ReadFile("d/new"), expected);
}

}  // namespace
}  // namespace mydis
