#include "server/disk_threads.h"

namespace mydis {

DiskThreads::DiskThreads(EventLoop& loop) : loop_(loop) {
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
  for (Task& task : tasks) task.done(task.job());
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
