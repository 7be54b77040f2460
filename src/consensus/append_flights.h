// Which entries are on their way to each follower, so that they are not sent again meanwhile.
//
// The core repeats the appends of a follower whose answer it awaits at every answer to a heartbeat,
// since its network may lose them. Ours does not, while a connection lasts: a value that takes
// seconds on its way would be on it many times, and many times in the memory of both ends.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string_view>

namespace mydis {

// One thread; for the leader.
class AppendFlights {
 public:
  // Without an answer for so long, though nothing is on the connection any more, entries count as
  // lost. Long, as a disk may take its time for a large write.
  static constexpr uint64_t kLostAfterUs = 30'000'000;

  // Whether a message with the entry at `index` is on its way to `to`. One that begins there would
  // be sent for nothing: the core comes back with what else it brings when that is answered.
  bool UnderWay(uint64_t to, uint64_t index, uint64_t now_us) const;
  // An append of the entries first … last has been sent.
  void Sent(uint64_t to, uint64_t first, uint64_t last, uint64_t now_us);
  // Something is on its way still.
  void StillMoving(uint64_t to, uint64_t now_us);
  // A message of the core came from `from`; `bytes` as its wire form has them.
  void Received(uint64_t from, std::string_view bytes);
  // The connection to or from `peer` is new, or gone: what was on its way may be lost, or the
  // answer to it.
  void Forget(uint64_t peer) { flights_.erase(peer); }
  // Another term, or another leader.
  void Clear() { flights_.clear(); }

 private:
  struct Message {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  struct Flight {
    std::deque<Message> messages;  // Not answered, in the order sent.
    uint64_t since_us = 0;         // When the last one was sent, or moved.
  };
  std::map<uint64_t, Flight> flights_;
};

}  // namespace mydis
