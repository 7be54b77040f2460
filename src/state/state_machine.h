// The deterministic state machine: the same entries in the same order give the same state, byte for
// byte, on every instance. It knows no clock, no chance, no socket and no disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/envelope.h"
#include "base/state_check.h"
#include "mydis/status.h"
#include "state/context.h"
#include "state/entry_codec.h"
#include "state/shared_bytes.h"
#include "state/state.h"

namespace mydis {

// Given to Apply on the instance whose clients wait for the entry: it takes the replies and may
// read in between, at an operation's exact place in the order.
class ApplyObserver {
 public:
  virtual ~ApplyObserver() = default;
  // Called before operation `i` (0, 1, 2 …) runs; what it returns takes a command's reply, or the
  // error of a transaction that is refused as a whole.
  virtual Reply& BeginCommand(uint32_t i) = 0;
  // Called instead of BeginCommand for a transaction. `aborted`: a watched key has changed and
  // nothing runs. Otherwise each of its commands asks ElementReply.
  virtual void BeginTransaction(uint32_t i, bool aborted) = 0;
  virtual Reply& ElementReply(uint32_t i, uint32_t element) = 0;
  // Before End: it was not run, the reply is that to the same request at this revision.
  virtual void Repeats(uint32_t /*i*/, uint64_t /*revision*/) {}
  // `would_block`: it was a command that found nothing, and said so.
  virtual void End(uint32_t i, bool would_block) = 0;
  // Called in place of all of these for an operation that is not run because of one before it.
  virtual void NotRun(uint32_t i) = 0;
};

// How often all instances look at a part of their states, which must be the same everywhere.
struct CheckOptions {
  uint64_t period_ms = 1000;  // Of the cluster's time; 0: only when asked to.
  uint32_t partitions = 1;    // At a time; all of them and everything else with kPartitions.
};

// Of the bytes that digests are made of. Instances whose formats differ cannot be compared.
inline constexpr uint32_t kCheckFormat = 1;

struct Applied {
  Envelope envelope;
  bool fresh = false;  // False: a repetition or a gap, skipped.
  bool due = false;    // The entry's time had reached deadlines, of keys or of hashes' fields.
  size_t expired = 0;  // Those of keys.
  size_t evicted = 0;  // Keys that went because memory was short.
  std::optional<StateCheck> check;  // If this entry is one after which all instances look.
};

// Apply, Restore and the snapshot calls: the applying thread, holding the lock exclusively.
// Const calls: any thread that holds the lock shared.
class StateMachine {
 public:
  // `hash_seed` is the cluster's; a restored snapshot brings its own.
  StateMachine(const CommandRunner& runner, uint64_t hash_seed);

  // Applies the payload of the next log entry. A payload that cannot be read is an error: this
  // program is older than the one that wrote it, or memory is broken; the instance must stop.
  Result<Applied> Apply(std::string_view payload, ApplyObserver* observer);

  const State& state() const { return *state_; }
  // An empty state with this hash seed, before the first entry of a cluster.
  void Reset(uint64_t hash_seed);
  // The users that an empty state has, from now on and at every Reset.
  void SetFirstUsers(AclUsers users);
  // For the listener alone; the pointer is carried over to a restored state.
  void set_listener(KeyspaceListener* listener);
  // Takes what is removed and large, and states that are replaced; null: freed at once. Carried
  // over likewise.
  void set_reclaimer(Reclaimer* reclaimer);
  void set_removal_listener(RemovalListener* listener) { removal_listener_ = listener; }
  // As set_listener.
  void set_message_listener(MessageListener* listener);
  void set_revision_listener(RevisionListener* listener) { revision_listener_ = listener; }
  void set_request_listener(RequestListener* listener) { request_listener_ = listener; }

  void set_checks(const CheckOptions& options) { checks_ = options; }
  // Breaks the promise that all states are alike, to see what comes of it: gives a key of database
  // 0 another value, on this instance alone.
  void Corrupt(std::string_view key);

  // Takes over the state of another machine (a restored one), which is left empty.
  void TakeStateOf(StateMachine& other);
  // Canonical bytes of everything but the keys.
  std::string SaveHead() const;
  // The same in parts, without a copy of what may be long.
  std::vector<SharedBytes> ShareHead() const;
  // Replaces the state by an empty one with this head; partitions follow.
  Status LoadHead(std::string_view head);
  Status LoadPartition(uint32_t partition, std::string_view bytes);
  // For who only wants to know whether partitions can be loaded.
  void ForgetKeys() { state_->keyspace.FlushAll(); }
  void set_before_change(Keyspace::BeforeChange hook);

  // Hashes of canonical bytes: of one partition, of all.
  uint64_t PartitionDigest(uint32_t partition) const;
  uint64_t Digest() const;
  void CheckInvariants() const {
    state_->keyspace.CheckInvariants();
    state_->requests.CheckInvariants();
  }

 private:
  bool ApplyPulse(const Envelope& envelope, std::string_view body, Applied* applied);
  bool ApplyCommands(const Envelope& envelope, std::string_view body, ApplyObserver* observer,
                     Applied* applied);
  // Each applies the operation at hand of an entry; false: it cannot be read.
  struct EntryRun;
  bool ApplyOperation(EntryRun& run, Applied* applied);
  bool ApplyCommand(EntryRun& run, bool full);
  bool ApplyTransaction(EntryRun& run);
  // --- Requests that may be sent again (state_machine_once.cc) ---
  // How many replies are forgotten with one entry, besides as many as it has operations; and with a
  // pulse, which comes when nothing else does.
  static constexpr size_t kDropped = 1024;
  static constexpr size_t kDroppedByPulse = 65536;
  void DropRequests(const Envelope& envelope);
  void Remember(const RequestTag& tag, std::string_view reply);
  // The operation is of a request whose reply is known.
  bool ApplyAgain(EntryRun& run, Opcode opcode, const RememberedReply& known);
  // As ApplyCommand.
  bool ApplyCommandOnce(EntryRun& run, bool full);
  // Runs a command of a transaction; its reply goes to `reply`, if there is one, and behind `kept`.
  void RunElementOnce(EntryRun& run, Args args, uint32_t db, uint64_t seed, Reply* reply,
                      std::string& kept);
  void RemoveExpired(Applied* applied);
  // All changes of the state's revision are made.
  void EndRevision() {
    if (revision_listener_ != nullptr) [[unlikely]]
      revision_listener_->OnRevisionEnd();
  }
  // False: the data is over the limit and no key may go.
  bool MakeRoom(uint64_t seed, Applied* applied);
  // Whether the command found nothing to take, and said so. `kept`: the reply goes into the state.
  bool RunCommand(const CommandRunner::Meaning& meaning, Args args, uint32_t db,
                  std::string_view user, uint64_t seed, Reply* reply, bool kept = false);
  void Adopt(std::unique_ptr<State> state);

  std::optional<StateCheck> Check(uint64_t time_before_ms) const;

  const CommandRunner& runner_;
  CheckOptions checks_;
  AclUsers first_users_;
  std::unique_ptr<State> state_;
  KeyspaceListener* listener_ = nullptr;
  MessageListener* message_listener_ = nullptr;
  RemovalListener* removal_listener_ = nullptr;
  RevisionListener* revision_listener_ = nullptr;
  RequestListener* request_listener_ = nullptr;
  Reclaimer* reclaimer_ = nullptr;
};

}  // namespace mydis
