// A disk that is really full: a small tmpfs of the test's own.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstdlib>
#include <string>

#include "consensus/log_store.h"
#include "consensus/posix_disk.h"
#include "consensus/snapshot_store.h"

namespace mydis {
namespace {

// Mounted in a mount namespace that only this process sees, so that it goes away with it. False
// where the system does not let us.
bool MountSmallDisk(const std::string& directory, const char* options) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", directory.c_str(), "tmpfs", 0, options) == 0;
}

class FullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mydis_full_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    if (!MountSmallDisk(directory_, "size=4m")) GTEST_SKIP() << "no mount is permitted here";
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(directory_.c_str(), MNT_DETACH);
    ::rmdir(directory_.c_str());
  }

  // Takes all room that is left, but for `bytes`.
  std::unique_ptr<DiskFile> FillUp(uint64_t bytes) {
    auto file = disk_.Open(directory_ + "/ballast", OpenMode::kReplace);
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->Allocate(*disk_.FreeSpace(directory_) - bytes).ok());
    return std::move(*file);
  }

  PosixDisk disk_;
  std::string directory_;
  bool mounted_ = false;
};

TEST_F(FullDiskTest, TheLogRefusesReadsOnAndResumes) {
  LogOptions options;
  options.segment_size = 256 << 10;
  auto log = *LogStore::Create(disk_, directory_ + "/log", options);
  FillUp(100 << 10).reset();
  const Payload data = MakePayload(std::string(20'000, 'x'));
  Status s;
  uint64_t index = 0;
  while (s.ok()) {
    const LogEntry entry{index + 1, 1, EntryKind::kNormal, data};
    s = log->Append({std::nullopt, std::span(&entry, 1)});
    index += s.ok();
  }
  ASSERT_EQ(s.code(), ErrorCode::kDiskFull) << s.message();
  EXPECT_NE(s.message().find("No space left on device"), std::string::npos) << s.message();
  EXPECT_GT(index, 5u) << "the first segment was filled";
  EXPECT_EQ(log->PrepareSpare().code(), ErrorCode::kDiskFull);
  EXPECT_FALSE(log->HasSpare());
  EXPECT_EQ(disk_.List(directory_ + "/log")->size(), 1u) << "half-made files are removed";
  EXPECT_EQ(log->LastIndex(), index);
  EXPECT_EQ(*log->Read(index)->data, *data);
  log.reset();
  log = *LogStore::Open(disk_, directory_ + "/log", options);
  EXPECT_EQ(log->LastIndex(), index) << "it opens on a full disk, too";

  ASSERT_TRUE(disk_.Remove(directory_ + "/ballast").ok());
  const LogEntry entry{index + 1, 1, EntryKind::kNormal, data};
  ASSERT_TRUE(log->Append({std::nullopt, std::span(&entry, 1)}).ok());
  log.reset();
  log = *LogStore::Open(disk_, directory_ + "/log", options);
  EXPECT_EQ(*log->Read(index + 1)->data, *data);
}

TEST_F(FullDiskTest, ASnapshotIsGivenUpAndGivesItsRoomBack) {
  auto store = *SnapshotStore::Open(disk_, directory_ + "/snapshots", 1);
  const uint64_t before = *disk_.FreeSpace(directory_);
  {
    auto writer = *store->Create({1, 1}, "");
    Status s;
    const std::string bytes(1 << 20, 'x');
    for (int i = 0; i < 10 && s.ok(); ++i) s = writer->Append(bytes);
    EXPECT_EQ(s.code(), ErrorCode::kDiskFull) << s.message();
  }
  EXPECT_EQ(*disk_.FreeSpace(directory_), before);
  EXPECT_EQ(store->Newest(), std::nullopt);
}

}  // namespace
}  // namespace mydis
