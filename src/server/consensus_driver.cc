#include "server/consensus_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "base/hash.h"
#include "base/log.h"
#include "base/mutex.h"
#include "consensus/engine_thread.h"
#include "consensus/founder.h"
#include "consensus/posix_disk.h"
#include "consensus/storage.h"
#include "consensus/wire.h"
#include "net/resolver.h"
#include "server/disk_threads.h"
#include "server/first_users.h"
#include "server/io_thread.h"
#include "server/mesh_transport.h"
#include "server/node_machine.h"
#include "server/readiness_state.h"
#include "server/seeds.h"
#include "server/start_errors.h"
#include "server/wake_batch.h"

namespace mydis {
namespace {

constexpr uint64_t kStatusEveryMs = 50;

StorageOptions StorageOptionsFrom(const ServerOptions& options) {
  StorageOptions storage;
  storage.data_dir = options.data_dir;
  storage.log.durable = options.durability == DurabilityMode::kCommit;
  // An instance that comes back under another address is still itself, unless it is told otherwise.
  storage.instance_id = options.instance_id;
  storage.cluster_name = options.name;
  return storage;
}

}  // namespace

struct ConsensusDriver::Impl final {
  Impl(const ServerOptions& server_options, Clock& system_clock, const CommandTable& table,
       uint32_t io_threads, ConsensusListener& consensus_listener)
      : options(server_options),
        clock(system_clock),
        listener(consensus_listener),
        core(system_clock, table, io_threads, static_cast<uint32_t>(server_options.visitors)),
        machine(core, {[this](const LeaderInfo& leader) { LeaderChanged(leader); },
                       [this] { PublishStatus(); },
                       [this](Readiness ready, const std::string& reason) {
                         ReplicaReadiness(ready, reason);
                       },
                       [this] {
                         can_submit = true;
                         listener.OnCanSubmit();
                       },
                       [this](const Status& reason) { Fatal(reason); },
                       [this](std::string_view event, uint64_t microseconds) {
                         listener.OnLatency(event, microseconds);
                       }}) {}

  Status Start(std::shared_ptr<const TlsContext> cluster_keys);
  Status OpenReplica(const std::vector<Member>& contacts);
  void StartFounder();
  void CheckSeeds();
  void CheckSeed(const std::string& host, uint16_t port);
  void Drive();
  bool WakeWaiters();
  void DriveFounder();
  void ScheduleAt(uint64_t at_us);
  void PublishStatus();
  void LeaderChanged(const LeaderInfo& leader);
  void ReplicaReadiness(Readiness ready, const std::string& reason);
  void SetReadiness(Readiness ready, const std::string& reason, LogLevel level);
  void Fatal(const Status& status);
  void Ended();
  void Stop(uint64_t limit_ms);

  const ServerOptions options;
  Clock& clock;
  ConsensusListener& listener;
  Core core;

  PosixDisk disk;
  std::unique_ptr<Storage> storage;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<MeshTransport> transport;
  uint16_t raft_port = 0;  // In use; 0: none.
  NodeMachine machine;
  std::unique_ptr<DiskThreads> disk_threads;
  std::unique_ptr<Founder> founder;
  std::unique_ptr<Replica> replica;
  EngineThread thread;
  bool running = false;
  bool stopped = false;  // No more turns of the replica.
  bool leader_known = false;
  // Kept while Stop waits for the replica to end, in order or by a fatal error.
  std::promise<void>* stopping = nullptr;
  TimerId timer = 0;
  uint64_t timer_at_us = 0;
  uint64_t published_ms = 0;

  ReadinessState readiness;
  bool was_ready = false;
  std::atomic<bool> can_submit{true};
  std::atomic<bool> forming{false};  // A cluster of `expect`, not all of which vote yet.
  std::atomic<bool> disk_full{false};
  mutable Mutex mutex;
  std::shared_ptr<const ReplicaStatus> status MYDIS_GUARDED_BY(mutex) =
      std::make_shared<const ReplicaStatus>();
  InstanceMeta meta MYDIS_GUARDED_BY(mutex);
};

Status ConsensusDriver::Impl::Start(std::shared_ptr<const TlsContext> cluster_keys) {
  Result<AclUsers> users = FirstUsers(options);
  if (!users) return users.error();
  core.default_open = users->Find(kDefaultUser)->open();
  core.machine.SetFirstUsers(*std::move(users));
  auto opened = Storage::Open(disk, StorageOptionsFrom(options));
  if (!opened) return opened.error();
  storage = *std::move(opened);
  auto made = EventLoop::Create();
  if (!made) return made.error();
  loop = *std::move(made);
  resolver = std::make_unique<Resolver>();
  PeerMesh::Options mesh;
  mesh.bind_address = options.bind_address;
  static_assert(PeerMesh::Options::kPortOff == ServerOptions::kPortOff);
  mesh.raft_port = options.raft_port;
  mesh.keys = std::move(cluster_keys);
  auto connected = MeshTransport::Create(*loop, *resolver, std::move(mesh));
  if (!connected) return ListenError("--raft-port", connected.error());
  transport = *std::move(connected);
  raft_port = transport->raft_port();
  disk_threads = std::make_unique<DiskThreads>(*loop, core.log_write_us);
  if (storage->initialised()) {
    if (Status opened_replica = OpenReplica({}); !opened_replica.ok()) return opened_replica;
    CheckSeeds();
  } else {
    StartFounder();
  }
  loop->AddAfterEvents([this] { Drive(); });
  loop->AddAfterTurn([this] { machine.DriveReplies(); });
  running = true;
  thread = EngineThread([this] { loop->Run(); });
  loop->Post([] {});  // The first turn.
  return Status::Ok();
}

void ConsensusDriver::Impl::StartFounder() {
  FounderOptions founding;
  founding.cluster_name = options.name;
  founding.self.instance_id = options.InstanceName(raft_port);
  {
    // Who asks for its status is told before there is a cluster, too.
    MutexLock guard(mutex);
    meta.instance_id = founding.self.instance_id;
    meta.cluster_name = options.name;
  }
  founding.self.host = options.advertised();
  founding.self.raft_port = raft_port;
  if (!options.bootstrap) {
    for (const HostPort& address : options.join) {
      // A name may stand for several instances; each of its addresses is a place to ask.
      auto resolved = ResolveSeed(address);
      founding.seeds.insert(founding.seeds.end(), resolved.begin(), resolved.end());
    }
    founding.expect = static_cast<uint32_t>(options.expect);
    forming = options.expect > 1;
  }
  founder = std::make_unique<Founder>(std::move(founding), clock, *transport);
  transport->SetFounder(founder.get());
  SetReadiness(Readiness::kStarting, "it is looking for its cluster", LogLevel::kDebug);
}

Status ConsensusDriver::Impl::OpenReplica(const std::vector<Member>& contacts) {
  {
    MutexLock guard(mutex);
    meta = storage->meta();
  }
  const uint64_t cluster_id = storage->meta().cluster_id;
  // Clients may look at the empty state already.
  core.lock.LockExclusive();
  core.machine.Reset(Hash64(std::string_view(reinterpret_cast<const char*>(&cluster_id), 8)));
  core.lock.UnlockExclusive();
  ReplicaOptions replica_options;
  replica_options.meta = storage->meta();
  replica_options.host = options.advertised();
  replica_options.raft_port = raft_port;
  replica_options.contacts = contacts;
  replica_options.raft_timeout_us = static_cast<uint64_t>(options.raft_timeout_ms) * 1000;
  replica_options.max_voters = static_cast<uint32_t>(options.max_voters);
  ReplicaEnv env{clock,
                 *transport,
                 *disk_threads,
                 machine,
                 storage->log(),
                 storage->snapshots(),
                 storage->start_snapshot()};
  auto opened = Replica::Open(replica_options, env);
  if (!opened) return opened.error();
  replica = *std::move(opened);
  transport->SetFounder(nullptr);
  transport->SetReplica(replica.get());
  PublishStatus();
  return Status::Ok();
}

// A directory that belongs to a cluster already, started with --join of another one: the operator
// has mixed up directories or addresses, and must hear of it.
void ConsensusDriver::Impl::CheckSeeds() {
  for (const HostPort& seed : options.join) {
    for (const auto& [host, port] : ResolveSeed(seed)) CheckSeed(host, port);
  }
}

void ConsensusDriver::Impl::CheckSeed(const std::string& host, uint16_t port) {
  if (host == replica->self().host && port == replica->self().raft_port) return;
  WireProbe probe;
  probe.cluster_name = options.name;
  probe.self = replica->self();
  transport->Request(
      host, port, Encode(probe), 2'000'000, [this, host, port](Result<WireMessage> message) {
        WireProbeAnswer answer;
        if (stopped || !message || !Decode(message->head, &answer) || !answer.in_cluster ||
            answer.cluster_id == storage->meta().cluster_id)
          return;
        Fatal(Status(
            ErrorCode::kInvalid,
            fmt::format(
                "{} belongs to cluster {:016x}, but --join {}:{} is of cluster {:016x}: give "
                "the right --data-dir, or an empty one to join that cluster",
                options.data_dir, storage->meta().cluster_id, host, port, answer.cluster_id)));
      });
}

void ConsensusDriver::Impl::DriveFounder() {
  const uint64_t next = founder->Turn();
  if (!founder->result()) {
    if (const std::string& why = founder->waiting_for(); !why.empty())
      SetReadiness(Readiness::kStarting, why,
                   founder->troubled() ? LogLevel::kWarning : LogLevel::kInfo);
    ScheduleAt(next);
    return;
  }
  const Founded founded = *founder->result();
  founder.reset();
  transport->SetFounder(nullptr);
  if (Status initialised = storage->Initialise(founded.meta); !initialised.ok())
    return Fatal(initialised);
  if (Status opened = OpenReplica(founded.members); !opened.ok()) return Fatal(opened);
  LogInfo("this is instance {} of cluster {:016x}", founded.meta.instance_id,
          founded.meta.cluster_id);
  ScheduleAt(0);
}

void ConsensusDriver::Impl::Drive() {
  if (stopped) return;
  if (replica == nullptr) {
    if (founder != nullptr) DriveFounder();
    return;
  }
  uint64_t next = replica->Turn();
  machine.SendMail();
  if (core.blocked.HasChanged() && WakeWaiters()) {
    next = replica->Turn();
    machine.SendMail();
  }
  can_submit.store(replica->CanSubmit(), std::memory_order_relaxed);
  if (loop->NowMs() - published_ms >= kStatusEveryMs) PublishStatus();
  ScheduleAt(next);
}

// Submits the attempts of those whose turn has come; true if there are any. Nothing but this thread
// changes the state, so that it is looked at without the lock.
bool ConsensusDriver::Impl::WakeWaiters() {
  if (stopped || readiness.readiness() != Readiness::kReady) return false;
  const bool writes = replica->CanSubmit() && !replica->NoRoomOnDisk() && listener.MayWake(true);
  const bool reads = listener.MayWake(false);
  if (!writes && !reads) return false;
  std::vector<std::shared_ptr<Attempt>> ready;
  core.blocked.TakeReady(core.machine.state().keyspace, writes, reads, &ready);
  // In the order of their turns: one submission, but for a change of consistency.
  std::unique_ptr<WakeBatch> batch;
  bool submitted = false;
  const auto submit = [&] {
    if (batch == nullptr) return;
    batch->Seal();
    replica->Submit(std::move(batch));
    submitted = true;
  };
  for (std::shared_ptr<Attempt>& attempt : ready) {
    const std::shared_ptr<Waiter> waiter = attempt->waiter;
    if (waiter->spec->effect == Effect::kRead) {
      IoThread& owner = *waiter->thread;
      owner.WithConnection(waiter->connection,
                           [waiter](Connection& connection) { connection.WakeRead(waiter); });
      continue;
    }
    if (batch != nullptr && batch->strong != waiter->strong) submit();
    if (batch == nullptr) batch = std::make_unique<WakeBatch>(core.blocked, waiter->strong);
    batch->Add(std::move(attempt));
  }
  submit();
  return submitted;
}

// Sees to it that the loop turns at `at_us` at the latest.
void ConsensusDriver::Impl::ScheduleAt(uint64_t at_us) {
  const uint64_t now_us = clock.MonotonicUs();
  if (at_us <= now_us) {
    loop->Post([] {});
    return;
  }
  if (timer != 0 && timer_at_us > now_us && timer_at_us <= at_us) return;
  if (timer != 0) loop->CancelTimer(timer);
  timer_at_us = at_us;
  timer = loop->AddTimerAt(at_us, [this] { timer = 0; });
}

void ConsensusDriver::Impl::PublishStatus() {
  if (replica == nullptr) return;
  auto fresh = std::make_shared<const ReplicaStatus>(replica->status());
  disk_full = fresh->disk_full;
  published_ms = loop->NowMs();
  MutexLock guard(mutex);
  status = std::move(fresh);
}

void ConsensusDriver::Impl::LeaderChanged(const LeaderInfo& leader) {
  PublishStatus();
  if (replica == nullptr) return;
  if (leader.leader == 0) {
    // At the start nobody is known to lead yet: that is no news.
    if (leader_known) LogWarning("no leader is known (term {})", leader.term);
    leader_known = false;
  } else {
    leader_known = true;
    LogInfo("{} leads (term {})", leader.self ? "this instance" : replica->NameOf(leader.leader),
            leader.term);
  }
}

void ConsensusDriver::Impl::ReplicaReadiness(Readiness ready, const std::string& reason) {
  // The rest of the states pass, and are logged by those who bring them about.
  SetReadiness(ready, reason, ready == Readiness::kRemoved ? LogLevel::kWarning : LogLevel::kDebug);
  if (ready == Readiness::kReady && !std::exchange(was_ready, true))
    WarnOfOtherPassword(options, core.machine.state().users);
}

void ConsensusDriver::Impl::SetReadiness(Readiness ready, const std::string& reason,
                                         LogLevel level) {
  if (readiness.Set(ready, reason, level, loop->NowMs())) listener.OnReadiness(ready);
}

void ConsensusDriver::Impl::Fatal(const Status& reason) {
  stopped = true;
  listener.OnFatal(reason);
  Ended();
}

void ConsensusDriver::Impl::Ended() {
  if (stopping != nullptr) std::exchange(stopping, nullptr)->set_value();
}

void ConsensusDriver::Impl::Stop(uint64_t limit_ms) {
  if (!running) return;
  running = false;
  std::promise<void> done;
  auto done_future = done.get_future();
  loop->Post([this, limit_ms, &done] {
    stopping = &done;
    if (replica == nullptr || stopped) return Ended();
    replica->Stop(clock.MonotonicUs() + limit_ms * 1000, [this](Status) {
      stopped = true;
      Ended();
    });
  });
  done_future.wait();
  loop->Stop();
  thread.join();
  transport->SetReplica(nullptr);
  disk_threads.reset();
  replica.reset();
  founder.reset();
  if (storage->initialised()) {
    if (Status closed = storage->log().Close(); !closed.ok())
      LogError("closing the log: {}", closed.message());
  }
  transport.reset();
  resolver.reset();
  storage.reset();
}

ConsensusDriver::ConsensusDriver(const ServerOptions& options, Clock& clock,
                                 const CommandTable& table, uint32_t io_threads,
                                 ConsensusListener& listener)
    : impl_(std::make_unique<Impl>(options, clock, table, io_threads, listener)) {}

ConsensusDriver::~ConsensusDriver() { Stop(0); }

Status ConsensusDriver::Start(std::shared_ptr<const TlsContext> cluster_keys) {
  return impl_->Start(std::move(cluster_keys));
}
void ConsensusDriver::SetClusterKeys(std::shared_ptr<const TlsContext> cluster_keys) {
  impl_->loop->Post([impl = impl_.get(), keys = std::move(cluster_keys)]() mutable {
    impl->transport->SetKeys(std::move(keys));
  });
}
void ConsensusDriver::Stop(uint64_t limit_ms) { impl_->Stop(limit_ms); }
void ConsensusDriver::SetThreads(std::vector<IoThread*> threads) {
  impl_->machine.SetThreads(std::move(threads));
}
Core& ConsensusDriver::core() { return impl_->core; }

void ConsensusDriver::Submit(std::unique_ptr<ClientBatch> batch, bool quietly) {
  auto task = [machine = &impl_->machine, batch = std::move(batch)](Replica* replica) mutable {
    if (replica != nullptr) return replica->Submit(std::move(batch));
    machine->Complete(std::move(batch),
                      Outcome{Status(ErrorCode::kNotCommitted,
                                     "not written: this instance has not found its cluster yet")});
  };
  if (quietly)
    PostQuietly(std::move(task));
  else
    Post(std::move(task));
}

void ConsensusDriver::PostQuietly(std::move_only_function<void(Replica*)> task) {
  impl_->loop->PostQuietly([impl = impl_.get(), task = std::move(task)]() mutable {
    task(impl->stopped ? nullptr : impl->replica.get());
  });
}

void ConsensusDriver::Post(std::move_only_function<void(Replica*)> task) {
  PostQuietly(std::move(task));
  impl_->loop->Wake();
}

void ConsensusDriver::TryDrive() { impl_->loop->TryDrive(); }

uint64_t ConsensusDriver::timers_us() const {
  return impl_->loop == nullptr ? 0 : impl_->loop->timers_us();
}

Readiness ConsensusDriver::readiness() const { return impl_->readiness.readiness(); }

std::string ConsensusDriver::why() const { return impl_->readiness.why(); }

std::string ConsensusDriver::Forming() const {
  if (!impl_->forming.load(std::memory_order_relaxed)) return {};
  const auto now = status();
  const auto voters = std::ranges::count_if(now->members, [](const MemberStatus& member) {
    return member.member.role == MemberRole::kVoter;
  });
  const int wanted = (impl_->options.expect - 1) | 1;  // The number of voters is kept odd.
  if (voters < wanted)
    return fmt::format("its cluster is being formed: {} of {} instances vote", voters, wanted);
  impl_->forming = false;
  return {};
}

bool ConsensusDriver::can_submit() const {
  return impl_->can_submit.load(std::memory_order_relaxed);
}

bool ConsensusDriver::disk_full() const { return impl_->disk_full.load(std::memory_order_relaxed); }

std::shared_ptr<const ReplicaStatus> ConsensusDriver::status() const {
  MutexLock guard(impl_->mutex);
  return impl_->status;
}

uint16_t ConsensusDriver::raft_port() const { return impl_->raft_port; }

InstanceMeta ConsensusDriver::meta() const {
  MutexLock guard(impl_->mutex);
  return impl_->meta;
}

}  // namespace mydis
