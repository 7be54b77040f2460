#include "server/state_lock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mydis {
namespace {

// Clang's analysis does not know of locks that are taken or not.
void Leave(StateLock& lock, uint32_t slot) MYDIS_NO_THREAD_ANALYSIS { lock.UnlockShared(slot); }

TEST(StateLockTest, ReadersShareIt) {
  StateLock lock(2);
  lock.LockShared(0);
  std::thread([&] {
    lock.LockShared(1);
    lock.UnlockShared(1);
  }).join();
  lock.UnlockShared(0);
}

TEST(StateLockTest, AWriterThatWaitsGoesBeforeNewReaders) {
  StateLock lock(2);
  lock.LockShared(0);
  bool written = false;
  std::thread writer([&] {
    lock.LockExclusive();
    written = true;
    lock.UnlockExclusive();
  });
  while (!lock.writer_waits()) std::this_thread::yield();
  std::atomic<bool> entered{false};
  bool seen = false;
  std::thread reader([&] {
    lock.LockShared(1);
    seen = written;
    entered = true;
    lock.UnlockShared(1);
  });
  for (int i = 0; i < 1000 && !entered; ++i) std::this_thread::yield();
  EXPECT_FALSE(entered);
  lock.UnlockShared(0);
  writer.join();
  reader.join();
  EXPECT_TRUE(seen);
}

// Two numbers that a writer keeps equal: a reader that sees them differ got in beside it. Run
// under ThreadSanitizer, this also shows that what one side wrote the other sees.
TEST(StateLockTest, NobodySeesHalfAChange) {
  constexpr int kReaders = 3;
  constexpr int kWrites = 20'000;
  StateLock lock(kReaders);
  uint64_t a = 0;
  uint64_t b = 0;
  std::atomic<bool> done{false};
  std::atomic<uint64_t> torn{0};
  std::vector<std::thread> readers;
  for (uint32_t slot = 0; slot < kReaders; ++slot) {
    readers.emplace_back([&, slot] {
      while (!done.load(std::memory_order_relaxed)) {
        lock.LockShared(slot);
        if (a != b) ++torn;
        lock.UnlockShared(slot);
      }
    });
  }
  for (int i = 0; i < kWrites; ++i) {
    lock.LockExclusive();
    ++a;
    ++b;
    lock.UnlockExclusive();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(a, static_cast<uint64_t>(kWrites));
}

TEST(StateLockTest, VisitorsTakeWhatIsFree) {
  StateLock lock(1, 2);
  EXPECT_EQ(lock.own_slots(), 1u);
  EXPECT_EQ(lock.TryLockShared(7), 2u);
  EXPECT_EQ(lock.TryLockShared(7), 1u);
  EXPECT_EQ(lock.TryLockShared(7), std::nullopt);
  Leave(lock, 2);
  EXPECT_EQ(lock.TryLockShared(0), 2u);
  Leave(lock, 1);
  Leave(lock, 2);
  EXPECT_EQ(StateLock(1).TryLockShared(0), std::nullopt);
}

TEST(StateLockTest, VisitorsSeeWholeWrites) {
  StateLock lock(1, 2);
  uint64_t first = 0, second = 0;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> visits{0};
  std::vector<std::thread> visitors;
  for (uint32_t i = 0; i < 4; ++i) {
    visitors.emplace_back([&, i] {
      while (!stop) {
        const auto slot = lock.TryLockShared(i);
        if (!slot) continue;
        EXPECT_EQ(first, second);
        Leave(lock, *slot);
        ++visits;
      }
    });
  }
  for (uint64_t i = 0; i < 10'000 || visits < 1000; ++i) {
    lock.LockExclusive();
    ++first;
    ++second;
    lock.UnlockExclusive();
  }
  stop = true;
  for (std::thread& visitor : visitors) visitor.join();
}

TEST(StateLockTest, WhenItIsClosedNobodyIsInAndNobodyComes) {
  StateLock lock(1, 2);
  std::atomic<bool> in{false}, closed{false}, left_before_close{false};
  std::thread visitor([&] {
    const auto slot = lock.TryLockShared(0);
    in = true;
    while (!lock.closed()) std::this_thread::yield();
    left_before_close = !closed;
    Leave(lock, *slot);
  });
  while (!in) std::this_thread::yield();
  lock.Close();
  closed = true;
  visitor.join();
  EXPECT_TRUE(left_before_close);
  EXPECT_EQ(lock.TryLockShared(0), std::nullopt);
}

}  // namespace
}  // namespace mydis
