// The watches of one I/O thread's connections: each has a place in the history and reads on from
// there, as far as its connection's output has room; docs/watching.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/watch_index.h"
#include "server/watch_reader.h"

namespace mydis {

class AclRights;
class Connection;
class IoThread;

struct WatchList {
  std::vector<std::unique_ptr<Watch>> watches;
  uint64_t last_number = 0;
};

// Whether all of them are still allowed; whether those of keys may tell of this one.
bool MayStillWatch(const AclRights& rights, const WatchList& list);
bool MayWatchKeys(const AclRights& rights, std::string_view key);

// Its I/O thread.
class Watches {
 public:
  explicit Watches(IoThread& thread) : thread_(thread) {}

  // Takes one in that has its place, and gives its number; it reads on in the next turn.
  // REQUIRES: the state has been locked since it got its place.
  uint64_t Add(Connection& connection, Watch watch);
  // False: there is none with this number.
  bool End(Connection& connection, uint64_t number);
  void EndAll(Connection& connection);
  // The connections are gone, and the loop ends.
  void Stop() { connections_.clear(); }
  // Those that have any.
  const std::vector<Connection*>& connections() const { return connections_; }

  // There may be more for all of them.
  void ReadOn();
  // The same in the next turn.
  void ReadOnSoon();
  // Tells how far the silent ones have come, and has the cluster go on keeping history.
  void EachSecond();

 private:
  // False: it has caught up, or waits for room in its output.
  bool ReadOn(Connection& connection);
  WatchReader Reader(Connection& connection, Watch& watch);
  WatchIndex& IndexOf(const Watch& watch) { return indexes_[static_cast<size_t>(watch.history())]; }
  // Marks those that are concerned; false: there is more to look at.
  bool LookOn();
  // They are no longer there; `left` are.
  void Forget(Connection& connection, const std::vector<std::unique_ptr<Watch>>& ended,
              size_t left);
  void Renew(HistoryOf what);

  IoThread& thread_;
  std::vector<Connection*> connections_;
  bool posted_ = false;
  // By HistoryOf.
  WatchIndex indexes_[2];
  bool renewing_[2] = {};
};

}  // namespace mydis
