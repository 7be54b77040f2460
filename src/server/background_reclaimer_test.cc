#include "server/background_reclaimer.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace mydis {
namespace {

// Says on which thread it ends; may be held up there.
class Piece final : public Remains {
 public:
  Piece(size_t objects, std::shared_future<void> may_end, std::atomic<int>* ended)
      : objects_(objects), may_end_(std::move(may_end)), ended_(ended) {}
  ~Piece() override {
    may_end_.wait();
    EXPECT_NE(std::this_thread::get_id(), maker_);
    ++*ended_;
  }
  size_t objects() const override { return objects_; }

 private:
  const size_t objects_;
  const std::shared_future<void> may_end_;
  std::atomic<int>* ended_;
  const std::thread::id maker_ = std::this_thread::get_id();
};

TEST(BackgroundReclaimer, CountsWhatWaitsAndWhatIsFreed) {
  std::promise<void> go;
  const std::shared_future<void> may_end = go.get_future().share();
  std::atomic<int> ended{0};
  BackgroundReclaimer reclaimer;
  reclaimer.Reclaim(std::make_unique<Piece>(1, may_end, &ended));
  reclaimer.Reclaim(std::make_unique<Piece>(1000, may_end, &ended));
  EXPECT_EQ(reclaimer.pending(), 1001u);
  EXPECT_EQ(reclaimer.freed(), 0u);
  go.set_value();
  while (reclaimer.pending() != 0) std::this_thread::yield();
  while (reclaimer.freed() != 1001) std::this_thread::yield();
  EXPECT_EQ(ended, 2);
  reclaimer.ResetFreed();
  EXPECT_EQ(reclaimer.freed(), 0u);
  EXPECT_EQ(reclaimer.pending(), 0u);
}

TEST(BackgroundReclaimer, EverythingIsFreeWhenItEnds) {
  std::promise<void> go;
  const std::shared_future<void> may_end = go.get_future().share();
  std::atomic<int> ended{0};
  {
    BackgroundReclaimer reclaimer;
    for (int i = 0; i < 100; ++i) reclaimer.Reclaim(std::make_unique<Piece>(1, may_end, &ended));
    go.set_value();
  }
  EXPECT_EQ(ended, 100);
}

}  // namespace
}  // namespace mydis
