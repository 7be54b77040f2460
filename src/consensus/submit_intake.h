// The leader's side of submissions: checks that each origin's arrive in order, stamps them and
// makes each an entry of the log. See wire.h on streams.
//
// The gate is open while this instance leads, has applied everything of earlier terms, and hands
// leadership to nobody; what arrives before waits here, so that a change of leader costs origins no
// second attempt.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "consensus/wire.h"

namespace mydis {

// One thread.
class SubmitIntake {
 public:
  // Stamps and proposes; gives the ref.
  using Propose = std::function<uint64_t(Payload payload)>;
  // To a member, or to this instance itself.
  using Answer = std::function<void(uint64_t to, const WireSubmitAnswer& answer)>;

  SubmitIntake(Propose propose, Answer answer)
      : propose_(std::move(propose)), answer_(std::move(answer)) {}

  // Not the leader: whatever waits is refused, with the leader known here.
  void Close(uint64_t leader);
  // The leader; `open` says whether proposals may be made now.
  void Lead(bool open);
  void SetDiskFull(bool full) { disk_full_ = full; }

  void Receive(uint64_t from, const WireSubmit& head, std::vector<Payload> bodies);
  // A proposal of this turn came to nothing.
  void Refused(uint64_t ref);
  // After the turn that took the proposals, and at least every tick: what was not refused is in the
  // log. That is said to the origin once in a while only (a commit says more, and sooner); that
  // something was refused is said at once.
  void TurnDone(uint64_t now_us);

 private:
  struct Stream {
    uint64_t stream = 0;
    uint64_t next = 0;
    bool broken = false;
  };
  struct Waiting {
    uint64_t from;
    WireSubmit head;
    std::vector<Payload> bodies;
  };
  void Take(uint64_t from, const WireSubmit& head, std::vector<Payload> bodies);
  void Reply(uint64_t to, const WireSubmit& head, SubmitVerdict verdict, uint64_t sequence);

  Propose propose_;
  Answer answer_;
  bool leading_ = false;
  bool open_ = false;
  bool disk_full_ = false;
  uint64_t leader_ = 0;
  std::map<uint64_t, Stream> streams_;  // By origin.
  std::deque<Waiting> waiting_;
  uint64_t waiting_bytes_ = 0;
  // The last message of each origin that has not been answered yet, since when, and from whom.
  struct Owed {
    uint64_t from;
    WireSubmit head;
    uint64_t since_us;  // 0: of this turn.
  };
  std::map<uint64_t, Owed> owed_;  // By origin.
  // Of this turn.
  std::vector<std::pair<uint64_t, uint64_t>> proposed_;  // Ref, origin.
};

}  // namespace mydis
