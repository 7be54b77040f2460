// One instance of a simulated cluster: a disk that outlives it, and the process that runs on it
// now.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/founder.h"
#include "consensus/replica.h"
#include "consensus/sim_disk.h"
#include "consensus/storage.h"
#include "machine.h"
#include "network.h"
#include "observer.h"
#include "world.h"

namespace mydis::sim {

struct NodeOptions {
  uint64_t disk_min_us = 80;
  uint64_t disk_max_us = 900;
  uint64_t snapshot_entries = 60;
  uint64_t log_tail_bytes = 4096;
  uint64_t raft_timeout_us = 3'000'000;
  uint64_t segment_size = 16 << 10;
  uint32_t max_voters = 5;
  uint64_t disk_bytes_per_second = 1 << 20;
};

// How it finds its cluster when its disk is empty.
struct FoundingOptions {
  std::vector<std::pair<std::string, uint16_t>> seeds;
  uint32_t expect = 0;
};

class Node;

// One life of a node. Destroyed at a crash.
class Process final : public NetworkEnd, private Transport, private DiskQueue {
 public:
  explicit Process(Node& node);
  ~Process() override;

  Replica* replica() { return replica_.get(); }
  Founder* founder() { return founder_.get(); }
  SimMachine& machine() { return *machine_; }
  SimClock& clock() { return clock_; }
  bool closed() const { return closed_; }
  // Runs a turn soon: something has happened.
  void Wake();
  // What a crash finds half done.
  void RunHalfDoneJob();

  // Strong writes and barriers, checked from outside.
  void Submit(std::unique_ptr<SimSubmission> submission);
  void Barrier(Replica::Callback done);

 private:
  struct Job {
    DiskQueue::Job job;
    DiskQueue::Done done;
  };
  struct Lane {
    std::deque<Job> jobs;  // The first one runs, if `busy`.
    bool busy = false;
    bool job_done = false;  // It has taken effect, but nobody knows yet.
    Status status;
  };

  void Open();
  void StartReplica(std::vector<Member> contacts);
  void Turn();
  void Check();
  void RunLane(DiskLane lane);
  void Broken(const Status& status);

  uint64_t raft_id() const override;
  void OnHello(const Member& peer) override;
  void OnConnected(uint64_t peer, Channel channel) override;
  void OnUnreachable(uint64_t peer) override;
  void OnMessage(uint64_t from, WireMessage message) override;
  void OnRequest(WireMessage message, Respond respond) override;

  bool Send(uint64_t to, Channel channel, WireMessage message) override;
  bool Moving(uint64_t to, Channel channel) const override;
  void SetMembers(const std::vector<Member>& members) override;
  void Request(const std::string& host, uint16_t raft_port, WireMessage message,
               uint64_t timeout_us, Answer done) override;
  void Run(DiskLane lane, DiskQueue::Job job, DiskQueue::Done done) override;

  // Events of the world that belong to this life.
  void After(uint64_t delay_us, std::move_only_function<void()> event);

  Node& node_;
  SimClock clock_;
  std::unique_ptr<SimMachine> machine_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Founder> founder_;
  std::unique_ptr<Replica> replica_;
  Lane lanes_[2];
  std::map<uint64_t, Member> peers_;
  uint64_t wake_at_ = UINT64_MAX;  // The turn that is planned.
  bool closed_ = false;
  uint64_t life_;
};

class Node {
 public:
  Node(uint32_t number, World& world, Network& network, Observer& observer,
       const CommandTable& table, const NodeOptions& options, const SimFaults& faults);

  void Start(FoundingOptions founding);
  void Start() { Start(founding_); }
  // Power fails: what was not synced may be lost, or half there.
  void Crash();
  // A new disk, and with it a new start of life.
  void Wipe();
  bool running() const { return process_ != nullptr && !process_->closed(); }
  Process* process() { return running() ? process_.get() : nullptr; }
  Replica* replica() { return running() ? process_->replica() : nullptr; }

  uint32_t number() const { return number_; }
  const std::string& id() const { return id_; }
  SimDisk& disk() { return *disk_; }
  uint64_t life() const { return life_; }
  const NodeOptions& options() const { return options_; }
  // Disk jobs take so many times as long.
  void set_slowness(uint64_t factor) { slowness_ = factor; }
  // Of this life or an earlier one.
  uint64_t most_applied() const { return most_applied_; }
  World& world() { return world_; }
  Observer& observer() { return observer_; }

 private:
  friend class Process;
  const uint32_t number_;
  const std::string id_;
  World& world_;
  Network& network_;
  Observer& observer_;
  const CommandTable& table_;
  NodeOptions options_;
  SimFaults faults_;
  FoundingOptions founding_;
  std::unique_ptr<SimDisk> disk_;
  std::unique_ptr<Process> process_;
  uint64_t life_ = 0;
  uint64_t slowness_ = 1;
  uint64_t most_applied_ = 0;
};

}  // namespace mydis::sim
