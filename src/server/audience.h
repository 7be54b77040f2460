// How many connections of this instance listen to what, for the thread that applies: it decides
// what is handed over, and to which I/O threads. Which connections they are, their threads know
// (server/listeners.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace mydis {

// What a connection can subscribe to. The numbers index arrays.
enum class SubscriptionKind : uint8_t { kChannel, kPattern, kShardChannel };
inline constexpr size_t kSubscriptionKinds = 3;

// A set of I/O threads; threads whose index is the same modulo 64 share a bit.
using ThreadMask = uint64_t;
inline ThreadMask MaskOf(uint32_t thread) { return ThreadMask{1} << (thread % 64); }

// Any thread.
class Audience {
 public:
  struct Found {
    ThreadMask threads = 0;
    int64_t receivers = 0;  // A connection counts once for the channel and for each pattern.
    uint64_t number = 0;    // Of the message, if there are receivers.
  };

  // True while nobody has subscribed to anything.
  bool empty() const { return names_.load(std::memory_order_relaxed) == 0; }
  // Who gets a message to this channel now. The numbers of messages and of subscriptions tell which
  // came first.
  Found Find(bool sharded, std::string_view channel);

  // One connection of the thread (more). Gives the number of the last message before.
  uint64_t Add(SubscriptionKind kind, std::string_view name, uint32_t thread);
  // REQUIRES: it was added.
  void Remove(SubscriptionKind kind, std::string_view name, uint32_t thread);

  // For PUBSUB and INFO. Names are in order, those that match `pattern`.
  std::vector<std::string> Names(SubscriptionKind kind, std::string_view pattern) const;
  size_t Count(SubscriptionKind kind, std::string_view name) const;
  size_t Size(SubscriptionKind kind) const;

  // Threads with connections that track keys (a connection is added before its first read), and
  // with connections in MONITOR mode.
  ThreadMask trackers() const { return trackers_.mask.load(std::memory_order_relaxed); }
  ThreadMask monitors() const { return monitors_.mask.load(std::memory_order_relaxed); }
  void AddTracker(uint32_t thread) { Change(trackers_, thread, 1); }
  void RemoveTracker(uint32_t thread) { Change(trackers_, thread, -1); }
  void AddMonitor(uint32_t thread) { Change(monitors_, thread, 1); }
  void RemoveMonitor(uint32_t thread) { Change(monitors_, thread, -1); }
  size_t TrackerCount() const { return CountOf(trackers_); }

  // Threads with watches of changes or messages, and how many watches there are. A watch is added
  // while the state's lock is held shared, at its place in the history.
  ThreadMask watchers() const { return watchers_.mask.load(std::memory_order_relaxed); }
  void AddWatch(uint32_t thread) { Change(watchers_, thread, 1); }
  void RemoveWatch(uint32_t thread) { Change(watchers_, thread, -1); }
  size_t WatchCount() const { return CountOf(watchers_); }

  // Of the tables of tracked keys of all threads, for their limit and INFO.
  std::atomic<uint64_t> tracked_keys{0};
  std::atomic<uint64_t> tracked_items{0};
  std::atomic<uint64_t> tracked_prefixes{0};

 private:
  struct Name {
    size_t total = 0;
    ThreadMask threads = 0;
    std::map<uint32_t, size_t> by_thread;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, Name, Hash, std::equal_to<>>;
  struct ThreadCounts {
    std::map<uint32_t, size_t> by_thread;  // Guarded by mutex_.
    std::atomic<ThreadMask> mask{0};
  };
  static ThreadMask MaskOfAll(const std::map<uint32_t, size_t>& by_thread);

  void Change(ThreadCounts& counts, uint32_t thread, int by);
  size_t CountOf(const ThreadCounts& counts) const;

  std::atomic<size_t> names_{0};
  ThreadCounts trackers_;
  ThreadCounts monitors_;
  ThreadCounts watchers_;
  mutable Mutex mutex_;
  uint64_t messages_ MYDIS_GUARDED_BY(mutex_) = 0;
  Table tables_[kSubscriptionKinds] MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
