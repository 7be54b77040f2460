#include "consensus/replica.h"

#include <algorithm>

#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {
namespace {

uint64_t NonZero(Random& random) {
  for (;;)
    if (const uint64_t v = random.Next(); v != 0) return v;
}

OriginOptions MakeOriginOptions(const ReplicaOptions& options, Random& random) {
  OriginOptions origin;
  origin.origin = NonZero(random);
  origin.instance_id = options.meta.instance_id;
  origin.window_bytes = options.submit_window_bytes;
  origin.window_count = options.submit_window_count;
  origin.timeout_us = options.raft_timeout_us;
  origin.silence_us = options.tick_us * static_cast<uint64_t>(options.election_ticks);
  return origin;
}

}  // namespace

ReplicaImpl::ReplicaImpl(const ReplicaOptions& options, const ReplicaEnv& env,
                         const ReplicaFaults* faults)
    : options_(options),
      env_(env),
      faults_(faults != nullptr ? *faults : ReplicaFaults{}),
      random_(options.seed != 0 ? options.seed : RandomSeed()),
      cache_(options.log_tail_bytes),
      origin_(
          MakeOriginOptions(options, random_),
          [this](const WireSubmit& head, std::vector<Payload> bodies) {
            if (Leading()) {
              intake_.Receive(self_.raft_id, head, std::move(bodies));
              return true;
            }
            WireMessage message = Encode(head);
            message.bodies = std::move(bodies);
            return SendRpc(state_.leader, std::move(message));
          },
          [this] { return !Leading() && env_.transport.Moving(state_.leader, Channel::kRpc); }),
      intake_([this](Payload payload) { return ProposeStamped(payload); },
              [this](uint64_t to, const WireSubmitAnswer& answer) {
                if (to == self_.raft_id)
                  origin_.Answered(answer, Now());
                else
                  SendUrgent(to, Encode(answer));
              }),
      barriers_(random_.Next() | 1, options.tick_us * options.election_ticks / 2),
      reach_(options.meta.raft_id, options.tick_us * options.election_ticks / 2,
             [this](uint64_t to, WireMessage message) { SendUrgent(to, std::move(message)); }),
      job_(env.disk, env.snapshots),
      sender_(
          {.chunk_bytes = options.snapshot_chunk_bytes,
           .window_chunks = options.snapshot_window_chunks},
          env.disk, env.snapshots,
          [this](uint64_t to, WireMessage m) { return SendRpc(to, std::move(m)); },
          [this](uint64_t peer, bool ok) { engine_->ReportSnapshot(peer, ok); }),
      fetcher_(
          env.disk, env.snapshots,
          [this](uint64_t to, WireMessage m) { return SendRpc(to, std::move(m)); },
          [this](uint64_t from, SnapshotId id, const std::string& m) {
            if (m.empty())
              Fetched(id);
            else
              engine_->Step(from, m);
          }),
      coordinator_(options.meta.raft_id, options.max_voters,
                   {.propose =
                        [this](uint64_t token, const ConfChange& change) {
                          engine_->ProposeConfChange(token, EncodeConfChange(change));
                        },
                    .transfer = [this](uint64_t to) { engine_->TransferLeadership(to); },
                    .tell_removed = [this](uint64_t to) { SendRpc(to, Encode(WireRemoved{to})); }}),
      digests_(options.meta.raft_id),
      next_request_(random_.Next()) {
  self_.raft_id = options.meta.raft_id;
  self_.instance_id = options.meta.instance_id;
  self_.host = options.host;
  self_.raft_port = options.raft_port;
  for (const Member& member : options.contacts)
    if (member.raft_id != self_.raft_id) contacts_[member.raft_id] = member;
  leaderless_us_ = Now();
}

ReplicaImpl::~ReplicaImpl() = default;

Status ReplicaImpl::Open() {
  std::optional<SnapshotInfo> start = env_.start;
  // The founder's directory before its first snapshot was written, perhaps because it stopped then.
  if (!start && options_.meta.raft_id == kFounderId && env_.log.LastIndex() == 0) {
    if (Status status = Found(); !status.ok()) return status;
    start = env_.snapshots.Newest();
  }
  if (start)
    if (Status status = RestoreAtStart(*start); !status.ok()) return status;
  if (Status status = StartEngine(); !status.ok()) return status;
  UpdateTransport();
  env_.machine.OnMembers(members_);
  env_.machine.OnReadiness(readiness_, why_);
  return Status::Ok();
}

// A cluster begins with a snapshot of the initial state at index 1 (engine.h).
Status ReplicaImpl::Found() {
  auto producer = env_.machine.StartSnapshot();
  if (!producer) return producer.error();
  std::string meta;
  Members::Found(self_).Save(meta);
  auto writer = env_.snapshots.Create({1, 1}, meta);
  if (!writer) return writer.error();
  for (;;) {
    std::string block;
    if (Status status = (*producer)->Next(block); !status.ok()) return status;
    if (block.empty()) break;
    if (Status status = (*writer)->Append(block); !status.ok()) return status;
  }
  if (auto info = (*writer)->Commit(); !info) return info.error();
  return env_.log.Reset(1, 1, HardState{1, 0, 1});
}

Status ReplicaImpl::RestoreAtStart(const SnapshotInfo& info) {
  auto reader = env_.snapshots.OpenReader(info.id);
  if (!reader) return reader.error();
  env_.machine.BeginRestore();
  for (;;) {
    auto bytes = (*reader)->Next();
    if (!bytes) return bytes.error();
    if (bytes->empty()) break;
    if (Status status = env_.machine.RestoreBlock(*bytes); !status.ok()) return status;
  }
  if (Status status = members_.Load(info.meta); !status.ok()) return status;
  if (Status status = env_.machine.FinishRestore(info.id.index); !status.ok()) return status;
  applied_ = apply_to_ = info.id.index;
  snapshot_index_ = info.id.index;
  snapshot_bytes_ = info.file_size;
  return Status::Ok();
}

Status ReplicaImpl::StartEngine() {
  EngineOptions options;
  options.id = self_.raft_id;
  options.election_ticks = options_.election_ticks;
  options.heartbeat_ticks = options_.heartbeat_ticks;
  options.random_seed = options_.engine_seed;
  const std::vector<LogEntry> entries = env_.log.Entries();
  EngineState state;
  state.hard_state = env_.log.hard_state();
  state.base_index = env_.log.FirstIndex() - 1;
  auto base_term = env_.log.Term(state.base_index);
  if (!base_term) return base_term.error();
  state.base_term = *base_term;
  state.entries = entries;
  if (snapshot_index_ != 0) {
    state.snapshot.index = snapshot_index_;
    state.snapshot.term = snapshot_index_ == state.base_index ? state.base_term : 0;
    if (state.snapshot.term == 0) {
      auto term = env_.log.Term(snapshot_index_);
      if (!term) return term.error();
      state.snapshot.term = *term;
    }
    state.snapshot.conf_state = members_.conf_state();
  }
  auto engine = Engine::Start(options, state);
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  hard_state_ = state.hard_state;
  durable_ = std::max(env_.log.LastIndex(), snapshot_index_);
  cache_.Reset(env_.log.LastIndex() + 1);
  last_proposed_ = env_.log.LastIndex();
  advanced_to_ = snapshot_index_;
  state_.commit = std::max(hard_state_.commit, snapshot_index_);
  return Status::Ok();
}

void ReplicaImpl::Fatal(const Status& status) {
  if (fatal_) return;
  fatal_ = true;
  LogError("stopping: {}", status.message());
  env_.machine.OnFatal(status);
}

void ReplicaImpl::Submit(std::unique_ptr<Submission> submission) {
  Status refused;
  if (readiness_ == Readiness::kRemoved)
    refused = Status(ErrorCode::kStale, "this instance has been removed from the cluster");
  else if (stopping_)
    refused = Status(ErrorCode::kNotCommitted, "this instance is stopping; nothing was written");
  else if (NoRoomOnDisk())
    refused = Status(ErrorCode::kDiskFull,
                     "this instance's disk is full; nothing was written: make room, service "
                     "resumes by itself");
  if (!refused.ok()) {
    completed_.emplace_back(std::move(submission), Outcome{.status = std::move(refused)});
    return;
  }
  origin_.Submit(std::move(submission), Now());
}

bool ReplicaImpl::CanSubmit() const { return (origin_.HasRoom() || NoRoomOnDisk()) && !stopping_; }

void ReplicaImpl::Barrier(uint64_t deadline_us, Replica::Callback done) {
  if (readiness_ == Readiness::kRemoved) {
    callbacks_.emplace_back(
        Status(ErrorCode::kStale, "this instance has been removed from the cluster"),
        std::move(done));
    return;
  }
  if (faults_.skip_read_barrier)
    return callbacks_.emplace_back(Status::Ok(), std::move(done)), void();
  barriers_.Add(deadline_us != 0 ? deadline_us : Now() + options_.raft_timeout_us, std::move(done));
}

void ReplicaImpl::WatchApplied(uint64_t index, uint32_t needed_applied, uint32_t needed_durable,
                               uint64_t deadline_us, ReachTracker::Callback done) {
  reach_.Watch(index, needed_applied, needed_durable, deadline_us, std::move(done));
}

ReplicaStatus ReplicaImpl::GetStatus() const {
  ReplicaStatus s;
  s.readiness = readiness_;
  s.why = why_;
  s.role = state_.role;
  s.term = state_.term;
  s.leader = state_.leader;
  s.commit = state_.commit;
  s.applied = applied_;
  s.durable = durable_;
  s.log_first = env_.log.FirstIndex();
  s.log_last = env_.log.LastIndex();
  s.log_bytes = bytes_since_snapshot_;
  s.snapshot_index = snapshot_index_;
  s.snapshot_bytes = snapshot_bytes_;
  s.snapshot_running = job_.running();
  s.snapshot_failed = snapshot_failed_;
  s.snapshot_taken_us = snapshot_taken_us_;
  s.disk_full = disk_full_ || space_low_;
  s.origin = origin_.origin();
  s.submissions_unapplied = origin_.unapplied();
  s.submission_bytes = origin_.bytes();
  s.turns = turns_;
  s.disk_writes = disk_writes_;
  s.resends = origin_.streams();
  s.leader_changes = leader_changes_;
  s.state_agreements = digests_.agreements();
  s.state_differences = digests_.differences();
  s.state_repairs = repairs_;
  for (const auto& [id, member] : members_.all()) {
    MemberStatus m;
    m.member = member;
    m.self = id == self_.raft_id;
    m.leader = id == state_.leader;
    for (const PeerProgress& peer : engine_status_.peers) {
      if (peer.id != id) continue;
      m.match = peer.match;
      m.next = peer.next;
      m.active = peer.recent_active || m.self;
      m.state = peer.state == ProgressState::kProbe       ? "probe"
                : peer.state == ProgressState::kReplicate ? "replicate"
                                                          : "snapshot";
    }
    if (m.self) m.match = durable_, m.active = true;
    if (Leading() && s.log_last > m.match) m.lag = s.log_last - m.match;
    s.members.push_back(std::move(m));
  }
  return s;
}

std::string ReplicaImpl::NameOf(uint64_t raft_id) const {
  if (const Member* member = members_.Find(raft_id)) return member->instance_id;
  if (const auto known = contacts_.find(raft_id); known != contacts_.end())
    return known->second.instance_id;
  return "the instance with raft id " + std::to_string(raft_id);
}

// --- The public face

Replica::Replica(std::unique_ptr<ReplicaImpl> impl) : impl_(std::move(impl)) {}
Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::Open(const ReplicaOptions& options, const ReplicaEnv& env,
                                               const ReplicaFaults* faults) {
  auto impl = std::make_unique<ReplicaImpl>(options, env, faults);
  if (Status status = impl->Open(); !status.ok()) return Fail(std::move(status));
  return std::unique_ptr<Replica>(new Replica(std::move(impl)));
}

uint64_t Replica::Turn() { return impl_->Turn(); }
void Replica::Receive(uint64_t from, WireMessage message) {
  impl_->Receive(from, std::move(message));
}
void Replica::ReceiveRequest(WireMessage message, Respond respond) {
  impl_->ReceiveRequest(std::move(message), std::move(respond));
}
void Replica::OnHello(const Member& peer) { impl_->OnHello(peer); }
void Replica::OnConnected(uint64_t peer, Channel channel) { impl_->OnConnected(peer, channel); }
void Replica::OnUnreachable(uint64_t peer, const std::string& why) {
  impl_->OnUnreachable(peer, why);
}
const Member& Replica::self() const { return impl_->self(); }
uint64_t Replica::cluster_id() const { return impl_->cluster_id(); }
void Replica::Submit(std::unique_ptr<Submission> submission) {
  impl_->Submit(std::move(submission));
}
bool Replica::CanSubmit() const { return impl_->CanSubmit(); }
bool Replica::NoRoomOnDisk() const { return impl_->NoRoomOnDisk(); }
void Replica::Barrier(uint64_t deadline_us, Callback done) {
  impl_->Barrier(deadline_us, std::move(done));
}
void Replica::WatchApplied(uint64_t index, uint32_t needed_applied, uint32_t needed_durable,
                           uint64_t deadline_us, ReachCallback done) {
  impl_->WatchApplied(index, needed_applied, needed_durable, deadline_us, std::move(done));
}
void Replica::Admin(AdminRequest request, AdminCallback done) {
  impl_->Admin(std::move(request), std::move(done));
}
void Replica::Invite(const std::string& host, uint16_t raft_port, AdminCallback done) {
  impl_->Invite(host, raft_port, std::move(done));
}
void Replica::TakeSnapshot(Callback done) { impl_->TakeSnapshot(std::move(done)); }
Result<std::unique_ptr<SnapshotSource>> Replica::OpenSnapshot() { return impl_->OpenSnapshot(); }
void Replica::WantSnapshot() { impl_->WantSnapshot(); }
void Replica::Stop(uint64_t deadline_us, Callback done) {
  impl_->Stop(deadline_us, std::move(done));
}
ReplicaStatus Replica::status() const { return impl_->GetStatus(); }
LeaderInfo Replica::leader() const { return impl_->Leader(); }
Readiness Replica::readiness() const { return impl_->readiness(); }
std::string Replica::NameOf(uint64_t raft_id) const { return impl_->NameOf(raft_id); }
const Members& Replica::members() const { return impl_->members(); }
uint64_t Replica::applied() const { return impl_->applied(); }
uint64_t Replica::commit() const { return impl_->commit(); }

}  // namespace mydis
