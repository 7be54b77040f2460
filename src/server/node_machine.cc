#include "server/node_machine.h"

#include <algorithm>
#include <utility>

#include "commands/acl_rights.h"
#include "server/io_thread.h"
#include "server/server_submission.h"
#include "state/restore_stage.h"

namespace mydis {
namespace {

constexpr size_t kSliceBytes = 64 << 10;  // Serialised under one shared lock.
constexpr size_t kBlockBytes = 1 << 20;

// Reads the state slice by slice, so that Apply never waits long for it.
class StateSnapshot final : public SnapshotProducer {
 public:
  explicit StateSnapshot(Core& core) : core_(core), taker_(core.machine) {}
  Status Next(std::string& block) override {
    while (block.size() < kBlockBytes) {
      core_.lock.LockShared(core_.snapshot_slot);
      auto more = taker_.Next(kSliceBytes, block);
      core_.lock.UnlockShared(core_.snapshot_slot);
      if (!more) return more.error();
      if (!*more) break;
    }
    return Status::Ok();
  }

 private:
  Core& core_;
  SnapshotTaker taker_;
};

}  // namespace

NodeMachine::NodeMachine(Core& core, Events events)
    : core_(core),
      events_(std::move(events)),
      random_(RandomSeed()),
      announcer_(core.audience),
      recorder_(core, announcer_) {
  core_.AddListener(&announcer_);
  core_.machine.set_removal_listener(this);
  core_.machine.set_request_listener(&core_.blocked);
}

void NodeMachine::SetThreads(std::vector<IoThread*> threads) {
  outbox_.SetThreads(std::move(threads));
}

void NodeMachine::BeginApply() MYDIS_NO_THREAD_ANALYSIS { core_.lock.LockExclusive(); }

void NodeMachine::Published() {
  const State& state = core_.machine.state();
  core_.changes.store(announcer_.changes(), std::memory_order_relaxed);
  core_.resp_limits.max_bulk = state.settings.proto_max_bulk_len();
  core_.strong_writes.store(state.settings.strong_writes(), std::memory_order_relaxed);
  const uint64_t counted = state.CountedBytes();
  core_.counted_bytes.store(counted, std::memory_order_relaxed);
  if (counted > core_.counted_bytes_peak.load(std::memory_order_relaxed))
    core_.counted_bytes_peak.store(counted, std::memory_order_relaxed);
  if (state.users.version() != users_version_) [[unlikely]]
    PublishUsers();
  core_.out_of_memory.store(state.OutOfMemory(), std::memory_order_relaxed);
}

// What was checked before is checked again.
void NodeMachine::PublishUsers() {
  const AclUsers& users = core_.machine.state().users;
  users_version_ = users.version();
  core_.default_open.store(users.Find(kDefaultUser)->open(), std::memory_order_relaxed);
  core_.users_version.fetch_add(1);
  // Nothing is tried any more for those who may not have it; their threads will tell them.
  core_.blocked.LeaveIf([&](const Waiter& waiter) {
    if (waiter.user.empty()) return false;
    const auto rights = RightsOf(core_.table, users, waiter.user);
    if (rights == nullptr || rights->user().id != waiter.user_id) return true;
    if (rights->unrestricted()) return false;
    const std::vector<std::string_view> words(waiter.words.begin(), waiter.words.end());
    return !rights->Check(*waiter.spec, words).ok();
  });
}

void NodeMachine::EndApply(uint64_t) MYDIS_NO_THREAD_ANALYSIS {
  Published();
  HandOverNews();
  core_.lock.UnlockExclusive();
}

// Still under the lock: who sees what was applied also sees that news of it is on its way.
void NodeMachine::HandOverNews() {
  if (recorder_.TakeNews()) [[unlikely]]
    outbox_.AnnounceHistory(core_.audience.watchers());
  const std::shared_ptr<const News> news = announcer_.Take();
  if (news == nullptr) [[likely]]
    return;
  outbox_.Announce(news);
}

bool NodeMachine::Apply(const LogEntry& entry, const Envelope& envelope, Submission* local) {
  ApplyObserver* observer = nullptr;
  if (local != nullptr && envelope.kind == EntryBody::kCommands)
    observer = static_cast<ServerSubmission*>(local)->BeginApply(core_);
  announcer_.BeginEntry(entry.index, core_.machine.state(),
                        observer == nullptr ? nullptr : static_cast<ServerSubmission*>(local));
  recorder_.BeforeEntry(std::max(envelope.time_ms, core_.machine.state().time_ms));
  auto applied = core_.machine.Apply(*entry.data, observer);
  if (!applied) {
    events_.on_fatal(applied.error());
    return false;
  }
  recorder_.AfterEntry(applied->due);
  check_ = applied->check;
  if (observer != nullptr && applied->fresh) {
    static_cast<ServerSubmission*>(local)->WasApplied(
        std::string_view(*entry.data).substr(kEnvelopeSize));
  }
  core_.expired_keys.fetch_add(applied->expired, std::memory_order_relaxed);
  core_.evicted_keys.fetch_add(applied->evicted, std::memory_order_relaxed);
  advisor_.OnEvicted(applied->evicted);
  if (envelope.kind == EntryBody::kPulse) advisor_.OnPulse();
  core_.cluster_clock.OnApplied(envelope.time_ms, readiness_ == Readiness::kReady && !leader_.self);
  return applied->fresh;
}

void NodeMachine::OnManyBegin(Cause) { removing_since_us_ = core_.clock.MonotonicUs(); }

void NodeMachine::OnManyEnd(Cause cause) {
  events_.on_latency(cause == Cause::kExpiry ? "expire-cycle" : "eviction-cycle",
                     core_.clock.MonotonicUs() - removing_since_us_);
}

void NodeMachine::Complete(std::unique_ptr<Submission> submission, const Outcome& outcome) {
  std::unique_ptr<ServerSubmission> returned(static_cast<ServerSubmission*>(submission.release()));
  ServerSubmission& batch = *returned;
  batch.Return(std::move(returned), outcome, outbox_);
}

bool NodeMachine::OriginKnown(uint64_t origin) const {
  return core_.machine.state().origins.Known(origin);
}

uint64_t NodeMachine::OriginLastApplied(uint64_t origin) const {
  return core_.machine.state().origins.LastApplied(origin);
}

uint64_t NodeMachine::OriginOf(std::string_view instance_id) const {
  return core_.machine.state().origins.OriginOf(instance_id);
}

Machine::Stamp NodeMachine::NextStamp() { return {core_.cluster_clock.Stamp(), random_.Next()}; }

uint64_t NodeMachine::PulseDelayUs() {
  const State& state = core_.machine.state();
  const auto key = state.keyspace.NextDeadline();
  const uint64_t stage = state.restoring ? state.restoring->Ends() : UINT64_MAX;
  const uint64_t next = std::min({key ? static_cast<uint64_t>(*key) : UINT64_MAX,
                                  state.users.NextEnd(), stage, state.RequestsDueMs()});
  return next == UINT64_MAX ? kNoPulse : core_.cluster_clock.UntilUs(static_cast<int64_t>(next));
}

std::string NodeMachine::TakeAdvice() {
  return advisor_.Take(core_.machine.state(), core_.cluster_clock.NowMs(), random_);
}

Result<std::unique_ptr<SnapshotProducer>> NodeMachine::StartSnapshot() {
  // What it has brought is in no snapshot, and what is in none must stay in the log.
  if (core_.machine.state().restoring != nullptr)
    return Fail(ErrorCode::kBusy, "a backup is being restored");
  core_.changes_saved.store(announcer_.changes(), std::memory_order_relaxed);
  return std::make_unique<StateSnapshot>(core_);
}

void NodeMachine::BeginRestore() {
  // What an attempt that was given up has brought goes the way of all that is large.
  if (incoming_ != nullptr) incoming_->Reset(0);
  incoming_ = std::make_unique<StateMachine>(core_.table, 0);
  incoming_->set_reclaimer(&core_.reclaimer);
  loader_ = std::make_unique<SnapshotLoader>(*incoming_);
}

Status NodeMachine::RestoreBlock(std::string_view bytes) { return loader_->Add(bytes); }

Status NodeMachine::FinishRestore(uint64_t) {
  if (Status status = loader_->Finish(); !status.ok()) return status;
  loader_.reset();
  core_.lock.LockExclusive();
  core_.machine.TakeStateOf(*incoming_);
  core_.blocked.OnFlush(std::nullopt);
  core_.blocked.RetryRequests();
  Published();
  PublishUsers();
  recorder_.Restart();
  HandOverNews();
  core_.lock.UnlockExclusive();
  incoming_.reset();
  core_.cluster_clock.OnApplied(core_.machine.state().time_ms, false);
  return Status::Ok();
}

uint64_t NodeMachine::ApproximateSize() const {
  return core_.machine.state().keyspace.MemoryBytes();
}

void NodeMachine::OnLeader(const LeaderInfo& leader) {
  leader_ = leader;
  advisor_.OnLeader();
  events_.on_leader(leader);
}

void NodeMachine::OnMembers(const Members&) { events_.on_members(); }

void NodeMachine::OnReadiness(Readiness readiness, const std::string& why) {
  readiness_ = readiness;
  // What is applied from now on is new; or what follows will be missed.
  announcer_.set_ready(readiness == Readiness::kReady);
  if (readiness != Readiness::kReady) {
    for (IoThread* thread : outbox_.threads()) {
      thread->loop().Post([thread] {
        thread->listeners().CloseSubscribers("this instance is no longer up to date");
      });
    }
  }
  events_.on_readiness(readiness, why);
  // From now on the users that this instance knows are those of its cluster, or no longer.
  PublishUsers();
  for (IoThread* thread : outbox_.threads())
    thread->loop().Post([thread] { thread->CheckUsers(); });
}

void NodeMachine::OnCanSubmit() { events_.on_can_submit(); }

void NodeMachine::OnFatal(const Status& status) { events_.on_fatal(status); }

}  // namespace mydis
