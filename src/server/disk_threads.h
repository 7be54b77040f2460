// Where the disk's work is done.
//
// The log's writes are done by the loop's own thread, at the start of the turn after the one that
// asked for them: what that turn sends to other instances is on its way by then, and what arrives
// meanwhile is the next group. Measured, a thread of its own costs two wake-ups a group and gains
// nothing, since there is one write under way at a time and what could be done beside it is little.
// Everything that may take long (large writes, snapshots, segments) has a thread: the others would
// take an instance that hears and says nothing meanwhile for a dead one.
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
  // A thread that does its tasks one after the other.
  class Worker {
   public:
    explicit Worker(EventLoop& loop) : loop_(loop) {}
    ~Worker();
    void Add(Task task);

   private:
    void Work();

    EventLoop& loop_;
    Mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<Task> tasks_ MYDIS_GUARDED_BY(mutex_);
    bool stop_ MYDIS_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // From the first task on.
  };
  struct LogTask {
    Task task;
    bool is_long = false;
  };
  void RunTask() override;
  Status Measured(Job& job);

  EventLoop& loop_;
  std::atomic<uint64_t>& log_write_us_;
  SystemClock clock_;
  // The loop's thread.
  std::deque<LogTask> log_tasks_;
  bool long_under_way_ = false;  // Nothing else of the log runs meanwhile.
  Worker long_log_;
  Worker snapshots_;
};

}  // namespace mydis
