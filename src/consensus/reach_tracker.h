// Who has applied what: strong writes, WAIT and WAITAOF ask here.
//
// Each member is asked "tell me when you have applied N" by kWatch, for the highest N wanted; it
// answers with kApplied after every slice of its apply as long as something asked for is missing.
// The same class keeps both ends: what this instance wants to know of the others, and what they
// want to know of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "consensus/members.h"
#include "consensus/submission.h"
#include "consensus/wire.h"

namespace mydis {

struct Reach {
  uint32_t applied = 0;  // Other members that have applied the index.
  uint32_t durable = 0;  // Other members' disks that hold it.
  uint32_t others = 0;   // Other members now.
};

// One thread.
class ReachTracker {
 public:
  using Callback = std::move_only_function<void(const Reach&)>;
  using Send = std::function<void(uint64_t to, WireMessage message)>;

  ReachTracker(uint64_t self, uint64_t retry_us, Send send)
      : self_(self), retry_us_(retry_us), send_(std::move(send)) {}

  // --- Asking. `needed_*` above the number of other members mean all of them.
  void Watch(uint64_t index, uint32_t needed_applied, uint32_t needed_durable, uint64_t deadline_us,
             Callback done);
  void OnApplied(uint64_t from, const WireApplied& report);
  // Connection lost and found: what was asked may be lost.
  void OnConnected(uint64_t peer);
  // Asks who is to be asked; moves out what is satisfied or overdue.
  struct Due {
    Callback done;
    Reach reach;
  };
  std::vector<Due> Pump(const Members& members, uint64_t now_us);
  bool empty() const { return watches_.empty(); }

  // --- Being asked.
  void OnWatch(uint64_t from, const WireWatch& watch, uint64_t applied, uint64_t durable);
  void OnLocalApply(uint64_t applied, uint64_t durable);

 private:
  struct Watched {
    uint64_t index;
    uint32_t needed_applied;
    uint32_t needed_durable;
    uint64_t deadline_us;
    Callback done;
  };
  struct Peer {
    uint64_t applied = 0;
    uint64_t durable = 0;
    uint64_t asked = 0;     // The highest index asked for.
    uint64_t asked_us = 0;  // When; 0: ask again.
  };
  Reach Count(uint64_t index, const Members& members);

  uint64_t self_;
  uint64_t retry_us_;
  Send send_;
  std::map<uint64_t, Peer> peers_;
  std::vector<Watched> watches_;
  bool news_ = false;  // Something may be satisfied now.
  uint64_t next_scan_us_ = 0;
  // Who asks this instance: the highest index asked for.
  std::map<uint64_t, uint64_t> askers_;
};

}  // namespace mydis
