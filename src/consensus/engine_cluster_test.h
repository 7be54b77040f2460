// Engines in one thread, with disks and a network in memory: the driver that engine.h describes,
// for its tests. Checks after every step that all instances apply one history, and that no term has
// two leaders.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/engine.h"

namespace mydis {

// What is applied at an index: "" for an empty entry, "conf" for a configuration change.
using History = std::map<uint64_t, std::string>;

struct TestMessage {
  uint64_t from = 0;
  uint64_t to = 0;
  MessageType type = MessageType::kHeartbeat;
  std::string bytes;
  std::vector<Payload> payloads;  // Of a kAppend's entries; null for the empty ones.
  // Of a kSnapshot: the state that travels with it.
  std::optional<SnapshotMetadata> snapshot;
  History state;
};

// What survives a crash.
struct TestDisk {
  HardState hard_state;
  SnapshotMetadata snapshot;
  History snapshot_state;
  uint64_t base_index = 0;
  uint64_t base_term = 0;
  std::vector<LogEntry> entries;
};

class TestCluster;

class TestNode {
 public:
  TestNode(TestCluster& cluster, uint64_t id) : cluster_(cluster), id_(id) {}

  // `limits`: of messages; its other fields are not looked at.
  void Start(uint64_t seed, const EngineOptions& limits = {.max_entries_per_message = 64});
  void Crash();
  bool up() const { return engine_ != nullptr; }

  void Propose(const std::string& text);
  void ProposeConfChange(const ConfChange& change, uint64_t token = 1);
  void Receive(const TestMessage& message);
  // One turn. A Ready's write is then under way, and done at once unless `hold_writes`.
  void Turn();
  void FinishWrite();
  // Takes a snapshot of what is applied and forgets all but the last `keep` entries before it.
  void TakeSnapshot(uint64_t keep = 0);

  Engine& engine() { return *engine_; }
  uint64_t id() const { return id_; }
  const RaftState& state() const { return state_; }
  bool writing() const { return write_.has_value(); }
  uint64_t applied() const { return applied_; }
  const History& history() const { return history_; }
  std::vector<std::string> Texts() const;  // What was applied, without what is empty.
  LogEntry& At(uint64_t index) { return log_[index - disk.base_index - 1]; }

  bool hold_writes = false;
  TestDisk disk;
  // Collected from the turns since Start().
  std::vector<RefusedProposal> refusals;
  std::vector<std::string> refused_texts;
  std::vector<ConfChangeResult> conf_change_results;
  std::vector<ReadState> read_states;
  std::vector<std::string> step_errors;
  ConfState conf_state;
  std::optional<EngineStatus> status;
  std::vector<OutMessage> last_messages;  // Of the last Ready; `bytes` is no longer valid.
  uint32_t most_entries_sent = 0;         // In one message.
  uint64_t most_bytes_sent = 0;           // In one message of more than one entry.
  uint64_t most_log_bytes_sent = 0;       // In one turn, of entries stored before it.
  int snapshots_installed = 0;

 private:
  struct Write {
    std::optional<HardState> hard_state;
    std::optional<SnapshotMetadata> snapshot;
    size_t entries_from = 0;  // Everything in log_ from here on.
    std::vector<TestMessage> after;
    uint64_t apply_to = 0;
    bool must_sync = false;
  };

  void TakeReady(const TurnOutput& out);
  void KeepLive(std::span<const NewEntry> entries);
  void TakeEntries(const Ready& ready);
  TestMessage Pack(const OutMessage& message);
  void CountBytes(const Ready& ready);
  uint64_t NewRef(const Payload& payload);
  void ApplyTo(uint64_t index);
  void Trace(const TurnOutput& out);

  TestCluster& cluster_;
  uint64_t id_;
  std::unique_ptr<Engine> engine_;
  std::vector<LogEntry> log_;             // In memory, from disk.base_index + 1 on.
  std::map<uint64_t, Payload> payloads_;  // By ref.
  uint64_t next_ref_ = 1;
  std::optional<Write> write_;
  std::map<uint64_t, TestMessage> received_;  // Snapshots on the disk, by index, to be installed.
  RaftState state_;
  uint64_t applied_ = 0;
  History history_;
};

class TestCluster {
 public:
  // Instances 1 … n. The first `voters` of them are voters from the start, the others know nothing.
  TestCluster(int n, int voters, uint64_t seed = 1);

  TestNode& operator[](uint64_t id) { return *nodes_.at(id - 1); }
  std::vector<std::unique_ptr<TestNode>>& nodes() { return nodes_; }

  void StartAll();
  uint64_t NextSeed() { return ++seed_; }
  // Turns and deliveries until nothing is under way.
  void Settle();
  // A tick on all instances, and what follows from it.
  void Tick(int n = 1);
  // Makes instance `id` lead.
  void Lead(uint64_t id);
  // Cuts the leader off until the others have another; its id.
  uint64_t Overthrow();
  // Proposes on the leader, one after the other.
  void ProposeAll(const std::vector<std::string>& texts);
  // Ticks until there is a leader that all running voters know; its id.
  uint64_t Elect();
  TestNode& leader() { return (*this)[leader_id()]; }
  uint64_t leader_id();
  bool RunUntil(const std::function<bool()>& done, int max_ticks = 200);
  // No message passes between `id` and the others.
  void Isolate(uint64_t id) { isolated.insert(id); }
  bool Passes(const TestMessage& m) const {
    return !isolated.contains(m.from) && !isolated.contains(m.to);
  }

  void Check(const TestNode& node);
  void CheckApplied(uint64_t index, const std::string& text);
  // The last index that any instance has applied so far.
  uint64_t applied_anywhere() const { return canonical_.empty() ? 0 : canonical_.rbegin()->first; }
  // Takes the message at the head of the network away: delivers or loses it.
  void DeliverFirst(bool lose = false);

  std::deque<TestMessage> network;
  std::set<uint64_t> isolated;
  std::set<MessageType> lost;   // Types that the network loses.
  bool fail_snapshots = false;  // Report every snapshot as failed instead of sending it.
  bool report_snapshots = true;
  std::string trace;
  bool tracing = false;

 private:
  std::vector<std::unique_ptr<TestNode>> nodes_;
  uint64_t seed_;
  std::map<uint64_t, std::string> canonical_;
  std::map<uint64_t, uint64_t> leaders_;  // By term.
};

}  // namespace mydis
