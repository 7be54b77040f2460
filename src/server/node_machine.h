// What the replica replicates here: the state machine under its lock, with the clients' batches
// that wait for their replies.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/machine.h"
#include "server/announcer.h"
#include "server/core.h"
#include "server/eviction_advisor.h"
#include "server/history_recorder.h"
#include "server/mail.h"
#include "state/snapshot_taker.h"

namespace mydis {

// The consensus thread.
class NodeMachine final : public Machine, private RemovalListener {
 public:
  struct Events {
    std::function<void(const LeaderInfo&)> on_leader;
    std::function<void()> on_members;
    std::function<void(Readiness, const std::string&)> on_readiness;
    std::function<void()> on_can_submit;
    std::function<void(const Status&)> on_fatal;
    // An event of LATENCY, and how long it took.
    std::function<void(std::string_view event, uint64_t microseconds)> on_latency;
  };
  NodeMachine(Core& core, Events events);

  // Lets the I/O threads that sleep write the replies of small batches, on this thread. After the
  // turn, with no lock held.
  void DriveReplies() { outbox_.Drive(); }

  void BeginApply() override;
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
  std::string TakeAdvice() override;
  Result<std::unique_ptr<SnapshotProducer>> StartSnapshot() override;
  void BeginRestore() override;
  Status RestoreBlock(std::string_view bytes) override;
  Status FinishRestore(uint64_t applied) override;
  uint64_t ApproximateSize() const override;
  void OnLeader(const LeaderInfo& leader) override;
  void OnMembers(const Members& members) override;
  void OnReadiness(Readiness readiness, const std::string& why) override;
  void OnCanSubmit() override;
  void OnFatal(const Status& status) override;

  // Whose mail this machine makes; before the first entry is applied.
  void SetThreads(std::vector<IoThread*> threads);
  const std::vector<IoThread*>& threads() const { return outbox_.threads(); }
  // The replica's turn is over: what it has brought is handed to the I/O threads.
  void SendMail() { outbox_.Send(); }

 private:
  void Published();
  void PublishUsers();
  void HandOverNews();
  void OnManyBegin(Cause cause) override;
  void OnManyEnd(Cause cause) override;

  Core& core_;
  const Events events_;
  Random random_;
  LeaderInfo leader_;
  Announcer announcer_;
  HistoryRecorder recorder_;
  uint64_t users_version_ = 0;  // Of the users that connections were told of.
  Outbox outbox_;
  EvictionAdvisor advisor_;
  std::optional<StateCheck> check_;  // Of the last entry.
  Readiness readiness_ = Readiness::kStarting;
  uint64_t removing_since_us_ = 0;
  // A restored state is put together apart and takes its place at the end.
  std::unique_ptr<StateMachine> incoming_;
  std::unique_ptr<SnapshotLoader> loader_;
};

}  // namespace mydis
