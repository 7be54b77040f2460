#include "server/disk_threads.h"

namespace mydis {

DiskThreads::Worker::~Worker() {
  if (!thread_.joinable()) return;
  {
    MutexLock guard(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void DiskThreads::Worker::Add(Task task) {
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  {
    MutexLock guard(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void DiskThreads::Worker::Work() {
  for (;;) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (!stop_ && tasks_.empty()) wake_.wait(mutex_);
      if (stop_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    Status status = task.job();
    loop_.Post([done = std::move(task.done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  }
}

DiskThreads::DiskThreads(EventLoop& loop, std::atomic<uint64_t>& log_write_us)
    : loop_(loop), log_write_us_(log_write_us), long_log_(loop), snapshots_(loop) {}

DiskThreads::~DiskThreads() = default;

void DiskThreads::Run(DiskLane lane, Job job, Done done) {
  Task task{std::move(job), std::move(done)};
  if (lane == DiskLane::kSnapshot) return snapshots_.Add(std::move(task));
  log_tasks_.push_back({std::move(task), lane == DiskLane::kLongLog});
  if (!long_under_way_) loop_.RunNextTurn(this);
}

Status DiskThreads::Measured(Job& job) {
  const uint64_t begin_us = clock_.MonotonicUs();
  Status status = job();
  log_write_us_.fetch_add(clock_.MonotonicUs() - begin_us, std::memory_order_relaxed);
  return status;
}

void DiskThreads::RunTask() {
  if (long_under_way_) return;
  // What a task's end brings is for the next turn.
  std::deque<LogTask> tasks = std::exchange(log_tasks_, {});
  while (!tasks.empty()) {
    Task task = std::move(tasks.front().task);
    const bool is_long = tasks.front().is_long;
    tasks.pop_front();
    if (!is_long) {
      task.done(Measured(task.job));
      continue;
    }
    long_under_way_ = true;
    for (; !tasks.empty(); tasks.pop_back()) log_tasks_.push_front(std::move(tasks.back()));
    return long_log_.Add({[this, job = std::move(task.job)]() mutable { return Measured(job); },
                          [this, done = std::move(task.done)](Status status) mutable {
                            long_under_way_ = false;
                            if (!log_tasks_.empty()) loop_.RunNextTurn(this);
                            done(std::move(status));
                          }});
  }
}

}  // namespace mydis
