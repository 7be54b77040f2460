#include "consensus/membership_coordinator.h"

#include <algorithm>

#include "base/log.h"

namespace mydis {
namespace {

constexpr uint64_t kRetryUs = 50'000;
// A new leader has not heard from anybody: so long it waits for a voter that could follow it.
constexpr uint64_t kFirstAnswersUs = 2'000'000;
// A member counts as alive for so long after the core has last called it active. The core forgets
// who is active once per election time-out, until their next answers.
constexpr uint64_t kAliveUs = 2'000'000;
constexpr uint64_t kPromotionUs = 200'000;
// A learner so close to the end of the log has caught up.
constexpr uint64_t kCaughtUpEntries = 1000;

const PeerProgress* FindPeer(const EngineStatus& status, uint64_t id) {
  for (const PeerProgress& peer : status.peers)
    if (peer.id == id) return &peer;
  return nullptr;
}

}  // namespace

uint64_t BestSuccessor(uint64_t self, const Members& members, const EngineStatus& status) {
  uint64_t best = 0;
  uint64_t best_match = 0;
  for (uint64_t id : members.conf_state().voters) {
    if (id == self) continue;
    const PeerProgress* peer = FindPeer(status, id);
    if (peer == nullptr || !peer->recent_active) continue;
    if (best == 0 || peer->match > best_match) best = id, best_match = peer->match;
  }
  return best;
}

uint64_t NextVoter(uint64_t last, uint64_t self, const Members& members,
                   const EngineStatus& status) {
  uint64_t first = 0;
  uint64_t next = 0;
  for (uint64_t id : members.conf_state().voters) {
    const PeerProgress* peer = FindPeer(status, id);
    if (id == self || peer == nullptr || !peer->recent_active) continue;
    if (first == 0 || id < first) first = id;
    if (id > last && (next == 0 || id < next)) next = id;
  }
  return next != 0 ? next : first;
}

void MembershipCoordinator::Request(AdminRequest request, Place place, uint64_t deadline_us,
                                    AdminReply reply) {
  Operation operation;
  operation.request = std::move(request);
  operation.place = std::move(place);
  operation.deadline_us = deadline_us;
  operation.reply = std::move(reply);
  waiting_.push_back(std::move(operation));
}

void MembershipCoordinator::Pump(uint64_t now_us, bool leading, const Members& members,
                                 const EngineStatus& status, uint64_t commit) {
  now_us_ = now_us;
  NoteActive(leading, status);
  if (current_ && current_->deadline_us <= now_us)
    End(Status(ErrorCode::kTimeout, "the change was not confirmed in time; see cluster status"),
        {});
  if (!leading || current_ || now_us < retry_us_) return;
  // Joint configurations are left by the core itself; until then nothing else may change.
  if (!members.conf_state().voters_outgoing.empty()) return;
  if (!waiting_.empty()) {
    Operation operation = std::move(waiting_.front());
    waiting_.pop_front();
    return Begin(std::move(operation), now_us, members, status);
  }
  if (now_us >= next_promotion_us_) AutoPromote(now_us, members, status, commit);
}

void MembershipCoordinator::Begin(Operation operation, uint64_t now_us, const Members& members,
                                  const EngineStatus& status) {
  if (operation.deadline_us <= now_us)
    return operation.reply(Status(ErrorCode::kTimeout, "other changes took too long; try again"),
                           {});
  current_ = std::move(operation);
  switch (current_->request.kind) {
    case AdminKind::kAdd:
      return BeginAdd(*current_, members);
    case AdminKind::kRemove:
      return BeginRemove(*current_, members, status);
    case AdminKind::kPromote:
      return BeginPromote(*current_, members);
    case AdminKind::kTransfer:
      return BeginTransfer(*current_, members, status);
    case AdminKind::kUpdate:
      return BeginUpdate(*current_, members);
    case AdminKind::kSnapshot:
    case AdminKind::kStatus:
      break;  // Answered by the replica itself.
  }
  End(Status(ErrorCode::kInvalid, "unknown kind of administration"), {});
}

void MembershipCoordinator::NoteActive(bool leading, const EngineStatus& status) {
  if (!leading) {
    leading_us_ = 0;
    return active_us_.clear();
  }
  if (leading_us_ == 0) leading_us_ = now_us_;
  for (const PeerProgress& peer : status.peers)
    if (peer.recent_active) active_us_[peer.id] = now_us_;
}

Status MembershipCoordinator::MayReplace(const Member& old, const Member& by) const {
  const std::string name =
      "an instance with the id " + old.instance_id + " is a member at " + MemberAddress(old);
  const auto active = active_us_.find(old.raft_id);
  if (old.raft_id == self_ || (active != active_us_.end() && now_us_ - active->second < kAliveUs)) {
    // Most likely it has stopped a moment ago.
    if (MemberAddress(by) == MemberAddress(old))
      return {ErrorCode::kUnavailable,
              name +
                  ", this very address, and was heard of just now: its place is free soon, "
                  "unless another one runs with this --instance-id and --advertise-address"};
    return {ErrorCode::kBusy,
            name +
                " and alive: start the new one with another --instance-id, or stop that one "
                "first"};
  }
  if (now_us_ - leading_us_ < kAliveUs)
    return {ErrorCode::kUnavailable, name + ", and a new leader waits for signs of life from it"};
  return Status::Ok();
}

void MembershipCoordinator::BeginAdd(Operation& operation, const Members& members) {
  const Member* old = members.FindInstance(operation.place.member.instance_id);
  if (old != nullptr && old->nonce == operation.place.member.nonce)
    return End(Status::Ok(), "has its place already");
  Member place = operation.place.member;
  place.raft_id = members.next_raft_id();
  place.role = MemberRole::kLearner;
  ConfChange change;
  change.steps.push_back({ConfChangeKind::kAddLearner, place.raft_id});
  if (old != nullptr) {
    if (Status may = MayReplace(*old, place); !may.ok()) return End(std::move(may), {});
    if (old->nonce != operation.place.replaces)
      return End(Status(ErrorCode::kExists, old->instance_id + " has a place in the cluster"), {});
    // The same instance with an empty directory: its old self will not come back.
    operation.removed = old->raft_id;
    operation.replaced_text = old->instance_id + " at " + MemberAddress(*old) +
                              " is replaced by an instance of this id with an empty directory at " +
                              MemberAddress(place);
    change.steps.push_back({ConfChangeKind::kRemove, old->raft_id});
    const auto& voters = members.conf_state().voters;
    if (voters.size() == 1 && voters[0] == old->raft_id)
      return End(Status(ErrorCode::kInvalid, "the only voter cannot be replaced"), {});
  }
  change.context = Members::EncodeContext({place});
  operation.done_text = place.instance_id + " has joined";
  Propose(operation, change);
}

void MembershipCoordinator::BeginRemove(Operation& operation, const Members& members,
                                        const EngineStatus& status) {
  const Member* target = members.FindInstance(operation.request.instance_id);
  if (target == nullptr)
    return End(Status(ErrorCode::kNotFound, operation.request.instance_id +
                                                " is no member; see cluster status for the names"),
               {});
  const auto& voters = members.conf_state().voters;
  if (voters.size() == 1 && voters[0] == target->raft_id)
    return End(Status(ErrorCode::kInvalid,
                      target->instance_id + " is the only voter; promote another one first"),
               {});
  if (target->raft_id == self_) {
    const uint64_t successor = SuccessorOrLater(members, status);
    if (successor == 0) return;
    host_.transfer(successor);
    // Whoever asked asks the next leader.
    return End(Status(ErrorCode::kNotLeader, "leadership is being handed over"), {});
  }
  operation.removed = target->raft_id;
  operation.done_text = target->instance_id + " has been removed";
  ConfChange change;
  change.steps.push_back({ConfChangeKind::kRemove, target->raft_id});
  Propose(operation, change);
}

void MembershipCoordinator::BeginPromote(Operation& operation, const Members& members) {
  const Member* target = members.FindInstance(operation.request.instance_id);
  if (target == nullptr)
    return End(Status(ErrorCode::kNotFound, operation.request.instance_id +
                                                " is no member; see cluster status for the names"),
               {});
  if (target->role == MemberRole::kVoter)
    return End(Status::Ok(), target->instance_id + " is a voter already");
  operation.done_text = target->instance_id + " is a voter now";
  ConfChange change;
  change.steps.push_back({ConfChangeKind::kAddVoter, target->raft_id});
  Propose(operation, change);
}

void MembershipCoordinator::BeginTransfer(Operation& operation, const Members& members,
                                          const EngineStatus& status) {
  uint64_t to = 0;
  if (operation.request.instance_id.empty()) {
    to = SuccessorOrLater(members, status);
    if (to == 0) return;
  } else {
    const Member* target = members.FindInstance(operation.request.instance_id);
    if (target == nullptr)
      return End(
          Status(ErrorCode::kNotFound,
                 operation.request.instance_id + " is no member; see cluster status for the names"),
          {});
    if (target->role != MemberRole::kVoter)
      return End(
          Status(ErrorCode::kInvalid, target->instance_id + " is a learner; promote it first"), {});
    to = target->raft_id;
  }
  const Member* target = members.Find(to);
  if (to == self_) return End(Status::Ok(), target->instance_id + " leads already");
  operation.transferee = to;
  operation.done_text = target->instance_id + " leads now";
  host_.transfer(to);
}

uint64_t MembershipCoordinator::SuccessorOrLater(const Members& members,
                                                 const EngineStatus& status) {
  const uint64_t successor = BestSuccessor(self_, members, status);
  if (successor != 0) return successor;
  if (current_->give_up_us == 0) current_->give_up_us = now_us_ + kFirstAnswersUs;
  if (members.conf_state().voters.size() <= 1 || now_us_ >= current_->give_up_us) {
    End(Status(ErrorCode::kUnavailable, "no other voter can be reached"), {});
    return 0;
  }
  // Behind the others, which need not wait for it.
  waiting_.push_back(std::move(*current_));
  current_.reset();
  retry_us_ = now_us_ + kRetryUs;
  return 0;
}

void MembershipCoordinator::BeginUpdate(Operation& operation, const Members& members) {
  const Member* target = members.FindInstance(operation.request.instance_id);
  if (target == nullptr)
    return End(Status(ErrorCode::kNotFound, operation.request.instance_id + " is no member"), {});
  if (target->host == operation.request.host && target->raft_port == operation.request.port)
    return End(Status::Ok(), "has this address already");
  Member moved = *target;
  moved.host = operation.request.host;
  moved.raft_port = operation.request.port;
  ConfChange change;
  change.steps.push_back(
      {moved.role == MemberRole::kVoter ? ConfChangeKind::kAddVoter : ConfChangeKind::kAddLearner,
       moved.raft_id});
  change.context = Members::EncodeContext({moved});
  operation.done_text = moved.instance_id + " is at " + MemberAddress(moved) + " now";
  Propose(operation, change);
}

void MembershipCoordinator::Propose(Operation& operation, const ConfChange& change) {
  operation.token = next_token_++;
  operation.index = 0;
  host_.propose(operation.token, change);
}

void MembershipCoordinator::OnResult(const ConfChangeResult& result) {
  if (!current_ || current_->token != result.token) return;
  switch (result.reason) {
    case Refusal::kNone:
      current_->index = result.index;
      return;
    case Refusal::kConfChangePending:
    case Refusal::kTransferring: {
      Operation again = std::move(*current_);
      current_.reset();
      again.token = 0;
      retry_us_ = now_us_ + kRetryUs;
      if (again.reply) waiting_.push_front(std::move(again));
      return;
    }
    case Refusal::kInvalidConfChange:
      return End(Status(ErrorCode::kInvalid, "the change would leave no voter"), {});
    case Refusal::kNotLeader:
    case Refusal::kNotMember:
    case Refusal::kLeaderItself:
      return End(Status(ErrorCode::kNotLeader, "this instance leads no more"), {});
  }
}

void MembershipCoordinator::OnApplied(uint64_t index, const Members& members) {
  if (!current_ || current_->index == 0 || current_->index > index) return;
  if (current_->removed != 0 && members.Find(current_->removed) == nullptr)
    host_.tell_removed(current_->removed);
  if (!current_->replaced_text.empty()) LogWarning("{}", current_->replaced_text);
  End(Status::Ok(), current_->done_text);
}

void MembershipCoordinator::OnLeader(uint64_t leader) {
  if (leader == self_ || leader == 0) return;
  if (current_ && current_->transferee == leader) End(Status::Ok(), current_->done_text);
  Fail(Status(ErrorCode::kNotLeader, "this instance leads no more"));
}

void MembershipCoordinator::Fail(const Status& status) {
  if (current_) End(status, {});
  for (Operation& operation : std::exchange(waiting_, {}))
    if (operation.reply) operation.reply(status, {});
}

void MembershipCoordinator::End(Status status, std::string text) {
  AdminReply reply = std::move(current_->reply);
  current_.reset();
  if (reply) reply(std::move(status), std::move(text));
}

void MembershipCoordinator::AutoPromote(uint64_t now_us, const Members& members,
                                        const EngineStatus& status, uint64_t commit) {
  next_promotion_us_ = now_us + kPromotionUs;
  const size_t voters = members.conf_state().voters.size();
  if (voters >= max_voters_) return;
  std::vector<uint64_t> ready;
  for (uint64_t id : members.conf_state().learners) {
    const PeerProgress* peer = FindPeer(status, id);
    if (peer != nullptr && peer->recent_active && peer->state == ProgressState::kReplicate &&
        peer->match + kCaughtUpEntries >= commit)
      ready.push_back(id);
  }
  const size_t wanted = voters % 2 == 0 ? 1 : 2;
  if (ready.size() < wanted || voters + wanted > max_voters_) return;
  // An explicit pair of voters stays one unless a third can make it odd; `wanted` is 1 then.
  ConfChange change;
  for (size_t i = 0; i < wanted; ++i) {
    LogInfo("{} has caught up and becomes a voter", members.Find(ready[i])->instance_id);
    change.steps.push_back({ConfChangeKind::kAddVoter, ready[i]});
  }
  Operation operation;
  operation.deadline_us = now_us + 5'000'000;
  current_ = std::move(operation);
  Propose(*current_, change);
}

}  // namespace mydis
