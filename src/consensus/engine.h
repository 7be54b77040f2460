// The Raft core (etcd's, in Go, behind engine/) as a step machine: events go in, and what to store,
// send and apply comes out. It does no I/O, has no clock and starts no thread that matters to the
// caller. Payloads of entries never enter it; it knows each by a 64-bit ref that the caller chose.
//
// A driver (Replica, or a test) owns one Engine and does this, again and again:
//
//   1. Queue what happened: Tick(), Step(), Propose(), ReadIndex() … These only write to a buffer.
//   2. `const TurnOutput& out = engine.Turn();` One call into the core. Take out.state, refusals,
//      read_states, conf_states and step_errors, which come with every turn.
//   3. If out.has_ready, out.ready is a unit of work, to be done in this order:
//      a. Put ready.entries into the log in memory: cut it off at the first one's index, then
//         append. (If ready.snapshot is there, it replaces the log first.) What names entries by
//         index below means the log as it is now. Take the payloads of all messages' entries now:
//         a later turn may replace these entries.
//      b. Send the messages with `before_write`.
//      c. Make durable, in this order or in one atomic write: ready.snapshot, ready.entries,
//         ready.hard_state. It may run in another thread, while this one goes on with 1 and 2. If
//         !ready.must_sync nothing needs to be flushed: at most the commit index is new, which may
//         be written with the next group, or lost.
//      d. Once that is durable: send the other messages.
//      e. Once that is durable: if ready.snapshot is there, replace the state machine's state by
//         it; then apply the entries first_committed … last_committed. Without a snapshot, those
//         before ready.entries' first may be applied at once, like b; the others NEVER before the
//         write is durable: the leader counts its own copy towards the majority when it appends,
//         so an entry may be called committed in the very Ready that hands it out for storing
//         (always so in a cluster of one voter).
//      f. Advance(): "c is done". Committed entries may still be waiting to be applied; the core
//         counts them as applied all the same. d, e and f may come in any order.
//   4. No further Ready comes before Advance(); turns go on meanwhile, and everything that they
//      bring is in the next Ready, but for signs of life (out.early). So there is one write at a
//      time, and what arrives during it makes up the next.
//
// Membership. The engine applies configuration changes by itself, at the turn that takes Advance(),
// and tells the result (out.conf_states). The driver sees their bytes in ready.conf_changes for
// what it wants to know of them (addresses). A leader that finds itself removed or demoted hands
// leadership to the most advanced voter by itself, and confirms no reads meanwhile.
//
// Refs. A turn is *settled* when no outstanding Ready kept it from giving everything out
// (out.settled). At a settled turn the refs in ready.entries are the only live ones (none without a
// Ready): all others ever handed to Propose() or Step() will not be seen again and are to be
// forgotten. Live refs stay live until the next settled turn, because an entry whose successors
// were replaced during the write is handed out again. Nothing dies at an unsettled turn. A ref may
// be reused once it is dead. Ref 0 means an empty entry; the core makes such entries itself. The
// lower 32 bits of a ref are the size of its payload, which messages are bounded by.
//
// Bootstrap. A cluster begins with a snapshot, at index 1 and term 1, of the initial state, whose
// ConfState names the first voter; its maker starts with HardState{1, 0, 1} and an empty log after
// index 1. Everybody else starts with nothing (all zero, ConfState empty), waits without ever
// campaigning, and gets the configuration with the leader's snapshot. An instance drops snapshots
// whose ConfState does not contain it, so the leader offers one only if it contains every member;
// out.snapshot_wanted asks for one that does.
//
// Broken promises (a peer that had what it has no more, a storage that lost acknowledged entries)
// stop the process, like MYDIS_ASSERT, with the core's words: going on would lose data. Bytes from
// the network cannot cause that by their form: Step() checks them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/membership.h"
#include "consensus/types.h"
#include "mydis/status.h"

namespace mydis {

struct EngineOptions {
  uint64_t id = 0;          // This instance; not 0.
  int election_ticks = 10;  // Without a leader for this long (up to twice, by chance): campaign.
  int heartbeat_ticks = 1;  // Less than election_ticks.
  int max_inflight_messages = 256;    // Append messages under way to one peer, unanswered.
  int max_entries_per_message = 256;  // Less at high indexes: the core counts encoded bytes.
  // What a kAppend message's payloads may add up to, unless it brings a single entry; and how many
  // bytes of entries that are stored already one turn's messages may bring, since the driver may
  // have to read them from the disk. A follower that is far behind gets more as it answers.
  uint64_t max_bytes_per_message = 1 << 20;
  uint64_t max_log_bytes_per_turn = 4 << 20;
  // Seeds the core's chance (election time-outs). 0: from the operating system. It is one generator
  // per PROCESS: every Start() with a seed starts it anew for all engines. A simulation gives a
  // seed to each Start(), another one each time (late answers to ReadIndex() are told apart by it),
  // and then depends on nothing but its own order of calls.
  uint64_t random_seed = 0;
};

// Names a snapshot for the engine: its last entry, and the configuration as of that entry.
struct SnapshotMetadata {
  uint64_t index = 0;
  uint64_t term = 0;
  ConfState conf_state;
  bool operator==(const SnapshotMetadata&) const = default;
};

// What an instance starts from. The state machine holds exactly `snapshot`; the engine gives out
// the committed entries after it to be applied.
struct EngineState {
  HardState hard_state;
  SnapshotMetadata snapshot;
  // The entry before the first of `entries`; at most snapshot.index. The log may begin before the
  // snapshot, so that slow followers need none.
  uint64_t base_index = 0;
  uint64_t base_term = 0;
  // The log, consecutive from base_index + 1. Only kConfChange entries need their data.
  std::span<const LogEntry> entries;
};

enum class RaftRole : uint8_t { kFollower, kCandidate, kLeader, kPreCandidate };

// Where the core stands at the end of a turn. Volatile: it may be ahead of what is durable.
struct RaftState {
  RaftRole role = RaftRole::kFollower;
  uint64_t leader = 0;  // 0: none known.
  uint64_t term = 0;
  uint64_t commit = 0;
  uint64_t transferee = 0;  // Leader: where leadership is being handed to; 0: nowhere.
};

// The numbers are raftpb's.
enum class MessageType : uint8_t {
  kAppend = 3,
  kAppendResponse = 4,
  kVote = 5,
  kVoteResponse = 6,
  kSnapshot = 7,
  kHeartbeat = 8,
  kHeartbeatResponse = 9,
  kTransferLeader = 13,
  kTimeoutNow = 14,
  kReadIndex = 15,
  kReadIndexResponse = 16,
  kPreVote = 17,
  kPreVoteResponse = 18,
};

struct OutMessage {
  uint64_t to = 0;
  MessageType type = MessageType::kHeartbeat;
  // May go out before this Ready's write (step 3b): a leader's kAppend, kHeartbeat or kSnapshot, or
  // part of a read barrier, that is true whether or not that write survives a crash.
  bool before_write = false;
  // For Step() at the receiver. The data of kNormal entries is not in it: kAppend messages travel
  // with the payloads of `entry_count` entries from `first_index` on, in order (those of
  // kConfChange entries are in the bytes already and may be left out). Entries are as in step 3a.
  std::string_view bytes;
  uint64_t first_index = 0;
  uint32_t entry_count = 0;
  uint64_t commit = 0;  // The commit index the message tells.
  // kSnapshot: which of the driver's snapshots the receiver needs on its disk before it may Step()
  // the message. The driver tells how that went with ReportSnapshot(). 0 for other types.
  uint64_t snapshot_index = 0;
  uint64_t snapshot_term = 0;
};

// An entry to store. `data` is what a kConfChange entry holds; a kNormal one's is behind its ref.
struct NewEntry {
  uint64_t index = 0;
  uint64_t term = 0;
  EntryKind kind = EntryKind::kNormal;
  uint64_t ref = 0;
  std::string_view data;
};

struct CommittedConfChange {
  uint64_t index = 0;
  std::string_view data;  // See DecodeConfChange().
};

struct Ready {
  bool must_sync = false;                    // See step 3c.
  std::optional<HardState> hard_state;       // If it changed.
  std::span<const NewEntry> entries;         // Consecutive.
  std::optional<SnapshotMetadata> snapshot;  // Received, to be installed; see Step().
  uint64_t first_committed = 0;              // 0, 0: none. A long range comes in pieces.
  uint64_t last_committed = 0;
  std::span<const CommittedConfChange> conf_changes;  // Those in the committed range.
  std::span<const OutMessage> messages;
};

// Why a proposal came to nothing. Nothing of it is in any log.
enum class Refusal : uint8_t {
  kNone = 0,
  kNotLeader = 1,
  kTransferring = 2,       // Leadership is being handed over; propose to the next leader.
  kNotMember = 3,          // This leader has been removed and only waits for its successor.
  kConfChangePending = 4,  // One change at a time: wait until the last one is applied.
  kInvalidConfChange = 5,  // Not decodable, no steps, or it would leave no voter.
  kLeaderItself = 6,       // The leader cannot remove or demote itself: transfer leadership first.
};

struct RefusedProposal {
  uint64_t ref = 0;
  Refusal reason = Refusal::kNone;
};

// The answer to ProposeConfChange(): refused, or now an entry in the leader's log, which still may
// be replaced by another leader's; it counts once a Ready calls `index` committed with these bytes.
struct ConfChangeResult {
  uint64_t token = 0;
  Refusal reason = Refusal::kNone;
  uint64_t index = 0;
  uint64_t term = 0;
};

// The answer to ReadIndex(context): a read that runs once everything up to `index` has been applied
// here is linearizable.
struct ReadState {
  uint64_t context = 0;
  uint64_t index = 0;
};

// The configuration in force after the committed entry (or installed snapshot) at `index`.
struct AppliedConfState {
  uint64_t index = 0;
  ConfState state;
};

struct StepError {
  uint64_t from = 0;
  std::string_view text;  // For the log.
};

enum class ProgressState : uint8_t { kProbe, kReplicate, kSnapshot };

// What the leader knows of a member. `match`: its disk holds the log up to here.
struct PeerProgress {
  uint64_t id = 0;
  uint64_t match = 0;
  uint64_t next = 0;
  ProgressState state = ProgressState::kProbe;
  uint64_t pending_snapshot = 0;  // kSnapshot: the one it is expected to install.
  bool recent_active = false;     // Heard of within the last election time-out.
  bool learner = false;
};

struct EngineStatus {
  uint64_t applied = 0;  // Up to here committed entries were given out, and Advance() was called.
  ConfState conf_state;
  std::vector<PeerProgress> peers;  // Only on the leader; it is in the list too.
};

// Views point into the engine and are valid until the next Turn().
struct TurnOutput {
  RaftState state;
  bool settled = false;  // See "Refs".
  bool has_ready = false;
  Ready ready;
  // While a Ready is outstanding for long (a large write, a slow disk): heartbeats, answers to them
  // and questions for a read index, to be sent at once. What comes of them depends on no write.
  std::span<const OutMessage> early;
  std::span<const RefusedProposal> refusals;
  std::span<const ConfChangeResult> conf_change_results;
  std::span<const ReadState> read_states;
  std::span<const AppliedConfState> conf_states;
  std::span<const StepError> step_errors;
  // A peer needs a snapshot, and the one last given to SetSnapshot() does not contain all of
  // today's members or there is none: make a new one. Said again each time a peer asks.
  bool snapshot_wanted = false;
  std::optional<EngineStatus> status;  // If RequestStatus() was queued.
};

// Thread: one at a time, any. Several engines may live in one process, independent but for the
// random generator.
class Engine {
 public:
  // kInvalid for options or a state that contradicts itself, kCorrupt for a log that holds less
  // than `hard_state` says is committed; the message says what. Two things that a crash between the
  // writes of step 3c can leave are put right: a commit index before the snapshot, and a term
  // before that of the last entry or snapshot (it is raised, without a vote). A third is the
  // caller's: a log that ends before the snapshot, or has another term at its index, was to be
  // replaced by it; do that (LogStore::Reset) before Start().
  static Result<std::unique_ptr<Engine>> Start(const EngineOptions& options,
                                               const EngineState& state);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Events, taken in order by the next Turn(). Arguments are copied.

  // Time passed; see EngineOptions.
  void Tick();
  // `message` as OutMessage::bytes brought it; it must come from `from` (the transport knows) and
  // be for this instance. `refs` name the payloads of its entries, one for each entry of a kAppend
  // message in order (0 for kConfChange and empty ones), else none. A kSnapshot message only when
  // that snapshot is durable here; if the next settled turn's Ready does not bring it as
  // `snapshot`, it was not needed. Messages may be lost, repeated and reordered. Malformed ones are
  // dropped, with a step_error.
  void Step(uint64_t from, std::string_view message, std::span<const uint64_t> refs = {});
  // Appends an entry, on the leader. All that are queued for one turn are appended together after
  // the turn's other events, and go in one message per peer. Shows up in ready.entries with its
  // ref, or in `refusals`.
  void Propose(uint64_t ref);
  // `change` as EncodeConfChange() gives it. `token` comes back in conf_change_results.
  void ProposeConfChange(uint64_t token, std::string_view change);
  // Asks the leader, wherever it is, to confirm with a majority that it leads. Answered in
  // read_states, at some turn (a new leader keeps it until it has committed an entry of its term);
  // or never: without a leader, when the leader changes, when a message is lost. So repeat it under
  // a NEW context after about an election time-out. Each context once in this engine's life.
  void ReadIndex(uint64_t context);
  // On the leader: hands leadership to another voter once that one has the whole log; until then
  // proposals are refused. Given up after an election time-out. Elsewhere without effect.
  void TransferLeadership(uint64_t to);
  // Campaigns at once instead of when time is up.
  void Campaign();
  // Messages to `peer` were lost, or it cannot be reached: stop streaming to it, probe.
  void ReportUnreachable(uint64_t peer);
  // The snapshot of a kSnapshot message has arrived (its message has been sent after it), or not.
  // REQUIRED for each such message: until then nothing else is sent to the peer.
  void ReportSnapshot(uint64_t peer, bool ok);
  // There is a newer durable local snapshot, to be offered from now on. Its index has been applied.
  // Its configuration is that of the last out.conf_states entry up to its index, which is certain
  // once a turn has taken the Advance() for that index. Ignored if it is not newer than the one
  // before.
  void SetSnapshot(const SnapshotMetadata& snapshot);
  // Forgets the entries up to `index`, as far as the last SetSnapshot() holds them and Advance()
  // was called for them. A follower that needs forgotten entries gets the snapshot. Drop them from
  // the log itself only after the turn that took this: messages of Readys before may still name
  // some.
  void Compact(uint64_t index);
  // Asks for out.status with the next turn.
  void RequestStatus();
  // The last Ready is durable. REQUIRES: a Ready is outstanding, not advanced yet.
  void Advance();

  // Whether anything was queued since the last turn. After Advance() a turn is always worth it:
  // more may have been waiting.
  bool HasInput() const;
  // A Ready was given out and Advance() has not been called.
  bool ReadyOutstanding() const;

  const TurnOutput& Turn();

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mydis
