#include "server/disk_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace mydis {
namespace {

class DiskThreadsTest : public testing::Test {
 protected:
  DiskThreadsTest() {
    auto made = EventLoop::Create();
    EXPECT_TRUE(made.has_value());
    loop_ = std::move(*made);
    disk_ = std::make_unique<DiskThreads>(*loop_, log_write_us_);
  }
  // A job that waits for `go`, if that is given, and notes that it was done.
  void Run(DiskLane lane, const std::string& name, std::latch* go = nullptr) {
    disk_->Run(
        lane,
        [this, go, on_loop = std::this_thread::get_id()] {
          if (go != nullptr) go->wait();
          return std::this_thread::get_id() == on_loop
                     ? Status::Ok()
                     : Status(ErrorCode::kInternal, "on another thread");
        },
        [this, name](const Status& status) {
          done_.push_back(name + (status.ok() ? "" : " elsewhere"));
        });
  }
  void Turns(int n) {
    for (int i = 0; i < n; ++i) loop_->RunOnce(1);
  }
  void Until(size_t done) {
    for (int i = 0; i < 10'000 && done_.size() < done; ++i) loop_->RunOnce(1);
    ASSERT_EQ(done_.size(), done);
  }

  std::unique_ptr<EventLoop> loop_;
  std::atomic<uint64_t> log_write_us_ = 0;
  std::unique_ptr<DiskThreads> disk_;
  std::vector<std::string> done_;
};

TEST_F(DiskThreadsTest, ShortWritesOfTheLogAreTheLoopsOwn) {
  Run(DiskLane::kLog, "a");
  Run(DiskLane::kLog, "b");
  Until(2);
  EXPECT_EQ(done_, (std::vector<std::string>{"a", "b"}));
}

// The loop goes on, and so does the other lane; the log's order stays.
TEST_F(DiskThreadsTest, ALongWriteHoldsUpNothingButTheLog) {
  std::latch go(1);
  Run(DiskLane::kLog, "a");
  Run(DiskLane::kLongLog, "long", &go);
  Run(DiskLane::kLog, "b");
  Run(DiskLane::kLongLog, "longer", &go);
  Until(1);
  Run(DiskLane::kLog, "c");
  Run(DiskLane::kSnapshot, "snapshot");
  Until(2);
  Turns(5);
  EXPECT_EQ(done_, (std::vector<std::string>{"a", "snapshot elsewhere"}));
  go.count_down();
  Until(6);
  Run(DiskLane::kLog, "d");
  Until(7);
  EXPECT_EQ(done_, (std::vector<std::string>{"a", "snapshot elsewhere", "long elsewhere", "b",
                                             "longer elsewhere", "c", "d"}));
}

TEST_F(DiskThreadsTest, WhatIsUnderWayIsFinishedAndTheRestDropped) {
  std::latch go(1);
  Run(DiskLane::kLongLog, "long", &go);
  Run(DiskLane::kLog, "a");
  Turns(5);
  std::thread later([&] { go.count_down(); });
  disk_.reset();
  later.join();
  EXPECT_TRUE(done_.empty());
}

}  // namespace
}  // namespace mydis
