// What a replica replicates. The server implements it over the state machine; tests have a small
// one.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/state_check.h"
#include "consensus/members.h"
#include "consensus/submission.h"
#include "consensus/types.h"
#include "mydis/status.h"

namespace mydis {

// The state at one moment as a stream of blocks, while the machine goes on. Next() is called on the
// snapshot lane of the DiskQueue, by one job at a time; the destructor on the replica's thread.
class SnapshotProducer {
 public:
  virtual ~SnapshotProducer() = default;
  // Appends the next block, of a size fit for one write (about 1 MiB; any size is taken), to
  // `block`, which is empty. Leaves it empty at the end.
  virtual Status Next(std::string& block) = 0;
};

// Where this instance stands, for those who serve clients.
struct LeaderInfo {
  uint64_t leader = 0;  // Raft id; 0: none known.
  uint64_t term = 0;
  bool self = false;  // This instance leads.
};

enum class Readiness : uint8_t {
  kStarting,   // Replaying the log, or waiting to hear from the cluster.
  kReady,      // Within reach of the leader's commit index at the time it was heard of first.
  kRestoring,  // A snapshot is being installed: the state is not to be read.
  kRemoved,    // No member any more: the state is what it was, and gets older.
};

// Thread: the replica's, for all calls.
class Machine {
 public:
  virtual ~Machine() = default;

  // Around each batch of Apply(): take and release the state's exclusive lock. `applied` is the
  // last index applied, also of entries that Apply was not called for.
  virtual void BeginApply() = 0;
  virtual void EndApply(uint64_t applied) = 0;

  // Applies one entry whose data is an envelope and its body. `local` is not null exactly when this
  // process submitted it, has waiting clients for it, and it is the next of its submissions: make
  // the replies then. Returns false when the origin table refused it, so that nothing happened:
  //  - kCommands: Origins::Accept(origin, sequence) said no;
  //  - kRegister: `sequence` is the origin that this one replaces (0: none). Refused unless it is
  //    the one that the instance (the body) is registered with, so that a late copy of a dead
  //    process's registration cannot displace a living one. Accepted, without change, if `origin`
  //    itself is registered already.
  //  - kPulse: never.
  // An entry that is refused still moves the time on.
  virtual bool Apply(const LogEntry& entry, const Envelope& envelope, Submission* local) = 0;

  // Called after each Apply(): what the machine found if the entry was one after which all
  // instances look at the same part of their states (docs/digests.md). Findings of different
  // formats cannot be compared.
  virtual std::optional<StateCheck> TakeCheck() { return std::nullopt; }
  virtual uint32_t CheckFormat() const { return 0; }

  // A submission ends: called once for each, never inside BeginApply … EndApply. Release the
  // replies that Apply made, or answer with the error.
  virtual void Complete(std::unique_ptr<Submission> submission, const Outcome& outcome) = 0;

  // The origin table. LastApplied is 0 for an unknown origin.
  virtual bool OriginKnown(uint64_t origin) const = 0;
  virtual uint64_t OriginLastApplied(uint64_t origin) const = 0;
  // The origin that the instance is registered with; 0: none.
  virtual uint64_t OriginOf(std::string_view instance_id) const = 0;

  // Leader only: what the next entry is stamped with. Time never goes back: not against what was
  // stamped before, nor against the last entry applied. The first stamp of a term is asked for
  // after everything of earlier terms has been applied.
  struct Stamp {
    uint64_t time_ms = 0;
    uint64_t seed = 0;
  };
  virtual Stamp NextStamp() = 0;

  // Leader only: how long until a pulse entry is due because a key expires; 0: now; kNoPulse: no
  // key will.
  static constexpr uint64_t kNoPulse = std::numeric_limits<uint64_t>::max();
  virtual uint64_t PulseDelayUs() = 0;

  // Leader only, asked in every turn: the body of a pulse that the machine wants in the log at
  // once; empty: none.
  virtual std::string TakeAdvice() { return {}; }

  // The state as it is now, after the last EndApply. One at a time.
  virtual Result<std::unique_ptr<SnapshotProducer>> StartSnapshot() = 0;
  // Replaces the state by a snapshot's: BeginRestore, RestoreBlock for every piece (split anyhow),
  // FinishRestore. An error is final: the process stops. `applied` is the snapshot's index.
  virtual void BeginRestore() = 0;
  virtual Status RestoreBlock(std::string_view bytes) = 0;
  virtual Status FinishRestore(uint64_t applied) = 0;
  // About how many bytes a snapshot would have; decides when one pays.
  virtual uint64_t ApproximateSize() const = 0;

  // Told after the fact. They may look at the replica, but do nothing to it at once.
  virtual void OnLeader(const LeaderInfo& leader) = 0;
  virtual void OnMembers(const Members& members) = 0;
  virtual void OnReadiness(Readiness readiness, const std::string& why) = 0;
  // CanSubmit() has become true again.
  virtual void OnCanSubmit() = 0;
  // The data on this disk cannot be trusted, or cannot be written, any more: stop the process, with
  // this line. The replica does nothing after it.
  virtual void OnFatal(const Status& status) = 0;
};

}  // namespace mydis
