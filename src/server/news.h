// What one batch of applied entries has for the clients of this instance that listen: messages, and
// keys that have changed for those that cache. Made once, read by all I/O threads that want it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/audience.h"
#include "state/events.h"

namespace mydis {

// Where in the order something happened.
struct NewsPosition {
  uint64_t index = 0;  // Of the log entry.
  uint32_t operation =
      0;                // How many operations of the entry had begun; 0 also for foreign entries.
  uint64_t client = 0;  // The connection of this instance that caused it; 0: none.
};

struct NewsItem {
  enum class Kind : uint8_t {
    kMessage,
    kShardMessage,
    kKeyChanged,    // The key has a new value, or is gone.
    kAllChanged,    // As all keys at once have.
    kUsersChanged,  // Somebody may have lost the right to listen, or to be here.
  };
  Kind kind;
  ThreadMask threads;  // That may have someone who wants it.
  NewsPosition at;
  uint64_t number;  // Of a message (Audience::Found).
  size_t begin;     // In the bytes: channel and message, or the key.
  size_t middle;
  size_t end;
};

// Filled by one thread, then read by any.
class News {
 public:
  bool empty() const { return items_.empty(); }
  size_t bytes() const { return bytes_.size() + items_.size() * sizeof(NewsItem); }
  const std::vector<NewsItem>& items() const { return items_; }
  ThreadMask threads() const { return threads_; }
  // About how many pushes it makes on this instance.
  size_t deliveries() const { return deliveries_; }
  // Of a message: its channel and text. Of a changed key: the key, and nothing.
  std::string_view first(const NewsItem& item) const {
    return std::string_view(bytes_).substr(item.begin, item.middle - item.begin);
  }
  std::string_view second(const NewsItem& item) const {
    return std::string_view(bytes_).substr(item.middle, item.end - item.middle);
  }

  // Adds the message if anybody listens; gives the number of receivers.
  int64_t AddMessage(Audience& audience, const NewsPosition& at, bool sharded,
                     std::string_view channel, std::string_view message);
  // The messages that a keyspace event is told by, as far as `flags` (Settings::notify_events)
  // wants them and somebody listens.
  void AddEvent(Audience& audience, const NewsPosition& at, uint32_t flags, EventClass event_class,
                std::string_view event, uint32_t db, std::string_view key);
  void AddKeyChanged(ThreadMask threads, const NewsPosition& at, std::string_view key);
  void AddUsersChanged(const NewsPosition& at);
  void AddAllChanged(ThreadMask threads, const NewsPosition& at);

 private:
  void Add(NewsItem::Kind kind, ThreadMask threads, const NewsPosition& at, uint64_t number,
           std::string_view first, std::string_view second);

  std::vector<NewsItem> items_;
  std::string bytes_;
  ThreadMask threads_ = 0;
  size_t deliveries_ = 0;
};

}  // namespace mydis
