#include "server/background_reclaimer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace mydis {
namespace {

// It gives way to threads that serve, but is not starved by them: on cores that are all busy it
// still has a tenth of one, so that memory comes back.
constexpr int kNice = 10;

// So many blocks take a few milliseconds; then the allocator's lock, the caches and the memory bus
// are left to the threads that serve for a moment.
constexpr size_t kPartAllocations = 32768;
constexpr auto kPause = std::chrono::milliseconds(1);

}  // namespace

BackgroundReclaimer::BackgroundReclaimer() : thread_([this] { Work(); }) {}

BackgroundReclaimer::~BackgroundReclaimer() {
  {
    MutexLock guard(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BackgroundReclaimer::Reclaim(std::unique_ptr<Remains> remains) {
  pending_.fetch_add(remains->objects(), std::memory_order_relaxed);
  bool first = false;
  {
    MutexLock guard(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(remains));
  }
  if (first) wake_.notify_one();
}

// Without pauses when the process ends: then nobody waits but for this.
void BackgroundReclaimer::FreeInParts(Remains& remains) {
  while (remains.FreeSome(kPartAllocations)) {
    MutexLock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + kPause;
    while (!stop_ && wake_.wait_until(mutex_, end) != std::cv_status::timeout) {
    }
  }
}

void BackgroundReclaimer::Work() {
  // On Linux the priority is the thread's own, not the process's.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  for (;;) {
    std::vector<std::unique_ptr<Remains>> batch;
    {
      MutexLock lock(mutex_);
      while (!stop_ && waiting_.empty()) wake_.wait(mutex_);
      if (waiting_.empty()) return;
      batch.swap(waiting_);
    }
    for (std::unique_ptr<Remains>& remains : batch) {
      const size_t objects = remains->objects();
      FreeInParts(*remains);
      remains.reset();
      pending_.fetch_sub(objects, std::memory_order_relaxed);
      freed_.fetch_add(objects, std::memory_order_relaxed);
    }
  }
}

}  // namespace mydis
