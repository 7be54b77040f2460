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

// Blocks go back to the threads that they come from (see FreedBlocks), and these take longer for
// one than it takes to free it: some 70 ns, a miss of the cache. So many at a time cost such a
// thread half a millisecond, and the pause lets it get through with them.
constexpr size_t kPartAllocations = 8192;
constexpr auto kPause = std::chrono::milliseconds(3);

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

void BackgroundReclaimer::set_on_begin(std::function<void()> on_begin) {
  MutexLock guard(mutex_);
  on_begin_ = std::move(on_begin);
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
      if (on_begin_) on_begin_();
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
