// Reads the history on behalf of one watch and writes what it tells, as pushes; docs/watching.md
// has their forms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/change_history.h"
#include "state/state.h"

namespace mydis {

struct Watch {
  enum class Kind : uint8_t { kKeys, kChannel, kPattern };
  uint64_t number = 0;  // On its connection.
  Kind kind = Kind::kKeys;
  std::string name;  // The keys' prefix, the channel, or the pattern of channels.
  uint32_t db = 0;
  bool values = false;

  bool concerned = true;  // There is something for it, or there may be (WatchIndex).
  ChangeHistory::Place place;
  uint64_t complete = 0;      // All up to this revision is read.
  uint64_t told = 0;          // The client knows that up to here it has heard all.
  uint64_t told_ms = 0;       // When it was told that.
  uint64_t silent_bytes = 0;  // Of the history, read since then.
  uint64_t part_of = 0;  // The revision of which it was told a part, not that this was all; or 0.

  HistoryOf history() const {
    return kind == Kind::kKeys ? HistoryOf::kChanges : HistoryOf::kMessages;
  }
};

// A watch that has nothing to tell says so when so many bytes of the history are past: where it
// would go on must not fall out of it meanwhile.
inline uint64_t SilentLimit(const State& state) { return state.settings.watch_history_bytes() / 8; }

// For one pass, by the thread that holds the state's lock shared all the while.
class WatchReader {
 public:
  // `may_tell`: whether the client may hear of this key. Appends to `out`.
  WatchReader(Watch& watch, const ChangeHistory& history, const State& state,
              std::function<bool(std::string_view key)> may_tell, uint64_t now_ms, std::string& out)
      : watch_(watch),
        history_(history),
        state_(state),
        may_tell_(std::move(may_tell)),
        now_ms_(now_ms),
        out_(out) {}

  enum class Result : uint8_t {
    kCaughtUp,
    kMore,  // Others may have their turn first.
    kGone,  // Its place is no longer kept: it was told, and has ended.
  };
  Result Run();
  // Tells how far it has come, if that is news.
  void TellComplete();

 private:
  bool Concerns(const HistoryRecord& record) const;
  // All up to this revision is read.
  void EndRevisions(uint64_t revision);
  // Tells what was found.
  void Tell(bool last);
  void WriteValue(std::string_view key);
  void WriteGone();

  Watch& watch_;
  const ChangeHistory& history_;
  const State& state_;
  const std::function<bool(std::string_view)> may_tell_;
  const uint64_t now_ms_;
  std::string& out_;
  std::optional<HistoryRecord> found_;  // Not told yet: perhaps there is more of its revision.
};

}  // namespace mydis
