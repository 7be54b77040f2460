// Frees what has left the state, on a thread of its own that yields to all others.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "state/reclaimer.h"

namespace mydis {

// Any thread. There is no bound: what is handed over took the memory before, too.
class BackgroundReclaimer final : public Reclaimer {
 public:
  BackgroundReclaimer();
  // Returns when everything is free.
  ~BackgroundReclaimer() override;

  void Reclaim(std::unique_ptr<Remains> remains) override;
  // Objects that wait or are being freed, and those that have been since the last reset.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }
  void ResetFreed() { freed_.store(0, std::memory_order_relaxed); }

 private:
  void Work();
  void FreeInParts(Remains& remains);

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::unique_ptr<Remains>> waiting_ MYDIS_GUARDED_BY(mutex_);
  bool stop_ MYDIS_GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::thread thread_;
};

}  // namespace mydis
