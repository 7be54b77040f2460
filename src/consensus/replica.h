// One instance's part in the cluster: everything between "a session submits a batch" and "every
// instance's machine applies it", on top of the Raft core.
//
// A step machine: no threads, clock, sockets or files of its own. The driver (the server's
// consensus thread, or the simulator) calls in what happened, then Turn():
//
//   loop:
//     wait for: a message, a finished disk job, a posted call, or until `next` has come
//     Receive(…), OnHello(…), …, Submit(…), Barrier(…), done callbacks of the DiskQueue
//     next = replica->Turn()
//
// Calls other than Turn() only queue (Submit and Receive may send at once, if they can); Turn()
// runs the core once, starts writes, sends, applies a limited slice, and completes what is
// complete. Callbacks and Machine calls come from Turn() alone, but for refusals that are known at
// once (documented where that is so). A callback may call the replica.
//
// Exactly once. See submission.h and DESIGN §1. This process is an origin: it draws a random
// number, registers it through the log, and numbers its submissions. All that it has not seen
// applied it sends again, in order, after a change of leader, a broken connection, a refusal, or
// silence.
//
// Thread: one at a time; the server's consensus thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "consensus/disk_queue.h"
#include "consensus/engine.h"
#include "consensus/log_store.h"
#include "consensus/machine.h"
#include "consensus/meta_file.h"
#include "consensus/reach_tracker.h"
#include "consensus/snapshot_store.h"
#include "consensus/submission.h"
#include "consensus/transport.h"
#include "mydis/status.h"

namespace mydis {

struct ReplicaOptions {
  InstanceMeta
      meta;  // As in the data directory; raft_id kFounderId founds the cluster if it is new.
  std::string host;  // Advertised address. If it differs from the table's, the table is changed.
  uint16_t raft_port = 0;
  // Where others may be found until the log tells: Founded::members of an instance that has just
  // joined. (Hellos of members that connect here serve as well.)
  std::vector<Member> contacts;

  uint64_t tick_us = 20'000;  // The core's clock.
  int heartbeat_ticks = 5;
  int election_ticks = 50;
  uint64_t raft_timeout_us = 10'000'000;  // Default limit of submissions, barriers, administration.
  uint64_t apply_slice_us = 2'000;        // How long one Turn() may apply.
  uint32_t max_voters = 5;                // Odd.

  // Entries that are applied, kept in memory for followers; an instance alone keeps hardly any.
  uint64_t log_cache_bytes = 32 << 20;
  // A snapshot is taken when this much log has come since the last one, or as much as the last
  // snapshot's size if that is more; or every `snapshot_entries` entries if that is not 0 (tests).
  uint64_t snapshot_log_bytes = 256 << 20;
  uint64_t snapshot_entries = 0;
  uint64_t log_tail_bytes = 32 << 20;  // Kept behind a snapshot, for followers that are slow.

  // Submissions sent and not yet applied, by this instance; beyond it CanSubmit() is false.
  uint64_t submit_window_bytes = 16 << 20;
  // Bytes a second that a disk which works writes at least. An instance whose write takes longer,
  // by an election time-out, falls silent, so that somebody else leads.
  uint64_t disk_bytes_per_second = 16 << 20;
  uint64_t submit_window_count = 1024;
  uint64_t snapshot_chunk_bytes = 256 << 10;
  uint64_t snapshot_window_chunks = 16;

  uint64_t seed = 0;         // Of all chance here (origin, ids); 0: from the operating system.
  uint64_t engine_seed = 0;  // See EngineOptions::random_seed.
};

// What a replica is given; all outlive it. But before it is destroyed, disk and transport have been
// closed: none of its callbacks may come later. `log` has been opened; `start` is what
// SnapshotStore::Choose gave (Storage does both).
struct ReplicaEnv {
  Clock& clock;
  Transport& transport;
  DiskQueue& disk;
  Machine& machine;
  LogStore& log;
  SnapshotStore& snapshots;
  std::optional<SnapshotInfo> start;
};

enum class AdminKind : uint8_t {
  kRemove = 1,    // `instance_id` leaves for good; on itself: `cluster leave`.
  kPromote = 2,   // A learner becomes a voter now, though the number of voters may be even.
  kTransfer = 3,  // Leadership to `instance_id`, or to the best voter if it is empty.
  kUpdate = 4,    // `instance_id` is at `host`:`port` now. Instances ask this for themselves.
  kSnapshot = 5,  // The leader takes a snapshot.
  kStatus = 7,    // How far each member is: see DecodeMemberStatuses.
  kAdd = 6,       // Internal: the leader gives `instance_id` a place (see ReceiveRequest).
};

// How far each member is, as the leader sees it: the `text` that kStatus answers with.
std::string EncodeMemberStatuses(const std::vector<struct MemberStatus>& members);
// Empty if `text` is none.
std::vector<struct MemberStatus> DecodeMemberStatuses(std::string_view text);

struct AdminRequest {
  AdminKind kind = AdminKind::kTransfer;
  std::string instance_id;
  std::string host;
  uint16_t port = 0;
  uint64_t timeout_us = 0;  // How long its answer may take; 0: raft_timeout_us. Stays here.
};

struct MemberStatus {
  Member member;
  bool self = false;
  bool leader = false;
  // Known to the leader alone (0 elsewhere, but for this instance itself):
  uint64_t match = 0;  // Its disk holds the log up to here.
  uint64_t next = 0;
  uint64_t lag = 0;     // Entries behind the leader.
  bool active = false;  // Heard of within an election time-out.
  std::string state;    // probe, replicate, snapshot
};

struct ReplicaStatus {
  Readiness readiness = Readiness::kStarting;
  std::string why;  // Of a readiness that is not kReady.
  RaftRole role = RaftRole::kFollower;
  uint64_t term = 0;
  uint64_t leader = 0;
  uint64_t commit = 0;
  uint64_t applied = 0;
  uint64_t durable = 0;  // The last entry on this disk.
  uint64_t log_first = 0;
  uint64_t log_last = 0;
  uint64_t log_bytes = 0;  // Since the last snapshot.
  uint64_t snapshot_index = 0;
  uint64_t snapshot_bytes = 0;
  bool snapshot_running = false;
  bool snapshot_failed = false;    // The last one that was begun.
  uint64_t snapshot_taken_us = 0;  // On the monotonic clock; the start, before there was one.
  bool disk_full = false;
  uint64_t origin = 0;
  uint64_t submissions_unapplied = 0;
  uint64_t submission_bytes = 0;
  uint64_t turns = 0;
  uint64_t disk_writes = 0;
  uint64_t resends = 0;  // Streams begun after the first of each leader.
  uint64_t leader_changes = 0;
  // See docs/digests.md: log indexes at which all members' states were alike; at which they were
  // not; how often this instance has replaced its state by the others'.
  uint64_t state_agreements = 0;
  uint64_t state_differences = 0;
  uint64_t state_repairs = 0;
  std::vector<MemberStatus> members;
};

// Test-only sabotage: each makes the replica break one promise, so that the simulator can show that
// it would notice. All false in production.
struct ReplicaFaults {
  bool ack_before_sync = false;    // Send everything without waiting for the write.
  bool skip_read_barrier = false;  // Answer barriers at once.
};

class ReplicaImpl;

class Replica {
 public:
  // Restores the newest snapshot into the machine, founds the cluster if this is the founder's
  // empty directory, and starts the core. Reads files itself; nothing else waits yet. Errors: those
  // of the parts; kCorrupt and the like name the file.
  static Result<std::unique_ptr<Replica>> Open(const ReplicaOptions& options, const ReplicaEnv& env,
                                               const ReplicaFaults* faults = nullptr);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Does what is due. Returns when, on Clock::MonotonicUs(), it is to be called again at the latest
  // if nothing happens before; a time that has passed means at once (more is waiting).
  uint64_t Turn();

  // --- From the transport
  void Receive(uint64_t from, WireMessage message);
  void ReceiveRequest(WireMessage message, Respond respond);
  void OnHello(const Member& peer);  // Who has connected to this instance.
  // Something can be sent to the peer on this channel (again).
  void OnConnected(uint64_t peer, Channel channel);
  // That for Channel::kRaft broke or could not be made.
  void OnUnreachable(uint64_t peer, const std::string& why);
  // This instance as others shall know it: for the transport's hellos.
  const Member& self() const;
  uint64_t cluster_id() const;

  // --- For sessions
  // Queues a batch; it comes back by Machine::Complete, from Turn(). REQUIRES: nothing; but callers
  // hold back while CanSubmit() is false, or memory grows.
  void Submit(std::unique_ptr<Submission> submission);
  // False: the window is full, so that a batch would have to wait (one that is refused at once does
  // not). OnCanSubmit tells when it changes.
  bool CanSubmit() const;
  // Whether batches are refused since this instance's disk has no room.
  bool NoRoomOnDisk() const;

  // Linearizable reads: `done` gets kOk once this instance has applied everything that was
  // committed anywhere when Barrier was called; kUnavailable (no leader found), kTimeout or kStale
  // when `deadline_us` (0: the default limit) passes. All barriers that wait share one round.
  using Callback = std::move_only_function<void(Status)>;
  void Barrier(uint64_t deadline_us, Callback done);

  // How many OTHER members have applied `index`, and how many of their disks (this instance's disk
  // not counted) hold it. `done` is called when `needed_applied` have applied it and
  // `needed_durable` disks hold it (numbers above the number of other members mean all of them),
  // or when the deadline (0: never) passes; with what is known then.
  using ReachCallback = std::move_only_function<void(const Reach&)>;
  void WatchApplied(uint64_t index, uint32_t needed_applied, uint32_t needed_durable,
                    uint64_t deadline_us, ReachCallback done);

  // --- For operators
  // On any instance; the leader does it. `text` is a line for people in both cases. Answered when
  // the change has been applied by the leader.
  using AdminCallback = std::move_only_function<void(Status, std::string text)>;
  void Admin(AdminRequest request, AdminCallback done);
  // Tells the instance that waits for a cluster at `host`:`raft_port` to join this one. Answered
  // once it is a member here; kExists if it belongs to a cluster already.
  void Invite(const std::string& host, uint16_t raft_port, AdminCallback done);
  // A snapshot on this instance, now. kBusy if one is being taken.
  void TakeSnapshot(Callback done);
  // The newest snapshot on this disk, for any thread to read, one at a time.
  Result<std::unique_ptr<SnapshotSource>> OpenSnapshot();
  // A snapshot on this instance once none is being taken, if anything has been applied since.
  void WantSnapshot();
  // A graceful end: refuses new submissions, hands leadership over if it has it, waits (up to
  // `deadline_us`) until its own submissions are applied, then `done`; the driver then stops
  // calling Turn() and closes the log.
  void Stop(uint64_t deadline_us, Callback done);

  ReplicaStatus status() const;
  LeaderInfo leader() const;
  Readiness readiness() const;
  // Of an instance, for people: its instance id if that is known here.
  std::string NameOf(uint64_t raft_id) const;
  const Members& members() const;
  uint64_t applied() const;
  uint64_t commit() const;

 private:
  explicit Replica(std::unique_ptr<ReplicaImpl> impl);
  std::unique_ptr<ReplicaImpl> impl_;
};

}  // namespace mydis
