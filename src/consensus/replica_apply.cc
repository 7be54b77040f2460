// Applying what is committed, and installing snapshots: a slice per turn, so that heartbeats go on.
#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "base/envelope.h"
#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {

Result<LogEntry> ReplicaImpl::EntryAt(uint64_t index) {
  if (const LogEntry* entry = cache_.Find(index)) return *entry;
  return env_.log.Read(index);
}

Result<uint64_t> ReplicaImpl::TermAt(uint64_t index) {
  if (const LogEntry* entry = cache_.Find(index)) return entry->term;
  return env_.log.Term(index);
}

void ReplicaImpl::ApplySlice() {
  if (restoring_) return RestoreSlice();
  if (Repairing()) return RepairSlice();
  if (applied_ >= apply_to_) return;
  const uint64_t until = Now() + options_.apply_slice_us;
  while (applied_ < apply_to_ && !fatal_) {
    auto entry = EntryAt(applied_ + 1);
    if (!entry) return Fatal(entry.error());
    if (entry->kind == EntryKind::kConfChange) {
      if (!ApplyConfChange(*entry)) break;
    } else if (entry->data && !entry->data->empty()) {
      ApplyData(*entry);
    }
    applied_ = entry->index;
    bytes_since_snapshot_ += sizeof(LogEntry) + (entry->data ? entry->data->size() : 0);
    if (Leading() && entry->term == state_.term) term_start_ = entry->term;
    if (Now() >= until) break;
  }
  if (applying_) {
    applying_ = false;
    env_.machine.EndApply(applied_);
  }
  if (fatal_) return;
  cache_.Evict(std::min(applied_, durable_), CacheBytes());
  if (members_changed_) MembersChanged();
  reach_.OnLocalApply(applied_, std::min(durable_, state_.commit));
  UpdateGate();
}

void ReplicaImpl::ApplyData(const LogEntry& entry) {
  Envelope envelope;
  if (!LoadEnvelope(*entry.data, &envelope))
    return Fatal(Status(ErrorCode::kInternal,
                        "log entry " + std::to_string(entry.index) +
                            " has a form that this program does not know: start a newer version"));
  if (!applying_) {
    applying_ = true;
    env_.machine.BeginApply();
  }
  const bool ours = envelope.kind == EntryBody::kCommands && envelope.origin == origin_.origin();
  Submission* local = ours ? origin_.Local(envelope.sequence) : nullptr;
  const bool fresh = env_.machine.Apply(entry, envelope, local);
  if (const auto check = env_.machine.TakeCheck()) Compare(entry.index, *check);
  if (!ours) {
    // Refused because another was registered meanwhile: try again at once, knowing it.
    if (envelope.kind == EntryBody::kRegister && envelope.origin == origin_.origin())
      origin_.LeaderChanged();
    return;
  }
  std::unique_ptr<Submission> submission =
      origin_.Applied(envelope.sequence, fresh, entry.index, Now());
  if (!submission) return;
  if (!submission->strong) {
    completed_.emplace_back(std::move(submission), Outcome{.status = {}, .applied = true});
    return;
  }
  const uint64_t deadline = submission->deadline_us;
  reach_.Watch(entry.index, UINT32_MAX, 0, deadline,
               [this, submission = std::move(submission)](const Reach& reach) mutable {
                 CompleteStrong(std::move(submission), reach);
               });
}

void ReplicaImpl::CompleteStrong(std::unique_ptr<Submission> submission, const Reach& reach) {
  Outcome outcome;
  outcome.applied = true;
  outcome.applied_on = reach.applied + 1;
  outcome.members = reach.others + 1;
  if (reach.applied < reach.others)
    outcome.status =
        Status(ErrorCode::kNotAll, "applied on " + std::to_string(outcome.applied_on) + " of " +
                                       std::to_string(outcome.members) + " instances");
  completed_.emplace_back(std::move(submission), std::move(outcome));
}

// False: the core's word on what the configuration is now comes with one of its next turns.
bool ReplicaImpl::ApplyConfChange(const LogEntry& entry) {
  while (!conf_states_.empty() && conf_states_.front().index < entry.index)
    conf_states_.pop_front();
  if (conf_states_.empty() || conf_states_.front().index != entry.index) return false;
  auto change = DecodeConfChange(entry.data ? std::string_view(*entry.data) : std::string_view());
  if (!change) {
    Fatal(change.error());
    return false;
  }
  members_.Apply(change->context, conf_states_.front().state);
  conf_states_.pop_front();
  members_changed_ = true;
  coordinator_.OnApplied(entry.index, members_);
  return true;
}

void ReplicaImpl::MembersChanged() {
  members_changed_ = false;
  for (const auto& [id, member] : members_.all()) contacts_.erase(id);
  if (const Member* mine = members_.Find(self_.raft_id)) self_.role = mine->role;
  UpdateTransport();
  env_.machine.OnMembers(members_);
  if (members_.WasRemoved(self_.raft_id)) Removed();
}

void ReplicaImpl::RestoreSlice() {
  if (!restore_durable_) return;
  if (!restore_reader_) {
    // A snapshot being taken here is of a state that goes away now.
    if (job_.running()) return job_.Cancel();
    BeginRestore();
    if (fatal_) return;
  }
  const uint64_t until = Now() + options_.apply_slice_us;
  do {
    auto bytes = restore_reader_->Next();
    if (!bytes) return Fatal(bytes.error());
    if (bytes->empty()) return FinishRestore();
    if (Status status = env_.machine.RestoreBlock(*bytes); !status.ok()) return Fatal(status);
  } while (Now() < until);
}

void ReplicaImpl::BeginRestore() {
  auto reader = env_.snapshots.OpenReader(*restoring_);
  if (!reader) return Fatal(reader.error());
  restore_reader_ = std::move(*reader);
  env_.machine.BeginRestore();
}

void ReplicaImpl::FinishRestore() {
  const SnapshotInfo info = restore_reader_->info();
  restore_reader_.reset();
  if (Status status = members_.Load(info.meta); !status.ok()) return Fatal(status);
  if (Status status = env_.machine.FinishRestore(info.id.index); !status.ok()) return Fatal(status);
  LogInfo("installed the snapshot at {}", info.id.index);
  applied_ = info.id.index;
  apply_to_ = std::max(apply_to_, applied_);
  snapshot_index_ = info.id.index;
  snapshot_bytes_ = info.file_size;
  bytes_since_snapshot_ = 0;
  engine_->SetSnapshot({info.id.index, info.id.term, members_.conf_state()});
  std::erase_if(conf_states_, [&](const auto& state) { return state.index <= applied_; });
  restoring_.reset();
  digests_.Forget();
  if (std::exchange(repaired_, false)) Repaired();
  MembersChanged();
  if (env_.machine.OriginKnown(origin_.origin()))
    origin_.Restored(env_.machine.OriginLastApplied(origin_.origin()), applied_);
  reach_.OnLocalApply(applied_, std::min(durable_, state_.commit));
  SetReadiness(Readiness::kStarting, "catching up after a snapshot");
  readiness_asked_ = false;
}

// What has come to its end is told when the state's lock is free and this turn's work is done.
void ReplicaImpl::CompleteAll() {
  for (Ended& ended : origin_.TakeEnded())
    completed_.emplace_back(std::move(ended.submission), std::move(ended.outcome));
  for (ReachTracker::Due& due : reach_.Pump(members_, Now())) due.done(due.reach);
  auto completed = std::exchange(completed_, {});
  for (auto& [submission, outcome] : completed)
    env_.machine.Complete(std::move(submission), outcome);
  for (ReadBarriers::Due& due : barriers_.TakeDue(applied_, Now(), LeaderKnown()))
    due.done(std::move(due.status));
  for (auto& [status, done] : std::exchange(callbacks_, {})) done(std::move(status));
  BecomeReadyLater();
  const bool can = CanSubmit();
  if (can && !could_submit_) env_.machine.OnCanSubmit();
  could_submit_ = can;
}

// Ready: everything that was committed when this instance first heard of a leader is applied here.
void ReplicaImpl::BecomeReadyLater() {
  if (readiness_ != Readiness::kStarting || readiness_asked_ || !LeaderKnown() || restoring_ ||
      members_.Find(self_.raft_id) == nullptr)
    return;
  readiness_asked_ = true;
  barriers_.Add(UINT64_MAX, [this](Status status) {
    if (readiness_ != Readiness::kStarting || !status.ok()) return;
    SetReadiness(Readiness::kReady, "");
    CheckAddress();
  });
}

// While it looks for its cluster.
void ReplicaImpl::TellWhomItMisses() {
  if (readiness_ != Readiness::kStarting || LeaderKnown() || restoring_) return;
  std::string why = "waiting to hear from the cluster";
  for (const auto& [peer, reason] : unreached_) why += "; " + reason;
  SetReadiness(Readiness::kStarting, std::move(why));
}

void ReplicaImpl::SetReadiness(Readiness readiness, std::string why) {
  if (readiness_ == Readiness::kRemoved || (readiness_ == readiness && why_ == why)) return;
  readiness_ = readiness;
  why_ = std::move(why);
  env_.machine.OnReadiness(readiness_, why_);
}

}  // namespace mydis
