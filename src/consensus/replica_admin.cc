// Membership and administration, snapshots, and the graceful end.
#include <algorithm>

#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {
namespace {

constexpr uint64_t kAdminRetryUs = 1'000'000;
constexpr uint64_t kTransferRetryUs = 500'000;
constexpr uint64_t kNoRoomGapUs = 5'000'000;
constexpr uint64_t kNoRoomGapMostUs = 600'000'000;
constexpr uint64_t kRoomAgainUs = 60'000'000;
constexpr uint64_t kLeaderlessUs = 3'000'000;  // Then members are asked whether one still is.
constexpr uint64_t kSnapshotRetryUs = 500'000;

}  // namespace

void ReplicaImpl::Admin(AdminRequest request, Replica::AdminCallback done) {
  PendingAdmin pending;
  pending.deadline_us =
      Now() + (request.timeout_us != 0 ? request.timeout_us : options_.raft_timeout_us);
  pending.request = std::move(request);
  pending.done = std::move(done);
  admin_.emplace(next_request_++, std::move(pending));
}

// Sends requests to the leader, again and again until it answers, or does them here.
void ReplicaImpl::PumpAdmin(uint64_t now) {
  std::vector<uint64_t> late;
  std::vector<uint64_t> moved;
  std::vector<WireAdmin> due;
  for (auto& [id, pending] : admin_) {
    if (pending.deadline_us <= now) {
      late.push_back(id);
      continue;
    }
    if (!LeaderKnown() || now < pending.send_us) continue;
    // A transfer to anybody is done once somebody else leads; asking the new leader would move it
    // on.
    if (pending.asked == 0) pending.asked = state_.leader;
    if (pending.request.kind == AdminKind::kTransfer && pending.request.instance_id.empty() &&
        pending.asked != state_.leader) {
      moved.push_back(id);
      continue;
    }
    pending.send_us = now + kAdminRetryUs;
    const AdminRequest& request = pending.request;
    due.push_back({.request = id,
                   .kind = static_cast<uint8_t>(request.kind),
                   .instance_id = request.instance_id,
                   .host = request.host,
                   .port = request.port});
  }
  for (const WireAdmin& wire : due) {
    if (Leading())
      ReceiveAdmin(self_.raft_id, wire);
    else
      SendRpc(state_.leader, Encode(wire));
  }
  for (uint64_t id : moved) {
    auto node = admin_.extract(id);
    node.mapped().done(Status::Ok(), "another instance leads now");
  }
  for (uint64_t id : late) {
    auto node = admin_.extract(id);
    if (node.empty()) continue;
    node.mapped().done(Status(ErrorCode::kTimeout,
                              "the leader did not confirm it in time; see "
                              "cluster status for what is in force"),
                       {});
  }
  PumpInvites(now);
  CheckMembership(now);
}

void ReplicaImpl::ReceiveAdmin(uint64_t from, const WireAdmin& admin) {
  const auto key = std::make_pair(from, admin.request);
  if (!admin_running_.insert(key).second) return;  // Asked again: it is under way.
  AdminRequest request{.kind = static_cast<AdminKind>(admin.kind),
                       .instance_id = admin.instance_id,
                       .host = admin.host,
                       .port = static_cast<uint16_t>(admin.port)};
  DoAdmin(std::move(request), Now() + options_.raft_timeout_us,
          [this, key](Status status, std::string text) {
            admin_running_.erase(key);
            WireAdminAnswer answer{key.second, status.code(),
                                   status.ok() ? std::move(text) : status.message()};
            if (key.first == self_.raft_id)
              ReceiveAdminAnswer(answer);
            else
              SendRpc(key.first, Encode(answer));
          });
}

void ReplicaImpl::DoAdmin(AdminRequest request, uint64_t deadline_us, AdminReply reply) {
  if (!Leading()) return reply(Status(ErrorCode::kNotLeader, "ask the leader"), {});
  if (request.kind == AdminKind::kStatus)
    return reply(Status::Ok(), EncodeMemberStatuses(GetStatus().members));
  if (request.kind == AdminKind::kSnapshot)
    return TakeSnapshot([reply = std::move(reply)](Status status) mutable {
      reply(std::move(status), "a snapshot has been taken");
    });
  if (request.kind == AdminKind::kAdd)
    return reply(Status(ErrorCode::kInvalid,
                        "instances ask for their place themselves: start the "
                        "new one with --join"),
                 {});
  coordinator_.Request(std::move(request), {}, deadline_us, std::move(reply));
}

void ReplicaImpl::ReceiveAdminAnswer(const WireAdminAnswer& answer) {
  const auto it = admin_.find(answer.request);
  if (it == admin_.end()) return;
  if (answer.code == ErrorCode::kNotLeader) {
    it->second.send_us = Now() + kTransferRetryUs / 5;
    return;
  }
  auto node = admin_.extract(it);
  node.mapped().done(
      answer.code == ErrorCode::kOk ? Status::Ok() : Status(answer.code, answer.text), answer.text);
}

void ReplicaImpl::Stop(uint64_t deadline_us, Replica::Callback done) {
  stopping_ = true;
  stop_ = StopRequest{.deadline_us = deadline_us, .done = std::move(done)};
}

void ReplicaImpl::PumpStop(uint64_t now) {
  if (!stop_) return;
  const bool alone = members_.conf_state().voters.size() <= 1 || !members_.IsVoter(self_.raft_id);
  const bool handed_over = !Leading() || alone;
  if ((handed_over && origin_.unapplied() == 0) || now >= stop_->deadline_us) {
    auto done = std::move(stop_->done);
    const bool clean = handed_over && origin_.unapplied() == 0;
    stop_.reset();
    callbacks_.emplace_back(
        clean ? Status::Ok() : Status(ErrorCode::kTimeout, "stopping without a clean end"),
        std::move(done));
    return;
  }
  if (handed_over || now < stop_->transfer_us) return;
  stop_->transfer_us = now + kTransferRetryUs;
  if (const uint64_t to = BestSuccessor(self_.raft_id, members_, engine_status_); to != 0)
    engine_->TransferLeadership(to);
}

// A leader without room refuses everybody's writes; others may have some. It does not know who, so
// it tries one after the other, less and less often.
void ReplicaImpl::PumpNoRoom(uint64_t now) {
  if (!NoRoomOnDisk()) {
    if (now - no_room_us_ > kRoomAgainUs) no_room_gap_us_ = no_room_next_us_ = 0;
    return;
  }
  no_room_us_ = now;
  if (!Leading() || term_start_ != state_.term || state_.transferee != 0 || stop_ ||
      now < no_room_next_us_)
    return;
  const uint64_t to = NextVoter(no_room_asked_, self_.raft_id, members_, engine_status_);
  if (to == 0) return;
  no_room_asked_ = to;
  no_room_gap_us_ = std::clamp(2 * no_room_gap_us_, kNoRoomGapUs, kNoRoomGapMostUs);
  no_room_next_us_ = now + no_room_gap_us_;
  LogWarning("{} is asked to lead, as there is no room on this disk", NameOf(to));
  engine_->TransferLeadership(to);
}

void ReplicaImpl::TakeSnapshot(Replica::Callback done) {
  if (job_.running() || restoring_ || Repairing())
    return callbacks_.emplace_back(Status(ErrorCode::kBusy, "a snapshot is under way"),
                                   std::move(done)),
           void();
  StartSnapshot(std::move(done));
}

Result<std::unique_ptr<SnapshotSource>> ReplicaImpl::OpenSnapshot() {
  const auto newest = env_.snapshots.Newest();
  if (!newest) return Fail(ErrorCode::kNotFound, "this instance has no snapshot yet");
  return env_.snapshots.OpenSource(newest->id);
}

void ReplicaImpl::PumpSnapshots() {
  if (job_.running() || restoring_ || Repairing() || applied_ == 0 || applied_ <= snapshot_index_)
    return;
  const uint64_t now = Now();
  if (now < snapshot_retry_us_) return;
  const uint64_t enough = std::max(options_.snapshot_log_bytes, snapshot_bytes_);
  const bool by_count =
      options_.snapshot_entries != 0 && applied_ - snapshot_index_ >= options_.snapshot_entries;
  if (!snapshot_wanted_ && !by_count && bytes_since_snapshot_ < enough) return;
  StartSnapshot([](Status) {});
}

void ReplicaImpl::StartSnapshot(Replica::Callback done) {
  auto term = TermAt(applied_);
  if (applied_ == snapshot_index_ || !term)
    return callbacks_.emplace_back(Status::Ok(), std::move(done)), void();
  auto producer = env_.machine.StartSnapshot();
  if (!producer) {
    snapshot_retry_us_ = Now() + kSnapshotRetryUs;
    return callbacks_.emplace_back(producer.error(), std::move(done)), void();
  }
  std::string meta;
  members_.Save(meta);
  snapshot_wanted_ = false;
  bytes_since_snapshot_ = 0;
  job_.Start({applied_, *term}, std::move(meta), std::move(*producer),
             [this, conf_state = members_.conf_state(),
              done = std::move(done)](Result<SnapshotInfo> info) mutable {
               snapshot_failed_ = !info;
               if (info) {
                 snapshot_taken_us_ = Now();
                 SnapshotTaken(*info, conf_state);
                 callbacks_.emplace_back(Status::Ok(), std::move(done));
                 return;
               }
               snapshot_retry_us_ = Now() + kSnapshotRetryUs;
               if (info.error().code() == ErrorCode::kIo) return Fatal(info.error());
               LogWarning("no snapshot could be taken: {}", info.error().message());
               callbacks_.emplace_back(info.error(), std::move(done));
             });
}

void ReplicaImpl::SnapshotTaken(const SnapshotInfo& info, const ConfState& conf_state) {
  if (info.id.index <= snapshot_index_ || restoring_) return;
  snapshot_index_ = info.id.index;
  snapshot_bytes_ = info.file_size;
  engine_->SetSnapshot({info.id.index, info.id.term, conf_state});
  const uint64_t tail = std::min(info.id.index, cache_.TailStart());
  if (tail >= env_.log.FirstIndex()) {
    engine_->Compact(tail);
    env_.disk.Run(
        DiskLane::kLog,
        [log = &env_.log, tail]() -> Status {
          // The log may have been reset to a newer snapshot meanwhile.
          return tail < log->FirstIndex() || tail > log->LastIndex() ? Status::Ok()
                                                                     : log->Compact(tail);
        },
        [this](Status status) {
          if (!status.ok() && status.code() != ErrorCode::kDiskFull) Fatal(status);
        });
  }
  env_.disk.Run(
      DiskLane::kSnapshot, [store = &env_.snapshots]() { return store->RemoveOld(2); },
      [](Status status) {
        if (!status.ok()) LogWarning("old snapshots stay: {}", status.message());
      });
}

// An instance that was away while it was removed is not told by anybody: it has to ask.
void ReplicaImpl::CheckMembership(uint64_t now) {
  if (leaderless_us_ == 0 || now - leaderless_us_ < kLeaderlessUs || now < probe_us_ ||
      connected_.empty() || readiness_ == Readiness::kRemoved)
    return;
  probe_us_ = now + kLeaderlessUs;
  const Member& peer = connected_[probe_next_++ % connected_.size()];
  env_.transport.Request(
      peer.host, peer.raft_port,
      Encode(WireProbe{.cluster_name = options_.meta.cluster_name, .self = self_}), kAdminRetryUs,
      [this](Result<WireMessage> message) {
        WireProbeAnswer answer;
        // One that `mydis recover` has made the first of another cluster knows nothing of this one.
        if (message && Decode(message->head, &answer) && answer.removed &&
            answer.cluster_id == cluster_id())
          Removed();
      });
}

void ReplicaImpl::CheckAddress() {
  const Member* mine = members_.Find(self_.raft_id);
  if (mine == nullptr || address_checked_) return;
  address_checked_ = true;
  if (mine->host == options_.host && mine->raft_port == options_.raft_port) return;
  Admin(AdminRequest{.kind = AdminKind::kUpdate,
                     .instance_id = self_.instance_id,
                     .host = options_.host,
                     .port = options_.raft_port},
        [this](Status status, const std::string&) {
          if (status.ok()) return;
          LogWarning("the cluster does not know this instance's new address: {}", status.message());
          address_checked_ = false;
          CheckAddress();
        });
}

void ReplicaImpl::Removed() {
  if (readiness_ == Readiness::kRemoved) return;
  SetReadiness(Readiness::kRemoved,
               "this instance has been removed from the cluster: stop it; with an empty "
               "--data-dir it may join again");
  const Status removed(ErrorCode::kStale, "this instance has been removed from the cluster");
  origin_.FailAll(removed);
  std::vector<ReadBarriers::Due> due;
  barriers_.FailAll(removed, &due);
  for (auto& read : due) callbacks_.emplace_back(std::move(read.status), std::move(read.done));
}

}  // namespace mydis
