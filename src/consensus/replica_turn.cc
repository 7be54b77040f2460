// The core's turns: what goes in, what comes out, in the order that engine.h asks for.
#include <algorithm>

#include "base/assert.h"
#include "base/envelope.h"
#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {
namespace {

// Turns of the core in one Turn(), while they bring more without a write between.
constexpr int kEngineTurns = 4;
constexpr uint64_t kStatusUs = 200'000;
constexpr uint64_t kRetryWriteUs = 200'000;
// What a slow disk takes some ten milliseconds for.
constexpr uint64_t kLongWriteBytes = 1 << 20;
constexpr uint64_t kSpareRetryUs = 1'000'000;
constexpr uint64_t kSettleUs = 1'000'000;
// Pulses: one in so long on the average, several at once if there were none for a while.
constexpr uint64_t kPulseGapUs = 10'000;
constexpr uint64_t kPulseCreditUs = 100'000;

}  // namespace

uint64_t ReplicaImpl::Turn() {
  if (fatal_) return UINT64_MAX;
  ++turns_;
  const uint64_t now = Now();
  Ticks(now);
  PumpInputs(now);
  if (retry_write_ && now >= retry_write_us_) {
    retry_write_ = false;
    StartWrite();
  }
  // The first turn gives out what was committed before the start, without being asked.
  for (int i = 0; i < kEngineTurns && (engine_->HasInput() || turns_ == 1) && !fatal_; ++i)
    RunEngine();
  if (!fatal_) ApplySlice();
  if (!fatal_ && !Leading()) CampaignIfAsked();
  if (space_low_) CheckSpare();
  SettleLog(now);
  if (!fatal_) {
    PumpDigests(now);
    PumpRepair(now);
    ServeAsks(now);
    PumpSnapshots();
    PumpAdmin(now);
    PumpStop(now);
    PumpNoRoom(now);
    CompleteAll();
  }
  if (fatal_) return UINT64_MAX;
  const bool more = engine_->HasInput() || !completed_.empty() ||
                    (restoring_ && restore_durable_ && !job_.running()) ||
                    (!restoring_ && !Repairing() && applied_ < apply_to_);
  return more ? now : std::min(next_tick_us_, NextPulseUs(now));
}

// Time that was lost (a stopped process) is not made up for: messages that wait would come too
// late.
void ReplicaImpl::Ticks(uint64_t now) {
  if (readiness_ == Readiness::kRemoved) {
    next_tick_us_ = now + options_.tick_us;
    return;  // It campaigns no more.
  }
  if (next_tick_us_ == 0) next_tick_us_ = now;
  // No time passes for one who may not campaign.
  if (!Leading() && !MayCampaign() && now >= next_tick_us_) next_tick_us_ = now + options_.tick_us;
  const int most = std::max(1, options_.heartbeat_ticks);
  for (int i = 0; i < most && now >= next_tick_us_; ++i) {
    engine_->Tick();
    next_tick_us_ += options_.tick_us;
  }
  if (now >= next_tick_us_) next_tick_us_ = now + options_.tick_us;
  if (Leading() && now >= status_us_) {
    status_us_ = now + kStatusUs;
    engine_->RequestStatus();
    for (const Member& peer : connected_)
      if (env_.transport.Moving(peer.raft_id, Channel::kRaft))
        flights_.StillMoving(peer.raft_id, now);
  }
}

void ReplicaImpl::PumpInputs(uint64_t now) {
  const uint64_t origin = origin_.origin();
  if (readiness_ != Readiness::kRemoved)
    origin_.Pump(now, LeaderKnown() && !restoring_, env_.machine.OriginKnown(origin),
                 env_.machine.OriginOf(options_.meta.instance_id));
  uint64_t context = 0;
  if (barriers_.Start(now, LeaderKnown(), &context)) engine_->ReadIndex(context);
  coordinator_.Pump(now, Leading() && term_start_ == state_.term, members_, engine_status_,
                    state_.commit);
  sender_.Pump(now);
  ProposePulse(now);
}

// When a pulse is to be proposed, as far as is known now; UINT64_MAX for never.
uint64_t ReplicaImpl::NextPulseUs(uint64_t now) {
  if (!Leading() || term_start_ != state_.term || state_.transferee != 0 ||
      applied_ < last_proposed_ || disk_full_)
    return UINT64_MAX;
  const uint64_t delay_us = pulse_asked_ ? 0 : env_.machine.PulseDelayUs();
  if (delay_us == Machine::kNoPulse) return UINT64_MAX;
  return std::max(now + delay_us,
                  pulses_paid_us_ < kPulseCreditUs ? 0 : pulses_paid_us_ - kPulseCreditUs);
}

// Lets time pass in the state when a key expires and no other entry is on its way, and says what
// the machine wants said.
void ReplicaImpl::ProposePulse(uint64_t now) {
  std::string advice;
  if (Leading() && term_start_ == state_.term && state_.transferee == 0 && !disk_full_)
    advice = env_.machine.TakeAdvice();
  if (advice.empty() && NextPulseUs(now) > now) return;
  pulse_asked_ = false;
  pulses_paid_us_ = std::max(pulses_paid_us_, now) + kPulseGapUs;
  std::string payload(kEnvelopeSize, '\0');
  StoreEnvelope(payload.data(), Envelope{});
  payload += advice;
  ProposeStamped(MakePayload(std::move(payload)));
}

uint64_t ReplicaImpl::ProposeStamped(const Payload& payload) {
  std::string stamped = *payload;
  const Machine::Stamp stamp = env_.machine.NextStamp();
  StampEnvelope(stamped.data(), stamp.time_ms, stamp.seed);
  const uint64_t ref = refs_.Add(MakePayload(std::move(stamped)));
  engine_->Propose(ref);
  return ref;
}

// Whoever campaigns must do so in a configuration that is at most one change behind the newest:
// only then must its majority and that of any other leader have a member in common. All changes
// that are known to be committed have to be applied first, after a restart above all. (The core has
// a check of its own, but in this version it does not count changes of the newer form, which are
// ours.)
void ReplicaImpl::CampaignIfAsked() {
  if (!MayCampaign()) return timeout_now_.clear();
  for (const auto& [from, message] : std::exchange(timeout_now_, {})) engine_->Step(from, message);
  if (!campaign_at_once_ || applied_ < state_.commit) return;
  campaign_at_once_ = false;
  if (members_.conf_state().voters == std::vector<uint64_t>{self_.raft_id} &&
      members_.conf_state().voters_outgoing.empty())
    engine_->Campaign();
}

void ReplicaImpl::RunEngine() { TakeOutput(engine_->Turn()); }

void ReplicaImpl::TakeOutput(const TurnOutput& out) {
  // First of all: what is said below may be answered by proposals, whose refs are new.
  if (out.settled) refs_.Settle(out.has_ready ? out.ready.entries : std::span<const NewEntry>{});
  for (const StepError& error : out.step_errors)
    LogWarning("a message of {} was dropped: {}", NameOf(error.from), error.text);
  for (const RefusedProposal& refused : out.refusals) intake_.Refused(refused.ref);
  for (const ConfChangeResult& result : out.conf_change_results) coordinator_.OnResult(result);
  for (const ReadState& read : out.read_states) barriers_.Answered(read.context, read.index);
  for (const AppliedConfState& state : out.conf_states) conf_states_.push_back(state);
  if (out.status) engine_status_ = *out.status;
  if (out.snapshot_wanted) snapshot_wanted_ = true;
  intake_.TurnDone(Now());
  OnRaftState(out.state);
  if (!out.early.empty() && DiskWorks())
    for (const OutMessage& message : out.early) SendRaft(RaftMessage(message));
  if (out.has_ready) TakeReady(out.ready);
}

void ReplicaImpl::OnRaftState(const RaftState& state) {
  const bool was_leading = Leading();
  const bool changed = state.leader != state_.leader || state.term != state_.term;
  state_ = state;
  if (changed) {
    leaderless_us_ = state.leader == 0 ? Now() : 0;
    if (state.leader != 0) ++leader_changes_;
    origin_.LeaderChanged();
    flights_.Clear();
    barriers_.LeaderChanged();
    for (auto& [id, request] : admin_) request.send_us = 0;
    coordinator_.OnLeader(state.leader);
    if (was_leading && !Leading()) {
      sender_.DropAll();
      coordinator_.Fail(Status(ErrorCode::kNotLeader, "this instance leads no more"));
      engine_status_ = {};
    }
    if (Leading()) status_us_ = 0;
    env_.machine.OnLeader(Leader());
  }
  UpdateGate();
}

void ReplicaImpl::UpdateGate() {
  if (Leading())
    intake_.Lead(term_start_ == state_.term && state_.transferee == 0);
  else
    intake_.Close(state_.leader);
}

void ReplicaImpl::TakeReady(const Ready& ready) {
  MYDIS_ASSERT(!pending_, "one Ready at a time");
  FillCache(ready);
  Pending pending;
  pending.hard_state = ready.hard_state;
  if (ready.hard_state) hard_state_ = *ready.hard_state;
  pending.snapshot = ready.snapshot;
  pending.last_committed = ready.last_committed;
  for (const NewEntry& entry : ready.entries) pending.entries.push_back(*cache_.Find(entry.index));
  for (const OutMessage& message : ready.messages) {
    if (message.type == MessageType::kSnapshot) {
      pending.snapshots.push_back({message.to,
                                   {message.snapshot_index, message.snapshot_term},
                                   std::string(message.bytes)});
      continue;
    }
    if (message.type == MessageType::kAppendResponse && SaidBefore(message)) continue;
    if (message.entry_count > 0 && flights_.UnderWay(message.to, message.first_index, Now()))
      continue;
    RaftOut out = RaftMessage(message);
    if (message.before_write || faults_.ack_before_sync)
      SendRaft(std::move(out));
    else
      pending.messages.push_back(std::move(out));
  }
  if (pending.snapshot) {
    // What is committed but not applied yet is in the snapshot, and may vanish from the log.
    restoring_ = SnapshotId{pending.snapshot->index, pending.snapshot->term};
    restore_durable_ = false;
    restore_reader_.reset();
    repaired_ = repair_.has_value();  // Any snapshot of the others will do.
    repair_.reset();
    SetReadiness(Readiness::kRestoring, "installing a snapshot of the leader");
  }
  if (pending.hard_state) unwritten_hard_state_ = pending.hard_state;
  pending_ = std::move(pending);
  // A new commit index alone goes with the next write, or is lost. Not so that of a configuration
  // change: an instance that forgets it would start again with the voters of before, and could win
  // an election among those while the others elect somebody else among the new ones.
  if (!ready.must_sync && pending_->entries.empty() && !pending_->snapshot &&
      ready.conf_changes.empty())
    FinishReady();
  else
    StartWrite();
}

void ReplicaImpl::FillCache(const Ready& ready) {
  if (ready.snapshot) cache_.Reset(ready.snapshot->index + 1);
  for (const NewEntry& entry : ready.entries) {
    Payload data = entry.kind == EntryKind::kConfChange ? MakePayload(std::string(entry.data))
                                                        : refs_.Find(entry.ref);
    MYDIS_ASSERT(entry.kind == EntryKind::kConfChange || entry.ref == 0 || data,
                 "an entry's ref lives until it is stored");
    cache_.Append(LogEntry{entry.index, entry.term, entry.kind, std::move(data)});
    last_proposed_ = entry.index;
  }
}

// Appends without entries keep their place among the others: one that came too early would be
// refused.
ReplicaImpl::RaftOut ReplicaImpl::RaftMessage(const OutMessage& message) {
  RaftOut out{.to = message.to};
  if (message.type == MessageType::kAppend) out.channel = Channel::kRaft;
  if (message.entry_count > 0) {
    out.first = message.first_index;
    out.last = message.first_index + message.entry_count - 1;
  }
  WireRaft raft;
  raft.to = message.to;
  raft.bytes = std::string(message.bytes);
  std::vector<Payload> bodies;
  for (uint32_t i = 0; i < message.entry_count; ++i) {
    auto entry = EntryAt(message.first_index + i);
    if (!entry) {
      Fatal(entry.error());
      break;
    }
    const bool body = entry->kind == EntryKind::kNormal && entry->data && !entry->data->empty();
    raft.has_body.push_back(body);
    if (body) bodies.push_back(std::move(entry->data));
  }
  out.message = Encode(raft);
  out.message.bodies = std::move(bodies);
  return out;
}

// The core acknowledges every message of the leader, also one that brings a commit index alone and
// is acknowledged in the words of the last acknowledgement. The leader learns nothing from that
// one, so it goes out once a tick at most, in case the last was lost on the way.
bool ReplicaImpl::SaidBefore(const OutMessage& message) {
  Acknowledged& last = acknowledged_[message.to];
  const uint64_t now = Now();
  if (last.bytes == message.bytes && now - last.sent_us < options_.tick_us) return true;
  last.bytes = message.bytes;
  last.sent_us = now;
  return false;
}

void ReplicaImpl::SendRaft(RaftOut out) {
  if (!env_.transport.Send(out.to, out.channel, std::move(out.message)))
    engine_->ReportUnreachable(out.to);
  else if (out.first != 0)
    flights_.Sent(out.to, out.first, out.last, Now());
}

// Whether the write under way may still be one that only takes its time.
bool ReplicaImpl::DiskWorks() {
  const uint64_t silence_us = options_.tick_us * static_cast<uint64_t>(options_.election_ticks);
  return writing_ &&
         Now() - write_us_ < silence_us + write_bytes_ * 1'000'000 / options_.disk_bytes_per_second;
}

void ReplicaImpl::StartWrite() {
  MYDIS_ASSERT(pending_ && !writing_, "one write at a time");
  writing_ = true;
  ++disk_writes_;
  struct Group {
    std::optional<HardState> hard_state;
    HardState current;
    std::optional<SnapshotMetadata> snapshot;
    std::vector<LogEntry> entries;
  };
  auto group = std::make_shared<Group>();
  group->hard_state = unwritten_hard_state_;
  group->current = hard_state_;
  group->snapshot = pending_->snapshot;
  group->entries = pending_->entries;
  write_us_ = Now();
  write_bytes_ = 0;
  for (const LogEntry& entry : group->entries) write_bytes_ += entry.data ? entry.data->size() : 0;
  env_.disk.Run(
      write_bytes_ < kLongWriteBytes ? DiskLane::kLog : DiskLane::kLongLog,
      [log = &env_.log, group]() -> Status {
        if (group->snapshot) {
          HardState state = group->current;
          state.commit = std::max(state.commit, group->snapshot->index);
          Status status = log->Reset(group->snapshot->index, group->snapshot->term, state);
          if (!status.ok()) return status;
          if (group->entries.empty()) return Status::Ok();
        }
        return log->Append(WriteGroup{group->hard_state, group->entries});
      },
      [this](Status status) { Written(std::move(status)); });
}

void ReplicaImpl::Written(Status status) {
  writing_ = false;
  if (fatal_) return;
  if (status.code() == ErrorCode::kDiskFull) {
    if (!disk_full_) LogError("the disk is full; writes are refused until there is room");
    disk_full_ = true;
    intake_.SetDiskFull(true);
    retry_write_ = true;
    retry_write_us_ = Now() + kRetryWriteUs;
    origin_.FailWaiting(
        Status(ErrorCode::kDiskFull, "this instance's disk is full; nothing was written"));
    return;
  }
  if (!status.ok()) return Fatal(status);
  if (disk_full_) {
    LogInfo("there is room on the disk again");
    disk_full_ = false;
    intake_.SetDiskFull(space_low_);
  }
  unwritten_hard_state_.reset();
  if (pending_->snapshot) durable_ = pending_->snapshot->index;
  if (!pending_->entries.empty()) durable_ = pending_->entries.back().index;
  FinishReady();
  CheckSpare();
}

void ReplicaImpl::FinishReady() {
  Pending pending = std::move(*pending_);
  pending_.reset();
  if (pending.snapshot) restore_durable_ = true;
  apply_to_ = std::max(apply_to_, pending.last_committed);
  advanced_to_ = std::max(
      {advanced_to_, pending.last_committed, pending.snapshot ? pending.snapshot->index : 0});
  for (RaftOut& out : pending.messages) SendRaft(std::move(out));
  for (auto& message : pending.snapshots)
    sender_.Start(message.to, message.id, std::move(message.bytes), Now());
  engine_->Advance();
}

// Segments are made ready ahead of need. Without room for one, clients' writes are refused, so that
// what is left serves Raft itself.
void ReplicaImpl::CheckSpare() {
  if (spare_running_ || (env_.log.HasSpare() && !space_low_) || Now() < spare_us_) return;
  spare_running_ = true;
  env_.disk.Run(
      DiskLane::kSnapshot, [log = &env_.log]() { return log->PrepareSpare(); },
      [this](Status status) {
        spare_running_ = false;
        if (status.code() == ErrorCode::kDiskFull && !env_.log.HasSpare()) {
          if (!space_low_) LogError("little room is left on the disk; clients' writes are refused");
          space_low_ = true;
          spare_us_ = Now() + kSpareRetryUs;
        } else if (!status.ok() && status.code() != ErrorCode::kDiskFull) {
          return Fatal(status);
        } else {
          space_low_ = false;
        }
        intake_.SetDiskFull(disk_full_ || space_low_);
      });
}

// What is written with --durability relaxed gets onto the disk by this.
void ReplicaImpl::SettleLog(uint64_t now) {
  if (settling_ || now < settle_us_) return;
  settle_us_ = now + kSettleUs;
  settling_ = true;
  env_.disk.Run(
      DiskLane::kLog, [log = &env_.log]() { return log->Settle(); },
      [this](Status status) {
        settling_ = false;
        if (!fatal_ && !status.ok()) Fatal(std::move(status));
      });
}

}  // namespace mydis
