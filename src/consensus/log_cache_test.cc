#include "consensus/log_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace mydis {
namespace {

LogEntry EntryOf(uint64_t index, size_t bytes) {
  LogEntry entry;
  entry.index = index;
  entry.data = std::make_shared<const std::string>(bytes, 'x');
  return entry;
}

TEST(LogCacheTest, KeepsTheNewestUpToItsLimit) {
  LogCache cache(1 << 20);
  cache.Reset(1);
  for (uint64_t i = 1; i <= 100; ++i) cache.Append(EntryOf(i, 1000));
  cache.Evict(50, 10'000);
  EXPECT_EQ(cache.first(), 51u) << "what is still needed stays";
  cache.Evict(100, 10'000);
  EXPECT_LE(cache.bytes(), 10'000u);
  EXPECT_EQ(cache.last(), 100u);
  EXPECT_NE(cache.Find(100), nullptr);
  EXPECT_EQ(cache.Find(51), nullptr);
}

TEST(LogCacheTest, TheTailIsCountedBeyondWhatIsInMemory) {
  constexpr uint64_t kTail = 100'000;
  LogCache cache(kTail);
  cache.Reset(1);
  EXPECT_EQ(cache.TailStart(), 0u);
  for (uint64_t i = 1; i <= 1000; ++i) {
    cache.Append(EntryOf(i, 1000));
    cache.Evict(i, 0);
    const uint64_t kept = i - cache.TailStart();
    // Each weighs a little more than its data.
    EXPECT_LE(kept * 1000, kTail);
    EXPECT_GE(kept, std::min<uint64_t>(i, kTail / 1100 * 9 / 10)) << i;
  }
}

TEST(LogCacheTest, TheTailFollowsAReplacedEnd) {
  LogCache cache(10'000);
  cache.Reset(1);
  for (uint64_t i = 1; i <= 20; ++i) cache.Append(EntryOf(i, 1000));
  const uint64_t before = cache.TailStart();
  for (uint64_t i = 15; i <= 20; ++i) cache.Append(EntryOf(i, 1000));
  EXPECT_EQ(cache.TailStart(), before);
  EXPECT_EQ(cache.last(), 20u);
  cache.Append(EntryOf(3, 1000));
  EXPECT_LE(cache.TailStart(), 3u);
  cache.Append(EntryOf(100, 1000));
  EXPECT_EQ(cache.TailStart(), 99u) << "the cache has begun anew";
}

}  // namespace
}  // namespace mydis
