#include "server/disk_threads.h"

namespace mydis {

DiskThreads::DiskThreads(EventLoop& loop) : loop_(loop) {
  for (Lane& lane : lanes_) lane.thread = std::thread([this, &lane] { Work(lane); });
}

DiskThreads::~DiskThreads() {
  for (Lane& lane : lanes_) {
    {
      std::lock_guard guard(lane.mutex);
      lane.stop = true;
    }
    lane.wake.notify_all();
    lane.thread.join();
  }
}

void DiskThreads::Run(DiskLane which, Job job, Done done) {
  Lane& lane = lanes_[static_cast<size_t>(which)];
  {
    std::lock_guard guard(lane.mutex);
    lane.tasks.push_back({std::move(job), std::move(done)});
  }
  lane.wake.notify_one();
}

void DiskThreads::Work(Lane& lane) {
  std::unique_lock lock(lane.mutex);
  for (;;) {
    lane.wake.wait(lock, [&lane] { return lane.stop || !lane.tasks.empty(); });
    if (lane.stop) return;
    Task task = std::move(lane.tasks.front());
    lane.tasks.pop_front();
    lock.unlock();
    Status status = task.job();
    loop_.Post([done = std::move(task.done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
    lock.lock();
  }
}

}  // namespace mydis
