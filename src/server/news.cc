#include "server/news.h"

#include <fmt/format.h>

#include "state/event_flags.h"

namespace mydis {

void News::Add(NewsItem::Kind kind, ThreadMask threads, const NewsPosition& at, uint64_t number,
               std::string_view first, std::string_view second) {
  const size_t begin = bytes_.size();
  bytes_.append(first);
  const size_t middle = bytes_.size();
  bytes_.append(second);
  items_.push_back({kind, threads, at, number, begin, middle, bytes_.size()});
  threads_ |= threads;
  ++deliveries_;
}

int64_t News::AddMessage(Audience& audience, const NewsPosition& at, bool sharded,
                         std::string_view channel, std::string_view message) {
  const Audience::Found found = audience.Find(sharded, channel);
  if (found.receivers > 0) {
    Add(sharded ? NewsItem::Kind::kShardMessage : NewsItem::Kind::kMessage, found.threads, at,
        found.number, channel, message);
    deliveries_ += static_cast<size_t>(found.receivers - 1);
  }
  return found.receivers;
}

void News::AddEvent(Audience& audience, const NewsPosition& at, uint32_t flags,
                    EventClass event_class, std::string_view event, uint32_t db,
                    std::string_view key) {
  if (audience.empty() || (flags & static_cast<uint32_t>(event_class)) == 0) return;
  if ((flags & kNotifyKeyspace) != 0)
    AddMessage(audience, at, false, fmt::format("__keyspace@{}__:{}", db, key), event);
  if ((flags & kNotifyKeyevent) != 0)
    AddMessage(audience, at, false, fmt::format("__keyevent@{}__:{}", db, event), key);
}

void News::AddKeyChanged(ThreadMask threads, const NewsPosition& at, std::string_view key) {
  if (!items_.empty()) {
    // A command may touch a key several times in a row.
    const NewsItem& last = items_.back();
    if (last.kind == NewsItem::Kind::kKeyChanged && last.at.index == at.index &&
        last.at.operation == at.operation && first(last) == key)
      return;
  }
  Add(NewsItem::Kind::kKeyChanged, threads, at, 0, key, {});
}

void News::AddUsersChanged(const NewsPosition& at) {
  Add(NewsItem::Kind::kUsersChanged, ~ThreadMask{0}, at, 0, {}, {});
}

void News::AddAllChanged(ThreadMask threads, const NewsPosition& at) {
  if (!items_.empty()) {
    const NewsItem& last = items_.back();
    if (last.kind == NewsItem::Kind::kAllChanged && last.at.index == at.index &&
        last.at.operation == at.operation)
      return;
  }
  Add(NewsItem::Kind::kAllChanged, threads, at, 0, {}, {});
}

}  // namespace mydis
