#include "server/disk_threads.h"

namespace mydis {

DiskThreads::DiskThreads(EventLoop& loop, std::atomic<uint64_t>& log_write_us)
    : loop_(loop), log_write_us_(log_write_us) {
  lane_.thread = std::thread([this] { Work(); });
}

DiskThreads::~DiskThreads() {
  {
    MutexLock guard(lane_.mutex);
    lane_.stop = true;
  }
  lane_.wake.notify_all();
  lane_.thread.join();
}

void DiskThreads::Run(DiskLane which, Job job, Done done) {
  if (which == DiskLane::kLog) {
    log_tasks_.push_back({std::move(job), std::move(done)});
    loop_.RunNextTurn(this);
    return;
  }
  {
    MutexLock guard(lane_.mutex);
    lane_.tasks.push_back({std::move(job), std::move(done)});
  }
  lane_.wake.notify_one();
}

void DiskThreads::RunTask() {
  std::deque<Task> tasks = std::exchange(log_tasks_, {});
  for (Task& task : tasks) {
    const uint64_t begin_us = clock_.MonotonicUs();
    Status status = task.job();
    log_write_us_.fetch_add(clock_.MonotonicUs() - begin_us, std::memory_order_relaxed);
    task.done(std::move(status));
  }
}

void DiskThreads::Work() {
  for (;;) {
    Task task;
    {
      MutexLock lock(lane_.mutex);
      while (!lane_.stop && lane_.tasks.empty()) lane_.wake.wait(lane_.mutex);
      if (lane_.stop) return;
      task = std::move(lane_.tasks.front());
      lane_.tasks.pop_front();
    }
    Status status = task.job();
    loop_.Post([done = std::move(task.done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  }
}

}  // namespace mydis
