// What is inside a Replica. Included by its sources alone:
//   replica.cc          the public calls, opening, founding
//   replica_turn.cc     the core's turns: inputs, Ready, writes, messages out
//   replica_apply.cc    applying entries and installing snapshots, slice by slice
//   replica_receive.cc  messages in
//   replica_repair.cc   comparing states with the other members, fetching theirs
//   replica_admin.cc    membership, administration, stopping, snapshots
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "consensus/append_flights.h"
#include "consensus/digest_exchange.h"
#include "consensus/log_cache.h"
#include "consensus/membership_coordinator.h"
#include "consensus/origin_queue.h"
#include "consensus/reach_tracker.h"
#include "consensus/read_barriers.h"
#include "consensus/ref_table.h"
#include "consensus/replica.h"
#include "consensus/snapshot_fetcher.h"
#include "consensus/snapshot_job.h"
#include "consensus/snapshot_sender.h"
#include "consensus/submit_intake.h"

namespace mydis {

// Of entries that are applied, where nobody else may ask for them.
inline constexpr uint64_t kLogCacheAloneBytes = 1 << 20;

class ReplicaImpl {
 public:
  ReplicaImpl(const ReplicaOptions& options, const ReplicaEnv& env, const ReplicaFaults* faults);
  ~ReplicaImpl();

  // replica.cc
  Status Open();
  ReplicaStatus GetStatus() const;
  void Submit(std::unique_ptr<Submission> submission);
  bool CanSubmit() const;
  bool NoRoomOnDisk() const { return disk_full_ || space_low_; }
  void Barrier(uint64_t deadline_us, Replica::Callback done);
  void WatchApplied(uint64_t index, uint32_t needed_applied, uint32_t needed_durable,
                    uint64_t deadline_us, ReachTracker::Callback done);
  LeaderInfo Leader() const { return {state_.leader, state_.term, Leading()}; }
  const Members& members() const { return members_; }
  const Member& self() const { return self_; }
  std::string NameOf(uint64_t raft_id) const;
  uint64_t cluster_id() const { return options_.meta.cluster_id; }
  uint64_t applied() const { return applied_; }
  uint64_t commit() const { return state_.commit; }
  Readiness readiness() const { return readiness_; }

  // replica_turn.cc
  uint64_t Turn();

  // replica_receive.cc
  void Receive(uint64_t from, WireMessage message);
  void ReceiveRequest(WireMessage message, Respond respond);
  void OnHello(const Member& peer);
  void OnConnected(uint64_t peer, Channel channel);
  void OnUnreachable(uint64_t peer, const std::string& why);

  // replica_admin.cc
  void Admin(AdminRequest request, Replica::AdminCallback done);
  void Invite(const std::string& host, uint16_t raft_port, Replica::AdminCallback done);
  void TakeSnapshot(Replica::Callback done);
  Result<std::unique_ptr<SnapshotSource>> OpenSnapshot();
  void WantSnapshot() { snapshot_wanted_ = true; }
  void Stop(uint64_t deadline_us, Replica::Callback done);

 private:
  // A message of the core on its way out.
  struct RaftOut {
    uint64_t to = 0;
    Channel channel = Channel::kUrgent;
    uint64_t first = 0;  // The entries that it brings; 0: none.
    uint64_t last = 0;
    WireMessage message;
  };
  // A Ready of the core between being given out and being durable.
  struct Pending {
    std::vector<LogEntry> entries;
    std::optional<HardState> hard_state;
    std::optional<SnapshotMetadata> snapshot;
    std::vector<RaftOut> messages;  // To be sent once it is durable.
    struct SnapshotMessage {
      uint64_t to;
      SnapshotId id;
      std::string bytes;
    };
    std::vector<SnapshotMessage> snapshots;
    uint64_t last_committed = 0;
  };
  struct PendingAdmin {
    AdminRequest request;
    Replica::AdminCallback done;
    uint64_t deadline_us = 0;
    uint64_t send_us = 0;  // When to send it (again).
    uint64_t asked = 0;    // The leader that was asked first.
  };
  struct PendingInvite {
    std::string host;
    uint16_t port;
    uint64_t deadline_us;
    bool accepted = false;
    Replica::AdminCallback done;
  };
  // This instance's state is wrong: nothing is applied until it has been replaced.
  struct Repair {
    uint64_t index = 0;             // A snapshot of this index or later will do.
    std::vector<uint64_t> sources;  // Members whose state is right.
    size_t asked = 0;               // How often they have been asked, in turn.
    uint64_t ask_us = 0;            // When to ask (again).
    uint64_t lead_until_us = 0;     // So long it tries to have somebody else lead first.
    uint64_t transfer_us = 0;       // When to hand leadership over (again).
    uint64_t progress = 0;          // Of the fetcher, when it was last seen to move.
    uint64_t stalled_us = 0;        // When the fetcher counts as left alone by its source.
    std::optional<SnapshotId> fetched;
  };
  struct StopRequest {
    uint64_t deadline_us;
    uint64_t transfer_us = 0;  // When leadership was offered last.
    Replica::Callback done;
  };

  // replica.cc
  Status Found();
  Status RestoreAtStart(const SnapshotInfo& info);
  Status StartEngine();
  void Fatal(const Status& status);
  bool Leading() const { return state_.role == RaftRole::kLeader; }
  bool LeaderKnown() const { return state_.leader != 0; }
  uint64_t Now() { return env_.clock.MonotonicUs(); }
  Random& random() { return random_; }

  // replica_turn.cc
  void Ticks(uint64_t now);
  void PumpInputs(uint64_t now);
  uint64_t NextPulseUs(uint64_t now);
  void ProposePulse(uint64_t now);
  uint64_t ProposeStamped(const Payload& payload);
  bool MayCampaign() const { return advanced_to_ >= state_.commit; }
  void CampaignIfAsked();
  void RunEngine();
  void TakeOutput(const TurnOutput& out);
  void OnRaftState(const RaftState& state);
  void UpdateGate();
  void TakeReady(const Ready& ready);
  void FillCache(const Ready& ready);
  RaftOut RaftMessage(const OutMessage& message);
  bool SaidBefore(const OutMessage& message);
  void SendRaft(RaftOut out);
  bool DiskWorks();
  void StartWrite();
  void Written(Status status);
  void FinishReady();
  void CheckSpare();
  void SettleLog(uint64_t now);

  // replica_apply.cc
  void ApplySlice();
  void ApplyOne(const LogEntry& entry);
  bool ApplyConfChange(const LogEntry& entry);
  void ApplyData(const LogEntry& entry);
  Result<LogEntry> EntryAt(uint64_t index);
  Result<uint64_t> TermAt(uint64_t index);
  void RestoreSlice();
  void BeginRestore();
  void FinishRestore();
  void MembersChanged();
  // What the log's cache may take.
  uint64_t CacheBytes() const {
    return members_.all().size() > 1 ? options_.log_cache_bytes
                                     : std::min(options_.log_cache_bytes, kLogCacheAloneBytes);
  }
  void CompleteAll();
  void CompleteStrong(std::unique_ptr<Submission> submission, const Reach& reach);
  void TellWhomItMisses();
  void SetReadiness(Readiness readiness, std::string why);
  void BecomeReadyLater();

  // replica_repair.cc
  void Compare(uint64_t index, const StateCheck& check);
  void PumpDigests(uint64_t now);
  void StartRepair(const DigestExchange::Difference& difference);
  void PumpRepair(uint64_t now);
  void Fetched(SnapshotId id);
  void RepairSlice();
  void Repaired();
  void ServeAsks(uint64_t now);
  bool Repairing() const { return repair_.has_value(); }

  // replica_receive.cc
  void ReceiveRaft(uint64_t from, WireMessage message);
  void ReceiveRpc(uint64_t from, WireMessage message);
  void ReceiveAdmin(uint64_t from, const WireAdmin& admin);
  void ReceiveAdminAnswer(const WireAdminAnswer& answer);
  void AnswerJoin(const WireJoin& join, Respond respond);
  void AnswerProbe(const WireProbe& probe, Respond respond);
  bool SendRpc(uint64_t to, WireMessage message);
  void SendUrgent(uint64_t to, WireMessage message);
  void UpdateTransport();

  // replica_admin.cc
  void PumpAdmin(uint64_t now);
  void PumpInvites(uint64_t now);
  void DoAdmin(AdminRequest request, uint64_t deadline_us, AdminReply reply);
  void PumpStop(uint64_t now);
  void PumpNoRoom(uint64_t now);
  void PumpSnapshots();
  void StartSnapshot(Replica::Callback done);
  void SnapshotTaken(const SnapshotInfo& info, const ConfState& conf_state);
  void CheckMembership(uint64_t now);
  void CheckAddress();
  void Removed();

  ReplicaOptions options_;
  ReplicaEnv env_;
  ReplicaFaults faults_;
  Random random_;
  Member self_;
  Members members_;
  struct Acknowledged {
    std::string bytes;
    uint64_t sent_us = 0;
  };
  std::map<uint64_t, Acknowledged> acknowledged_;  // The last to each leader.
  AppendFlights flights_;
  std::map<uint64_t, Member> contacts_;  // Known by hello or from joining, not from the log.
  std::vector<Member> connected_;        // What the transport was told last.

  std::unique_ptr<Engine> engine_;
  RefTable refs_;
  LogCache cache_;
  OriginQueue origin_;
  SubmitIntake intake_;
  ReadBarriers barriers_;
  ReachTracker reach_;
  SnapshotJob job_;
  SnapshotSender sender_;
  SnapshotFetcher fetcher_;
  MembershipCoordinator coordinator_;
  EngineStatus engine_status_;
  uint64_t status_us_ = 0;  // When it is to be asked for again.

  // The core and the disk.
  RaftState state_;
  uint64_t next_tick_us_ = 0;
  uint64_t advanced_to_ = 0;      // The core has applied the configuration changes up to here.
  bool campaign_at_once_ = true;  // A sole voter need not wait for its time to be up.
  // Requests to campaign that wait until the configuration is the newest; see MayCampaign().
  std::vector<std::pair<uint64_t, std::string>> timeout_now_;
  std::optional<HardState> unwritten_hard_state_;
  HardState hard_state_;  // The newest the core has given.
  std::optional<Pending> pending_;
  bool writing_ = false;
  uint64_t write_us_ = 0;     // When that began.
  uint64_t write_bytes_ = 0;  // Of its entries.
  bool retry_write_ = false;  // The disk was full.
  uint64_t retry_write_us_ = 0;
  bool disk_full_ = false;
  bool space_low_ = false;
  uint64_t no_room_us_ = 0;       // When there was none last.
  uint64_t no_room_asked_ = 0;    // Who was asked to lead because of that, last.
  uint64_t no_room_gap_us_ = 0;   // For how long nobody was to be asked then.
  uint64_t no_room_next_us_ = 0;  // Until then.
  bool spare_running_ = false;
  uint64_t spare_us_ = 0;
  bool settling_ = false;  // LogStore::Settle() is under way.
  uint64_t settle_us_ = 0;
  uint64_t durable_ = 0;
  uint64_t compacting_ = 0;  // The index of a compaction that is running; 0: none.
  bool fatal_ = false;

  // Applying.
  uint64_t applied_ = 0;
  uint64_t apply_to_ = 0;  // Committed and durable here.
  bool applying_ = false;  // Between BeginApply and EndApply.
  std::deque<AppliedConfState> conf_states_;
  bool members_changed_ = false;
  std::optional<SnapshotId> restoring_;  // To be installed; nothing is applied until then.
  bool restore_durable_ = false;         // The log has been reset to it.
  std::unique_ptr<SnapshotReader> restore_reader_;
  uint64_t term_start_ = 0;      // Leader: the term whose first entry has been applied here.
  uint64_t last_proposed_ = 0;   // Leader: index of the last entry stored.
  uint64_t pulses_paid_us_ = 0;  // Up to when the pulses so far take up the time.
  bool pulse_asked_ = false;     // One is wanted though no key expires.
  std::vector<std::pair<std::unique_ptr<Submission>, Outcome>> completed_;
  std::map<uint64_t, PendingInvite> invites_;  // By a number of their own.
  std::vector<std::pair<Status, Replica::Callback>> callbacks_;
  bool could_submit_ = true;

  Readiness readiness_ = Readiness::kStarting;
  std::string why_ = "waiting to hear from the cluster";
  std::map<uint64_t, std::string> unreached_;  // Why there is no connection to these.
  bool readiness_asked_ = false;
  uint64_t leaderless_us_ = 0;  // Since when no leader is known; 0: one is.
  uint64_t probe_us_ = 0;
  size_t probe_next_ = 0;
  bool address_checked_ = false;

  // Snapshots.
  uint64_t snapshot_index_ = 0;
  uint64_t snapshot_bytes_ = 0;
  uint64_t bytes_since_snapshot_ = 0;
  bool snapshot_wanted_ = false;
  uint64_t snapshot_retry_us_ = 0;
  bool snapshot_failed_ = false;
  uint64_t snapshot_taken_us_ = Now();  // As ReplicaStatus has them.

  // Comparing states.
  DigestExchange digests_;
  std::optional<Repair> repair_;
  bool repaired_ = false;              // The snapshot being installed is a repair's.
  std::map<uint64_t, uint64_t> asks_;  // Members that want a snapshot: from which index on.
  uint64_t repairs_ = 0;

  // Administration.
  uint64_t next_request_;
  std::map<uint64_t, PendingAdmin> admin_;
  std::set<std::pair<uint64_t, uint64_t>> admin_running_;  // For others: (member, request).
  std::optional<StopRequest> stop_;
  bool stopping_ = false;

  uint64_t turns_ = 0;
  uint64_t disk_writes_ = 0;
  uint64_t leader_changes_ = 0;
};

}  // namespace mydis
