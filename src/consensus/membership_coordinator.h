// The leader's side of administration: one change of the configuration at a time, and the
// promotions that it makes by itself.
//
// How many voters. The number is kept odd: a new member is a learner, and is promoted when it has
// caught up, but two at a time: 1 → 3 → 5, up to the limit. So with two instances one is the voter
// and the other a learner with all the data: the loss of the learner stops nothing, where of two
// voters the loss of either would stop writes. `cluster promote` makes it a voter for those who
// want that. When a removal leaves an even number, one learner that has caught up takes the place.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/engine.h"
#include "consensus/members.h"
#include "consensus/replica.h"

namespace mydis {

// What became of a request. kNotLeader: ask the new leader.
using AdminReply = std::move_only_function<void(Status, std::string text)>;

// Thread: the replica's.
class MembershipCoordinator {
 public:
  struct Host {
    std::function<void(uint64_t token, const ConfChange& change)> propose;
    std::function<void(uint64_t to)> transfer;
    std::function<void(uint64_t to)> tell_removed;
  };

  MembershipCoordinator(uint64_t self, uint32_t max_voters, Host host)
      : self_(self), max_voters_(max_voters), host_(std::move(host)) {}

  // kAdd: the member to add, without a raft id, and the nonce of the place that it replaces (0:
  // none). kExists if the instance has another place; kBusy or kUnavailable as long as whoever has
  // it seems to be alive.
  struct Place {
    Member member;
    uint64_t replaces = 0;
  };
  // A request from anywhere.
  void Request(AdminRequest request, Place place, uint64_t deadline_us, AdminReply reply);
  void OnResult(const ConfChangeResult& result);
  // The entry at `index` has been applied and `members` follows from it.
  void OnApplied(uint64_t index, const Members& members);
  void OnLeader(uint64_t leader);
  // Starts what can be started. `status` is the newest the core gave, on the leader.
  void Pump(uint64_t now_us, bool leading, const Members& members, const EngineStatus& status,
            uint64_t commit);
  // Not the leader any more: everybody is sent to the new one.
  void Fail(const Status& status);
  bool busy() const { return current_.has_value(); }

 private:
  struct Operation {
    AdminRequest request;
    Place place;
    uint64_t deadline_us = 0;
    AdminReply reply;
    uint64_t token = 0;       // Of the change that is proposed; 0: none yet.
    uint64_t index = 0;       // Its entry.
    uint64_t transferee = 0;  // kTransfer.
    uint64_t removed = 0;     // The raft id that goes by it.
    uint64_t give_up_us = 0;  // Until when to wait for a successor; 0: not waited yet.
    std::string done_text;
    std::string replaced_text;  // kAdd: whose place is taken, for the log; empty: nobody's.
  };
  void Begin(Operation operation, uint64_t now_us, const Members& members,
             const EngineStatus& status);
  void NoteActive(bool leading, const EngineStatus& status);
  // Whether an instance with an empty directory may take this one's place: a lost disk's may, a
  // living member's may not, whose id another instance was given by mistake. kUnavailable: not yet.
  Status MayReplace(const Member& old, const Member& by) const;
  void BeginAdd(Operation& operation, const Members& members);
  void BeginRemove(Operation& operation, const Members& members, const EngineStatus& status);
  void BeginPromote(Operation& operation, const Members& members);
  void BeginTransfer(Operation& operation, const Members& members, const EngineStatus& status);
  void BeginUpdate(Operation& operation, const Members& members);
  // Whom to hand leadership to. 0: the current operation has been put back until another voter has
  // been heard of, or has ended because none was.
  uint64_t SuccessorOrLater(const Members& members, const EngineStatus& status);
  void Propose(Operation& operation, const ConfChange& change);
  void End(Status status, std::string text);
  void AutoPromote(uint64_t now_us, const Members& members, const EngineStatus& status,
                   uint64_t commit);

  uint64_t self_;
  uint32_t max_voters_;
  Host host_;
  uint64_t next_token_ = 1;
  std::deque<Operation> waiting_;
  std::optional<Operation> current_;
  uint64_t retry_us_ = 0;  // Not before: the core has a change under way, or no voter is known.
  uint64_t next_promotion_us_ = 0;
  uint64_t now_us_ = 0;
  uint64_t leading_us_ = 0;                 // Since when this instance leads; 0: it does not.
  std::map<uint64_t, uint64_t> active_us_;  // Leading: when each member was active last.
};

// The voter with the longest log besides `self`; 0: there is none that is alive.
uint64_t BestSuccessor(uint64_t self, const Members& members, const EngineStatus& status);
// The voter behind `last`, counted round, besides `self` and those that are not alive; 0: none.
uint64_t NextVoter(uint64_t last, uint64_t self, const Members& members,
                   const EngineStatus& status);

}  // namespace mydis
