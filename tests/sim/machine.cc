#include "machine.h"

#include <algorithm>

namespace mydis::sim {
namespace {

// Digests are taken of the whole state, so not after every entry.
constexpr uint64_t kDigestEvery = 50;
constexpr size_t kBlock = 4096;

class Producer final : public SnapshotProducer {
 public:
  explicit Producer(StateMachine& machine) : taker_(machine) {}
  Status Next(std::string& block) override {
    while (block.empty() && !finished_) {
      auto more = taker_.Next(kBlock, block);
      if (!more) return more.error();
      finished_ = !*more;
    }
    return Status::Ok();
  }

 private:
  SnapshotTaker taker_;
  bool finished_ = false;
};

}  // namespace

SimMachine::SimMachine(uint32_t instance, Clock& clock, const CommandTable& table,
                       Observer& observer, const SimFaults& faults, uint64_t seed, Hooks hooks)
    : instance_(instance),
      clock_(clock),
      table_(table),
      observer_(observer),
      faults_(faults),
      random_(seed),
      hooks_(std::move(hooks)),
      machine_(table, kHashSeed) {
  machine_.set_checks({.period_ms = 1000, .partitions = kPartitions});
}

void SimMachine::EndApply(uint64_t applied) { applied_ = applied; }

bool SimMachine::Apply(const LogEntry& entry, const Envelope& envelope, Submission* local) {
  auto* submission = static_cast<SimSubmission*>(local);
  auto applied = machine_.Apply(*entry.data, submission);
  if (!applied) {
    observer_.Fail("an entry cannot be applied: " + applied.error().message());
    return false;
  }
  check_ = applied->check;
  observer_.OnApply(instance_, entry, envelope, applied->fresh);
  if (entry.index % kDigestEvery == 0 && !corrupt())
    observer_.OnDigest(instance_, entry.index, machine_.Digest());
  return applied->fresh;
}

void SimMachine::Complete(std::unique_ptr<Submission> submission, const Outcome& outcome) {
  auto* mine = static_cast<SimSubmission*>(submission.get());
  if (mine->done) mine->done(*mine, outcome);
}

bool SimMachine::OriginKnown(uint64_t origin) const {
  return machine_.state().origins.Known(origin);
}
uint64_t SimMachine::OriginLastApplied(uint64_t origin) const {
  return machine_.state().origins.LastApplied(origin);
}
uint64_t SimMachine::OriginOf(std::string_view instance_id) const {
  return machine_.state().origins.OriginOf(instance_id);
}

// While the wall clock is behind, time goes on at half its pace.
uint64_t SimMachine::NowMs() const {
  const uint64_t since_ms = stamped_us_ == 0 ? 0 : (clock_.MonotonicUs() - stamped_us_) / 1000;
  return std::max({stamped_ms_ + since_ms / 2, machine_.state().time_ms, clock_.WallMs()});
}

Machine::Stamp SimMachine::NextStamp() {
  const uint64_t now_ms = NowMs();
  // Not at every stamp, or nothing would be left of half a millisecond.
  if (now_ms > stamped_ms_) {
    stamped_ms_ = now_ms;
    stamped_us_ = clock_.MonotonicUs();
  }
  return {stamped_ms_, random_.Next()};
}

uint64_t SimMachine::PulseDelayUs() {
  const auto deadline = machine_.state().keyspace.NextDeadline();
  if (!deadline) return kNoPulse;
  const uint64_t now = NowMs();
  const uint64_t due = static_cast<uint64_t>(*deadline);
  return due <= now ? 0 : (due - now) * 1000;
}

Result<std::unique_ptr<SnapshotProducer>> SimMachine::StartSnapshot() {
  return std::unique_ptr<SnapshotProducer>(std::make_unique<Producer>(machine_));
}

void SimMachine::BeginRestore() { loader_ = std::make_unique<SnapshotLoader>(machine_); }

Status SimMachine::RestoreBlock(std::string_view bytes) { return loader_->Add(bytes); }

Status SimMachine::FinishRestore(uint64_t applied) {
  Status status = loader_->Finish();
  loader_.reset();
  if (!status.ok()) return status;
  machine_.CheckInvariants();
  if (faults_.forget_origins) const_cast<State&>(machine_.state()).origins = Origins();
  applied_ = applied;
  if (applied % kDigestEvery == 0 && !corrupt())
    observer_.OnRestore(instance_, applied, machine_.Digest());
  return Status::Ok();
}

void SimMachine::OnLeader(const LeaderInfo& leader) {
  if (leader.self) observer_.OnLeader(instance_, leader.term);
}

std::string RunRead(const CommandTable& table, const StateMachine& machine,
                    const std::vector<std::string>& words) {
  std::vector<std::string_view> args(words.begin(), words.end());
  std::string text;
  TextReply reply(text);
  Random random(1);
  State& state = const_cast<State&>(machine.state());
  WriteContext context{args, reply, state, state.keyspace, 0, state.time_ms, random};
  table.Run(table.Look(args), context);
  return text;
}

}  // namespace mydis::sim
