#include "library/instance_reader.h"

#include "base/use_clock.h"
#include "commands/acl_rights.h"
#include "library/value_reply.h"
#include "server/slow_call.h"

namespace mydis {

// The memory of the first key comes nearer, step by step, while the rest is seen to: what a single
// look-up costs is waiting for it.
class InstanceReader::Approach {
 public:
  Approach(const Keyspace& keyspace, uint32_t db, Args args)
      : keyspace_(keyspace), db_(db), any_(args.size() > 1) {
    if (!any_) return;
    hash_ = keyspace.HashOf(args[1]);
    keyspace.PrefetchTable(db, hash_);
  }
  void ToSlot() const {
    if (any_) keyspace_.PrefetchSlot(db_, hash_);
  }
  void ToEntry() const {
    if (any_) keyspace_.PrefetchEntry(db_, hash_);
  }

 private:
  const Keyspace& keyspace_;
  const uint32_t db_;
  const bool any_;
  uint64_t hash_ = 0;
};

InstanceReader::InstanceReader(std::shared_ptr<StateVisits> visits, const SessionOptions& session)
    : visits_(std::move(visits)),
      database_(static_cast<uint32_t>(session.database)),
      user_(session.user),
      strong_(session.read_consistency.value_or(visits_->node().options().read_consistency) ==
              Consistency::kStrong) {}

std::optional<Result<Value>> InstanceReader::TryRead(CallKind kind, const Words& words,
                                                     const CallOptions& options,
                                                     uint64_t min_revision, uint64_t* revision) {
  const bool strong = options.consistency ? *options.consistency == Consistency::kStrong : strong_;
  const Args args = words.views();
  if (strong || args.empty() || database_ >= kDatabases) return std::nullopt;
  // What may be a write is told from a read before it waits for those who write.
  if (kind != CallKind::kRead && SpecToRead(args) == nullptr) return std::nullopt;
  const StateVisits::Visit visit(*visits_);
  if (!visit) return std::nullopt;
  const Approach approach(visit.state().keyspace, database_, args);
  const CommandSpec* spec = SpecToRead(args);
  if (spec == nullptr) return std::nullopt;
  approach.ToSlot();
  if (visit.state().revision < min_revision || !MayAnswer(visit, *spec, args)) return std::nullopt;
  std::optional<Value> value = Run(visit, *spec, args, approach);
  if (!value) return std::nullopt;
  *revision = visit.state().revision;
  return *std::move(value);
}

const CommandSpec* InstanceReader::SpecToRead(Args args) const {
  const CommandSpec* spec = visits_->node().table().Resolve(args);
  if (spec == nullptr || spec->handler.read == nullptr || spec->plan_wait != nullptr ||
      spec->group == Group::kScripting || !ArityFits(*spec, args.size()))
    return nullptr;
  return spec;
}

bool InstanceReader::MayAnswer(const StateVisits::Visit& visit, const CommandSpec& spec,
                               Args args) const {
  Node& node = visit.node();
  if (node.consensus().readiness() != Readiness::kReady || node.PausedNow(false) ||
      node.core().audience.monitors() != 0 || node.core().TellsMisses()) [[unlikely]]
    return false;
  if (user_.empty()) [[likely]]
    return true;
  const auto rights = RightsOf(node.table(), visit.state().users, user_);
  return rights != nullptr && (rights->unrestricted() || (rights->Check(spec, args).ok() &&
                                                          rights->CheckSort(spec, args).empty()));
}

std::optional<Value> InstanceReader::Run(const StateVisits::Visit& visit, const CommandSpec& spec,
                                         Args args, const Approach& approach) const {
  Node& node = visit.node();
  const State& state = visit.state();
  CommandCount& counts = visit.CountsOf(spec);
  const uint64_t calls = counts.calls.load(std::memory_order_relaxed);
  const CallTimer timer(calls % kTimedOneIn == 0 || node.config().Times(spec));
  const LookupCount before = thread_lookups;
  approach.ToEntry();
  ValueReply reply;
  ReadContext context{args,           reply,     state,
                      state.keyspace, database_, node.core().cluster_clock.NowMs(),
                      visit.random()};
  const UseScope uses(context.now_ms, state.settings.use_rule());
  spec.handler.read(context);
  if (reply.failed()) return std::nullopt;
  ThreadStats& stats = visit.stats();
  AddTo(stats.commands, 1);
  AddTo(counts.calls, 1);
  const LookupCount found = thread_lookups - before;
  if (found.hits != 0) AddTo(stats.keyspace_hits, found.hits);
  if (found.misses != 0) AddTo(stats.keyspace_misses, found.misses);
  if (timer.on()) {
    const uint64_t nanoseconds = timer.Nanoseconds();
    counts.AddTime(nanoseconds);
    if (node.config().IsSlow(nanoseconds)) [[unlikely]]
      NoteSlowCall(node, spec, args, nanoseconds, {std::string(kOwnAddress), {}});
  }
  return std::move(reply).Take();
}

}  // namespace mydis
