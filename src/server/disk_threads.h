// Where the disk's work is done.
//
// The log's writes are done by the loop's own thread, at the start of the turn after the one that
// asked for them: what that turn sends to other instances is on its way by then, and what arrives
// meanwhile is the next group. Measured, a thread of its own costs two wake-ups a group and gains
// nothing, since there is one write under way at a time and what could be done beside it is little.
// Everything that may take long (snapshots, segments) has a thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "consensus/disk_queue.h"
#include "net/event_loop.h"

namespace mydis {

// Run: the loop's thread, where the `done` calls are made too.
class DiskThreads final : public DiskQueue, private TurnTask {
 public:
  // `log_write_us` counts the time that the log's writes take.
  DiskThreads(EventLoop& loop, std::atomic<uint64_t>& log_write_us);
  // Jobs under way are finished; those not begun are dropped, and no `done` is called any more.
  ~DiskThreads() override;
  void Run(DiskLane lane, Job job, Done done) override;

 private:
  struct Task {
    Job job;
    Done done;
  };
  struct Lane {
    Mutex mutex;
    std::condition_variable_any wake;
    std::deque<Task> tasks MYDIS_GUARDED_BY(mutex);
    bool stop MYDIS_GUARDED_BY(mutex) = false;
    std::thread thread;
  };
  void RunTask() override;
  void Work();

  EventLoop& loop_;
  std::atomic<uint64_t>& log_write_us_;
  SystemClock clock_;
  std::deque<Task> log_tasks_;  // The loop's thread.
  Lane lane_;                   // DiskLane::kSnapshot
};

}  // namespace mydis
