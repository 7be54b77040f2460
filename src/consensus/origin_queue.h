// The submissions of this process, from Submit() to their end: numbered, sent in order, sent again
// until they have been applied.
//
//   waiting ──(a number is given, sent)──► in flight ──(applied here)──► ended
//      │ time is up: kNotCommitted             │ time is up: kUnknown, and it goes on without its
//      ▼                                       ▼ clients: the numbers must have no hole
//
// A stream is one attempt to send all that is in flight, in order (wire.h). A new one begins when
// the leader or the term changes, a connection comes back, the leader asks for it, an entry of ours
// is applied too early (the ones before it were lost), or nothing is heard for too long.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "consensus/submission.h"
#include "consensus/wire.h"

namespace mydis {

struct OriginOptions {
  uint64_t origin = 0;
  std::string instance_id;
  uint64_t window_bytes = 16 << 20;
  uint64_t window_count = 1024;
  uint64_t timeout_us = 10'000'000;
  // No answer for so long, though all that was sent has arrived: a new stream.
  uint64_t silence_us = 1'000'000;
  // Accepted, but nothing of ours applied for so long: the same; twice as long as the last time if
  // that was in vain. Both are longer when much is under way.
  uint64_t idle_us = 5'000'000;
  uint64_t restart_gap_us = 50'000;  // Least time between two streams to one leader.
  uint64_t message_bytes = 1 << 20;  // Of payloads in one message.
};

// A submission that has ended, to be given back to its session.
struct Ended {
  std::unique_ptr<Submission> submission;
  Outcome outcome;
};

// One thread.
class OriginQueue {
 public:
  // Sends to the leader; `head.sequence` 0 is the registration. False: lost.
  using Send = std::function<bool(const WireSubmit& head, std::vector<Payload> bodies)>;

  // Whether something sent is on its way to the leader still.
  using Moving = std::function<bool()>;

  OriginQueue(OriginOptions options, Send send, Moving moving);

  void Submit(std::unique_ptr<Submission> submission, uint64_t now_us);
  // Whether there is room in the window for more.
  bool HasRoom() const;

  // Sends what can be sent to the leader, if `leader_known`; times out what is due. `replaces` is
  // the origin that this instance is registered with in the state, `registered` whether that is
  // this one.
  void Pump(uint64_t now_us, bool leader_known, bool registered, uint64_t replaces);
  // A different leader or term, or a new connection to it.
  void LeaderChanged() {
    restart_ = true, leader_full_ = false;
    restart_at_us_ = register_at_us_ = 0;
  }
  void Answered(const WireSubmitAnswer& answer, uint64_t now_us);

  // The one that is to be applied next, if `sequence` is its number; null if it is not or nobody
  // waits for it.
  Submission* Local(uint64_t sequence);
  // An entry of this origin is being applied; `fresh` is what the machine said of it. Gives back
  // the submission when it has ended by that (null if nobody waits for it).
  std::unique_ptr<Submission> Applied(uint64_t sequence, bool fresh, uint64_t index,
                                      uint64_t now_us);
  // The snapshot at `index` was installed, in which this origin has come to `sequence`. What ends
  // by it was applied at that index or before, so whoever has `index` has it (WAIT).
  void Restored(uint64_t sequence, uint64_t index);
  // No more: waiting ones end with `refused`, those in flight (when `all`) with kUnknown.
  void FailWaiting(const Status& refused);
  void FailAll(const Status& refused);

  // Those that have ended since the last call.
  std::vector<Ended> TakeEnded() { return std::exchange(ended_, {}); }

  uint64_t origin() const { return options_.origin; }
  size_t unapplied() const { return in_flight_.size() + waiting_.size(); }
  size_t in_flight() const { return in_flight_.size(); }
  uint64_t bytes() const { return bytes_ + waiting_bytes_; }
  uint64_t streams() const { return stream_; }

 private:
  struct InFlight {
    uint64_t sequence = 0;
    Payload payload;
    std::unique_ptr<Submission> submission;  // Null: its time was up.
  };
  void Register(uint64_t now_us, uint64_t replaces);
  void PumpFullLeader(uint64_t now_us);
  bool Silent(uint64_t now_us);
  bool Idle(uint64_t now_us) const;
  void StartStream(uint64_t now_us);
  void Admit();
  void SendUnsent(uint64_t now_us);
  void TimeOut(uint64_t now_us);
  void End(std::unique_ptr<Submission> submission, Outcome outcome);

  OriginOptions options_;
  Send send_;
  Moving moving_;
  std::deque<std::unique_ptr<Submission>> waiting_;
  std::deque<InFlight> in_flight_;
  uint64_t bytes_ = 0;          // Of in_flight_.
  uint64_t waiting_bytes_ = 0;  // Of waiting_.
  uint64_t next_sequence_ = 1;
  size_t sent_ = 0;  // How many of in_flight_ this stream has sent.
  uint64_t stream_ = 0;
  bool stream_open_ = false;  // Its first message has gone out.
  bool restart_ = true;
  uint64_t restart_at_us_ = 0;  // Not before.
  uint64_t started_us_ = 0;     // When this stream began.
  uint64_t accepted_ = 0;       // Everything below is in the leader's log.
  uint64_t heard_us_ = 0;       // The leader's last answer, or when we began to wait for one.
  uint64_t looked_us_ = 0;      // When it was asked last whether something moves.
  uint64_t progress_us_ = 0;    // The last time one of ours was applied.
  uint32_t idle_streams_ = 0;   // Begun since then because nothing was.
  bool leader_full_ = false;    // It refuses writes for want of room, and is asked without any.
  uint64_t register_at_us_ = 0;
  uint64_t next_timeout_scan_us_ = 0;
  std::vector<Ended> ended_;
};

}  // namespace mydis
