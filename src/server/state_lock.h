// The lock between Apply (one thread, exclusive) and reads (a fixed number of threads, shared).
//
// Each reading thread has a slot of its own, so that readers never share a cache line; taking the
// lock to read is one atomic exchange. A writer that waits keeps new readers out, so it never
// starves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "base/mutex.h"

namespace mydis {

class MYDIS_CAPABILITY("state lock") StateLock {
 public:
  // One slot for each thread that reads.
  explicit StateLock(uint32_t slots) : slots_(std::make_unique<Slot[]>(slots)), count_(slots) {}

  // REQUIRES: called by the slot's own thread, which does not hold it.
  void LockShared(uint32_t slot) MYDIS_ACQUIRE_SHARED() MYDIS_NO_THREAD_ANALYSIS {
    std::atomic<uint32_t>& reading = slots_[slot].reading;
    for (;;) {
      reading.exchange(1, std::memory_order_seq_cst);
      if (writing_.load(std::memory_order_seq_cst) == 0) [[likely]]
        return;
      UnlockShared(slot);
      writing_.wait(1, std::memory_order_acquire);
    }
  }
  void UnlockShared(uint32_t slot) MYDIS_RELEASE_SHARED() MYDIS_NO_THREAD_ANALYSIS {
    std::atomic<uint32_t>& reading = slots_[slot].reading;
    reading.store(0, std::memory_order_seq_cst);
    // A writer announces itself before it looks at the slots, so one that sleeps is seen here.
    if (writing_.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      reading.notify_all();
  }

  // REQUIRES: the writing thread, always the same one.
  void LockExclusive() MYDIS_ACQUIRE() MYDIS_NO_THREAD_ANALYSIS {
    writing_.store(1, std::memory_order_seq_cst);
    for (uint32_t i = 0; i < count_; ++i) {
      std::atomic<uint32_t>& reading = slots_[i].reading;
      while (reading.load(std::memory_order_seq_cst) != 0) reading.wait(1);
    }
  }
  void UnlockExclusive() MYDIS_RELEASE() MYDIS_NO_THREAD_ANALYSIS {
    writing_.store(0, std::memory_order_seq_cst);
    writing_.notify_all();
  }

  // Whether a writer holds it or waits for it. Any thread.
  bool writer_waits() const { return writing_.load(std::memory_order_seq_cst) != 0; }
  uint32_t slots() const { return count_; }

 private:
  struct alignas(64) Slot {
    std::atomic<uint32_t> reading{0};
  };
  std::unique_ptr<Slot[]> slots_;
  const uint32_t count_;
  alignas(64) std::atomic<uint32_t> writing_{0};
};

}  // namespace mydis
