#include "server/disk_threads.h"

namespace mydis {

DiskThreads::DiskThreads(EventLoop& loop) : loop_(loop) {
  lane_.thread = std::thread([this] { Work(); });
}

DiskThreads::~DiskThreads() {
  {
    std::lock_guard guard(lane_.mutex);
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
    std::lock_guard guard(lane_.mutex);
    lane_.tasks.push_back({std::move(job), std::move(done)});
  }
  lane_.wake.notify_one();
}

void DiskThreads::RunTask() {
  std::deque<Task> tasks = std::exchange(log_tasks_, {});
  for (Task& task : tasks) task.done(task.job());
}

void DiskThreads::Work() {
  std::unique_lock lock(lane_.mutex);
  for (;;) {
    lane_.wake.wait(lock, [this] { return lane_.stop || !lane_.tasks.empty(); });
    if (lane_.stop) return;
    Task task = std::move(lane_.tasks.front());
    lane_.tasks.pop_front();
    lock.unlock();
    Status status = task.job();
    loop_.Post([done = std::move(task.done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
    lock.lock();
  }
}

}  // namespace mydis
