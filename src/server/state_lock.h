// The lock between Apply (one thread, exclusive) and reads (shared).
//
// Each reading thread has a slot of its own, so that readers never share a cache line; taking the
// lock to read is one atomic exchange. Threads that come and go, those of the program around an
// embedded instance, take any slot that is free among some for all of them. A writer that waits
// keeps new readers out, so it never starves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/mutex.h"

namespace mydis {

class MYDIS_CAPABILITY("state lock") StateLock {
 public:
  // One slot for each thread that reads, and `shared_slots` more, numbered on, for visitors.
  explicit StateLock(uint32_t slots, uint32_t shared_slots = 0)
      : slots_(std::make_unique<Slot[]>(slots + shared_slots)),
        own_(slots),
        count_(slots + shared_slots) {}

  // REQUIRES: called by the slot's own thread, which does not hold it.
  void LockShared(uint32_t slot) MYDIS_ACQUIRE_SHARED() MYDIS_NO_THREAD_ANALYSIS {
    std::atomic<uint32_t>& reading = slots_[slot].reading;
    for (;;) {
      reading.exchange(1, std::memory_order_seq_cst);
      if (writing_.load(std::memory_order_seq_cst) == 0) [[likely]]
        return;
      UnlockShared(slot);
      writing_.wait(kWriting, std::memory_order_acquire);
    }
  }
  // For visitors: takes a slot that is free, `wanted` (any number) if it is, and the lock. Gives
  // the slot; nothing if all are taken or the lock is closed. Any thread.
  std::optional<uint32_t> TryLockShared(uint32_t wanted) MYDIS_NO_THREAD_ANALYSIS {
    for (;;) {
      const std::optional<uint32_t> slot = Claim(wanted);
      if (!slot) [[unlikely]]
        return std::nullopt;
      const uint32_t writing = writing_.load(std::memory_order_seq_cst);
      if (writing == 0) [[likely]]
        return slot;
      UnlockShared(*slot);
      if (writing == kClosed) return std::nullopt;
      writing_.wait(kWriting, std::memory_order_acquire);
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
    writing_.store(kWriting, std::memory_order_seq_cst);
    WaitForReaders();
  }
  void UnlockExclusive() MYDIS_RELEASE() MYDIS_NO_THREAD_ANALYSIS {
    writing_.store(0, std::memory_order_seq_cst);
    writing_.notify_all();
  }

  // Visitors get in no more, and none is in when this returns. What the lock guards may go then;
  // the lock itself must outlive its visitors. REQUIRES: no other thread writes, or reads with a
  // slot of its own, from now on.
  void Close() MYDIS_NO_THREAD_ANALYSIS {
    writing_.store(kClosed, std::memory_order_seq_cst);
    writing_.notify_all();
    WaitForReaders();
  }

  // Whether a writer holds it or waits for it. Any thread.
  bool writer_waits() const { return writing_.load(std::memory_order_seq_cst) != 0; }
  bool closed() const { return writing_.load(std::memory_order_seq_cst) == kClosed; }
  // Of the slots, those for visitors begin with `own_slots()`.
  uint32_t own_slots() const { return own_; }
  uint32_t shared_slots() const { return count_ - own_; }

 private:
  static constexpr uint32_t kWriting = 1;
  static constexpr uint32_t kClosed = 2;

  std::optional<uint32_t> Claim(uint32_t wanted) {
    const uint32_t shared = count_ - own_;
    for (uint32_t i = 0; i < shared; ++i) {
      const uint32_t slot = own_ + (wanted + i) % shared;
      uint32_t free = 0;
      if (slots_[slot].reading.compare_exchange_strong(free, 1, std::memory_order_seq_cst))
        return slot;
    }
    return std::nullopt;
  }
  void WaitForReaders() {
    for (uint32_t i = 0; i < count_; ++i) {
      std::atomic<uint32_t>& reading = slots_[i].reading;
      while (reading.load(std::memory_order_seq_cst) != 0) reading.wait(1);
    }
  }

  struct alignas(64) Slot {
    std::atomic<uint32_t> reading{0};
  };
  std::unique_ptr<Slot[]> slots_;
  const uint32_t own_;
  const uint32_t count_;
  alignas(64) std::atomic<uint32_t> writing_{0};
};

}  // namespace mydis
