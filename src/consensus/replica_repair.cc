// Comparing this instance's state with the other members', and fetching theirs if it is wrong:
// docs/digests.md.
#include <algorithm>

#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {
namespace {

constexpr uint64_t kAskUs = 1'000'000;
// A source that has died on the way says nothing; then another one is asked.
constexpr uint64_t kStalledUs = 5'000'000;
constexpr uint64_t kTransferUs = 500'000;
// Without a successor that can be reached it goes on as the leader that it is.
constexpr uint64_t kLeadUs = 5'000'000;

std::string Partitions(const StateCheck& check) {
  if (check.count == 1) return "partition " + std::to_string(check.first);
  return std::to_string(check.count) + " partitions from " + std::to_string(check.first) + " on";
}

std::string Names(const Members& members, const std::vector<uint64_t>& ids) {
  std::string names;
  for (uint64_t id : ids) {
    const Member* member = members.Find(id);
    names += (names.empty() ? "" : ", ") +
             (member != nullptr ? member->instance_id : "member " + std::to_string(id));
  }
  return names;
}

}  // namespace

// This instance's finding after the entry at `index`.
void ReplicaImpl::Compare(uint64_t index, const StateCheck& check) {
  if (readiness_ != Readiness::kReady) return;
  digests_.OnOwn(index, check, Now());
  for (const auto& [id, member] : members_.all()) {
    if (id != self_.raft_id)
      SendRpc(id, Encode(WireDigest{index, env_.machine.CheckFormat(), check}));
  }
}

void ReplicaImpl::PumpDigests(uint64_t now) {
  if (readiness_ != Readiness::kReady) return;
  std::vector<uint64_t> ids;
  for (const auto& [id, member] : members_.all()) ids.push_back(id);
  while (const auto difference = digests_.Next(ids, now)) {
    const std::string where = "at log index " + std::to_string(difference->index) + " (" +
                              Partitions(difference->check) + ")";
    if (difference->self_is_wrong) return StartRepair(*difference);
    if (!difference->decided)
      LogError(
          "the members' states differ {}, and too few have answered to tell whose is right: "
          "bring the others back",
          where);
    else
      LogError("the state of {} differs from that of {} {}: it will fetch theirs",
               Names(members_, difference->wrong), Names(members_, difference->right), where);
  }
}

void ReplicaImpl::StartRepair(const DigestExchange::Difference& difference) {
  LogError(
      "this instance's state differs from that of {} at log index {} ({}): it serves nobody until "
      "it has fetched theirs. Look for a broken memory module, and tell the makers of Mydis",
      Names(members_, difference.right), difference.index, Partitions(difference.check));
  digests_.Forget();
  if (job_.running()) job_.Cancel();
  repair_ = Repair{.index = std::max(applied_, snapshot_index_) + 1,
                   .sources = difference.right,
                   .lead_until_us = Now() + kLeadUs};
  SetReadiness(Readiness::kRestoring,
               "its state differs from the other members': it is fetching theirs");
}

void ReplicaImpl::PumpRepair(uint64_t now) {
  if (!repair_) return;
  if (Leading() && now >= repair_->transfer_us) {
    repair_->transfer_us = now + kTransferUs;
    if (const uint64_t to = BestSuccessor(self_.raft_id, members_, engine_status_); to != 0)
      engine_->TransferLeadership(to);
  }
  if (fetcher_.progress() != repair_->progress) {
    repair_->progress = fetcher_.progress();
    repair_->stalled_us = now + kStalledUs;
  }
  const bool fetching = fetcher_.active() && now < repair_->stalled_us;
  if (repair_->fetched || fetching || now < repair_->ask_us ||
      (Leading() && now < repair_->lead_until_us))
    return;
  repair_->ask_us = now + kAskUs;
  // A leader that could not hand over: nobody else can move the index on.
  if (Leading() && state_.commit < repair_->index) pulse_asked_ = true;
  const uint64_t from = repair_->sources[repair_->asked++ % repair_->sources.size()];
  SendRpc(from, Encode(WireSnapshotAsk{repair_->index}));
}

// A snapshot that was asked for is on this disk.
void ReplicaImpl::Fetched(SnapshotId id) {
  if (repair_ && id.index >= repair_->index) repair_->fetched = id;
}

// Once everything up to the snapshot is committed here it takes the state's place.
void ReplicaImpl::RepairSlice() {
  cache_.Evict(durable_, CacheBytes());
  if (!repair_->fetched || apply_to_ < repair_->fetched->index || job_.running()) return;
  restoring_ = repair_->fetched;
  restore_durable_ = true;
  repaired_ = true;
  repair_.reset();
}

void ReplicaImpl::Repaired() {
  ++repairs_;
  LogInfo("the state has been replaced by that of the other members at log index {}", applied_);
  // What this instance saved before may be as wrong as its state was.
  env_.disk.Run(
      DiskLane::kSnapshot, [store = &env_.snapshots]() { return store->RemoveOld(1); },
      [](Status status) {
        if (!status.ok()) LogWarning("old snapshots stay: {}", status.message());
      });
}

// Others' wishes for a snapshot of this instance's state.
void ReplicaImpl::ServeAsks(uint64_t now) {
  if (asks_.empty() || readiness_ != Readiness::kReady) return;
  uint64_t missing = 0;
  for (auto it = asks_.begin(); it != asks_.end();) {
    const auto [to, index] = *it;
    if (snapshot_index_ >= index) {
      const auto newest = env_.snapshots.Newest();
      if (newest && !sender_.SendingTo(to)) sender_.Start(to, newest->id, {}, now);
      it = asks_.erase(it);
      continue;
    }
    missing = std::max(missing, index);
    ++it;
  }
  if (missing == 0) return;
  if (applied_ >= missing)
    snapshot_wanted_ = true;
  else
    pulse_asked_ = true;
}

}  // namespace mydis
