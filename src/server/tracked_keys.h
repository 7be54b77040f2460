// Client-side caching on one I/O thread: which of its connections may hold which keys, and the
// prefixes that connections want to hear of whatever they have read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "server/push.h"
#include "server/session.h"

namespace mydis {

class Connection;
class IoThread;

// Its I/O thread.
class TrackedKeys {
 public:
  explicit TrackedKeys(IoThread& thread);

  // Begins or changes tracking. REQUIRES: `options` fit what the connection has (BCAST does not
  // change).
  void Start(Connection& connection, Tracking options);
  void Stop(Connection& connection);

  // The connection has read the key and may keep it.
  void Remember(Connection& connection, std::string_view key);
  // It has changed; `client` is the connection that did it (0: none of this instance).
  void Invalidate(std::string_view key, uint64_t client);
  // As if all had changed.
  void InvalidateAll();
  // Tells the connection alone, at once.
  void InvalidateFor(Connection& connection, std::string_view key);
  void SendBroadcasts();
  // Drops keys while all threads together have more than the limit, telling those who hold them.
  void ObeyLimit();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Prefix {
    std::vector<uint64_t> connections;
    std::map<std::string, uint64_t, std::less<>> changed;  // Keys, and who changed them last.
  };
  using Keys = std::unordered_map<std::string, std::vector<uint64_t>, Hash, std::equal_to<>>;

  // nullptr: none that tracks this way any more.
  Connection* Tracker(uint64_t id, bool broadcast);
  // Sends to the connection, or to the one that it redirects to, the keys; all of them if `keys` is
  // empty.
  void Send(Connection& connection, const std::vector<std::string_view>& keys);
  void Drop(Keys::iterator it);
  void DropAll();
  void AddToPrefix(Connection& connection, std::string_view prefix);
  void LeavePrefixes(Connection& connection);

  IoThread& thread_;
  Keys keys_;
  std::map<std::string, Prefix, std::less<>> prefixes_;
  std::map<uint64_t, Connection*> connections_;  // That track.
};

}  // namespace mydis
