// The connections of one I/O thread that listen: subscribers by channel and pattern, those that
// cache by the keys they have read, and those that watch commands (MONITOR).
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/audience.h"
#include "server/news.h"
#include "server/tracked_keys.h"

namespace mydis {

class Connection;
class IoThread;

// Its I/O thread.
class Listeners {
 public:
  explicit Listeners(IoThread& thread);
  ~Listeners();

  // False if the connection was, or was not, subscribed already.
  bool Subscribe(Connection& connection, SubscriptionKind kind, std::string_view name);
  bool Unsubscribe(Connection& connection, SubscriptionKind kind, std::string_view name);
  void UnsubscribeAll(Connection& connection);
  // The connection is gone, or RESET.
  void Forget(Connection& connection);

  TrackedKeys& tracked() { return tracked_; }

  void Tell(const News& news, const NewsItem& item);
  // No more news for now: what was gathered goes out.
  void EndOfNews() { tracked_.SendBroadcasts(); }
  // Something was missed, or will be: subscribers are closed, and caches told to drop all.
  void CloseSubscribers(std::string_view why);

  void AddMonitor(Connection& connection);
  void RemoveMonitor(Connection& connection);
  // Lines for MONITOR, in protocol form.
  void TellMonitors(std::string_view lines);

 private:
  struct Member {
    Connection* connection;
    uint64_t since;  // Number of the last message that is none of its business.
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Members = std::unordered_map<std::string, std::vector<Member>, Hash, std::equal_to<>>;

  void TellMembers(const std::vector<Member>& members, const News& news, const NewsItem& item,
                   const std::string* pattern);

  IoThread& thread_;
  Members members_[kSubscriptionKinds];
  TrackedKeys tracked_;
  std::vector<Connection*> monitors_;
};

}  // namespace mydis
