// The disk's threads: one for each lane of the DiskQueue.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "consensus/disk_queue.h"
#include "net/event_loop.h"

namespace mydis {

// Run: the loop's thread, where the `done` calls are made too.
class DiskThreads final : public DiskQueue {
 public:
  explicit DiskThreads(EventLoop& loop);
  // Jobs under way are finished; those not begun are dropped, and no `done` is called any more.
  ~DiskThreads();
  void Run(DiskLane lane, Job job, Done done) override;

 private:
  struct Task {
    Job job;
    Done done;
  };
  struct Lane {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Task> tasks;  // Guarded by mutex.
    bool stop = false;       // Guarded by mutex.
    std::thread thread;
  };
  void Work(Lane& lane);

  EventLoop& loop_;
  Lane lanes_[2];
};

}  // namespace mydis
