// Finds the watches that something concerns, so that of many watches only those read the history
// that will tell something.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/change_history.h"
#include "server/watch_reader.h"

namespace mydis {

// Of one history. Its I/O thread, which holds the state's lock shared.
class WatchIndex {
 public:
  // From its place on, at the latest, it is told by `concerned`. It is not moved until Remove.
  void Add(Watch* watch);
  void Remove(Watch* watch);

  // Looks at some of what has been added and sets `concerned` of those whose it is; all of them if
  // some of it is gone. False: there is more.
  bool LookOn(const ChangeHistory& history, const State& state);
  // Lets a watch that nothing concerns, and that had caught up, go on to what was looked at. It is
  // concerned after a long silence.
  void PassOn(Watch& watch) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Names = std::unordered_map<std::string, std::vector<Watch*>, Hash, std::equal_to<>>;

  void MarkAll();
  void Mark(const HistoryRecord& record);

  std::vector<Watch*> all_;
  // Of keys: a byte of the database and the prefix; of channels: the name.
  Names names_;
  std::map<size_t, size_t> sizes_;  // Of the names of keys, with how many have it.
  std::vector<Watch*> patterns_;
  std::string name_;           // Of the record at hand.
  ChangeHistory::Place next_;  // What is looked at next.
  uint64_t complete_ = 0;      // All of this revision was looked at.
  uint64_t looked_bytes_ = 0;  // By the last LookOn.
  uint64_t silent_limit_ = 0;
};

}  // namespace mydis
