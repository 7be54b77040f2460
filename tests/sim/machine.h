// The real state machine behind the replica's Machine interface, with an observer looking on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "commands/table.h"
#include "consensus/machine.h"
#include "observer.h"
#include "state/reply.h"
#include "state/snapshot_taker.h"
#include "state/state_machine.h"

namespace mydis::sim {

// Which promise to break, to see that it is noticed.
struct SimFaults {
  bool ack_before_sync = false;
  bool forget_origins = false;
  bool skip_read_barrier = false;
  bool any() const { return ack_before_sync || forget_origins || skip_read_barrier; }
};

// A reply as one line of text.
class TextReply final : public Reply {
 public:
  explicit TextReply(std::string& out) : out_(out) {}
  void Simple(std::string_view text) override { Add('+', text); }
  void Error(std::string_view text) override { Add('-', text); }
  void Integer(int64_t value) override { Add(':', std::to_string(value)); }
  void Bulk(std::string_view bytes) override { Add('$', bytes); }
  void Null() override { Add('_', ""); }
  void NullArray() override { Add('_', ""); }
  void ArrayHeader(size_t count) override { Add('*', std::to_string(count)); }
  void MapHeader(size_t pairs) override { Add('%', std::to_string(pairs)); }
  void SetHeader(size_t count) override { Add('~', std::to_string(count)); }
  void PushHeader(size_t count) override { Add('>', std::to_string(count)); }
  void AttributeHeader(size_t pairs) override { Add('|', std::to_string(pairs)); }
  void Double(double value) override { Add(',', std::to_string(value)); }
  void Bool(bool value) override { Add('#', value ? "t" : "f"); }
  void BigNumber(std::string_view digits) override { Add('(', digits); }
  void Verbatim(std::string_view, std::string_view text) override { Add('=', text); }
  size_t OpenArray() override { return 0; }
  void CloseArray(size_t, size_t) override {}
  int resp_version() const override { return 2; }

 private:
  void Add(char type, std::string_view text) {
    if (!out_.empty()) out_ += ' ';
    out_ += type;
    out_ += text;
  }
  std::string& out_;
};

// What a client submits: commands, and what is to be done with the answer.
struct SimSubmission final : Submission, ApplyObserver {
  std::string reply;
  TextReply writer{reply};
  std::function<void(const SimSubmission&, const Outcome&)> done;

  Reply& BeginCommand(uint32_t) override { return writer; }
  void BeginTransaction(uint32_t, bool aborted) override {
    if (aborted) writer.NullArray();
  }
  Reply& ElementReply(uint32_t, uint32_t) override { return writer; }
  void End(uint32_t, bool) override {}
  void NotRun(uint32_t) override { writer.Simple("not run"); }
};

// Of every simulated cluster.
inline constexpr uint64_t kHashSeed = 42;

// What a read gives on the state as it is.
std::string RunRead(const CommandTable& table, const StateMachine& machine,
                    const std::vector<std::string>& words);

// Thread: one.
class SimMachine final : public Machine {
 public:
  struct Hooks {
    std::function<void(const Status&)> fatal;
    std::function<void()> can_submit;
  };
  SimMachine(uint32_t instance, Clock& clock, const CommandTable& table, Observer& observer,
             const SimFaults& faults, uint64_t seed, Hooks hooks);

  void BeginApply() override {}
  void EndApply(uint64_t applied) override;
  bool Apply(const LogEntry& entry, const Envelope& envelope, Submission* local) override;
  std::optional<StateCheck> TakeCheck() override { return std::exchange(check_, std::nullopt); }
  uint32_t CheckFormat() const override { return kCheckFormat; }
  void Complete(std::unique_ptr<Submission> submission, const Outcome& outcome) override;
  bool OriginKnown(uint64_t origin) const override;
  uint64_t OriginLastApplied(uint64_t origin) const override;
  uint64_t OriginOf(std::string_view instance_id) const override;
  Stamp NextStamp() override;
  uint64_t PulseDelayUs() override;
  Result<std::unique_ptr<SnapshotProducer>> StartSnapshot() override;
  void BeginRestore() override;
  Status RestoreBlock(std::string_view bytes) override;
  Status FinishRestore(uint64_t applied) override;
  uint64_t ApproximateSize() const override { return 1 << 16; }
  void OnLeader(const LeaderInfo& leader) override;
  void OnMembers(const Members&) override {}
  void OnReadiness(Readiness, const std::string&) override {}
  void OnCanSubmit() override { hooks_.can_submit(); }
  void OnFatal(const Status& status) override { hooks_.fatal(status); }

  // What a read on this instance gives now.
  std::string Read(const std::vector<std::string>& words) const {
    return RunRead(table_, machine_, words);
  }
  uint64_t Digest() const { return machine_.Digest(); }
  const State& state() const { return machine_.state(); }
  uint64_t applied() const { return applied_; }
  // Makes the state another than the others' have; corrupt() until it has been put right.
  void Corrupt() { machine_.Corrupt(kCorruptKey); }
  bool corrupt() const { return machine_.state().keyspace.Find(0, kCorruptKey) != nullptr; }

 private:
  uint64_t NowMs() const;

  static constexpr std::string_view kCorruptKey = "no client's";

  uint32_t instance_;
  Clock& clock_;
  const CommandTable& table_;
  Observer& observer_;
  SimFaults faults_;
  Random random_;
  Hooks hooks_;
  StateMachine machine_;
  std::optional<StateCheck> check_;  // Of the last entry.
  std::unique_ptr<SnapshotLoader> loader_;
  uint64_t applied_ = 0;
  uint64_t stamped_ms_ = 0;
  uint64_t stamped_us_ = 0;  // When that was, on the monotonic clock.
};

}  // namespace mydis::sim
