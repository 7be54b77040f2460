#include "consensus/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace mydis {
namespace {

TEST(PosixDisk, AnotherProcessHoldsTheLock) {
  std::string pattern = testing::TempDir() + "mydis_lock_XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    PosixDisk disk;
    auto lock = disk.Lock(directory + "/LOCK");
    byte = lock ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::close(done[1]);
    ::_exit(::read(done[0], &byte, 1) == 0 ? 0 : 1);
  }
  ::close(done[0]);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  PosixDisk disk;
  auto lock = disk.Lock(directory + "/LOCK");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code(), ErrorCode::kBusy);
  EXPECT_NE(lock.error().message().find("process " + std::to_string(child)), std::string::npos)
      << lock.error().message();
  EXPECT_NE(lock.error().message().find(directory), std::string::npos);
  ::close(done[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(disk.Lock(directory + "/LOCK")) << "free once its holder has ended";
  ::close(ready[0]);
  ::close(ready[1]);
  std::filesystem::remove_all(directory);
}

TEST(PosixDisk, NoRoomIsDiskFull) {
  PosixDisk disk;
  auto full = disk.Open("/dev/full", OpenMode::kWrite);
  ASSERT_TRUE(full);
  EXPECT_EQ(WriteAt(**full, 0, "x", Durability::kBuffered).code(), ErrorCode::kDiskFull);
}

TEST(PosixDisk, ErrorsNameThePath) {
  PosixDisk disk;
  EXPECT_EQ(disk.SyncDirectory("/nonexistent/x").message(),
            "/nonexistent/x: cannot open directory: No such file or directory");
  EXPECT_NE(disk.CreateDirectory("/dev/null/x").code(), ErrorCode::kOk);
  EXPECT_TRUE(*disk.FreeSpace("/tmp") > 0);
}

}  // namespace
}  // namespace mydis
