#include "node.h"

#include <fmt/format.h>

namespace mydis::sim {
namespace {

constexpr char kDataDir[] = "data";
constexpr uint16_t kPort = 2382;

}  // namespace

Process::Process(Node& node)
    : node_(node),
      clock_(node.world_, node.world_.random().Below(1'000'000'000'000),
             static_cast<uint32_t>(node.world_.Between(999'000, 1'001'000))),
      life_(node.life_) {
  machine_ = std::make_unique<SimMachine>(
      node_.number_, clock_, node_.table_, node_.observer_, node_.faults_,
      node_.world_.random().Next(),
      SimMachine::Hooks{.fatal = [this](const Status& status) { Broken(status); },
                        .can_submit = [] {}});
  Open();
}

Process::~Process() { node_.network_.Attach(node_.number_, nullptr); }

void Process::Broken(const Status& status) {
  closed_ = true;
  if (node_.disk_->stopped()) return;  // The power has failed: what fails now does not matter.
  if (status.code() == ErrorCode::kDiskFull) {
    // It cannot start; whoever looks after it tries again.
    node_.world_.After(500'000, [&node = node_, life = life_] {
      if (node.life_ == life) node.Start();
    });
    return;
  }
  node_.observer_.Fail(fmt::format("instance {} stops: {}", node_.number_, status.message()));
}

void Process::Open() {
  StorageOptions options;
  options.data_dir = kDataDir;
  options.log.segment_size = node_.options_.segment_size;
  options.log.seed = node_.world_.random().Next() | 1;
  options.instance_id = node_.id_;
  options.cluster_name = "sim";
  auto storage = Storage::Open(*node_.disk_, options);
  if (!storage) return Broken(storage.error());
  storage_ = std::move(*storage);
  node_.network_.Attach(node_.number_, this);
  if (storage_->initialised()) return StartReplica({});
  FounderOptions founder;
  founder.cluster_name = "sim";
  founder.self.instance_id = node_.id_;
  founder.self.host = "n" + std::to_string(node_.number_);
  founder.self.raft_port = kPort;
  founder.seeds = node_.founding_.seeds;
  founder.expect = node_.founding_.expect;
  founder.seed = node_.world_.random().Next() | 1;
  Transport& transport = *this;
  founder_ = std::make_unique<Founder>(founder, clock_, transport);
  Wake();
}

void Process::StartReplica(std::vector<Member> contacts) {
  ReplicaOptions options;
  options.meta = storage_->meta();
  options.host = "n" + std::to_string(node_.number_);
  options.raft_port = kPort;
  options.contacts = std::move(contacts);
  options.raft_timeout_us = node_.options_.raft_timeout_us;
  options.max_voters = node_.options_.max_voters;
  options.disk_bytes_per_second = node_.options_.disk_bytes_per_second;
  options.snapshot_entries = node_.options_.snapshot_entries;
  options.log_tail_bytes = node_.options_.log_tail_bytes;
  options.log_cache_bytes = 16 << 10;
  options.submit_window_count = 8;
  options.snapshot_chunk_bytes = 512;
  options.snapshot_window_chunks = 4;
  options.seed = node_.world_.random().Next() | 1;
  options.engine_seed = node_.world_.random().Next() | 1;
  const ReplicaFaults faults{.ack_before_sync = node_.faults_.ack_before_sync,
                             .skip_read_barrier = node_.faults_.skip_read_barrier};
  auto replica = Replica::Open(options,
                               ReplicaEnv{.clock = clock_,
                                          .transport = *this,
                                          .disk = *this,
                                          .machine = *machine_,
                                          .log = storage_->log(),
                                          .snapshots = storage_->snapshots(),
                                          .start = storage_->start_snapshot()},
                               &faults);
  if (!replica) return Broken(replica.error());
  replica_ = std::move(*replica);
  Wake();
}

void Process::After(uint64_t delay_us, std::move_only_function<void()> event) {
  node_.world_.After(delay_us, [&node = node_, life = life_, event = std::move(event)]() mutable {
    if (node.process_ && node.life_ == life && !node.process_->closed_) event();
  });
}

void Process::Wake() {
  const uint64_t at = node_.world_.now() + 5;
  if (wake_at_ <= at) return;
  wake_at_ = at;
  After(5, [this, at] {
    if (wake_at_ == at) Turn();
  });
}

void Process::Turn() {
  wake_at_ = UINT64_MAX;
  uint64_t next = 0;
  if (replica_) {
    next = replica_->Turn();
    if (closed_) return;
    Check();
  } else {
    next = founder_->Turn();
    if (const auto& founded = founder_->result()) {
      if (Status status = storage_->Initialise(founded->meta); !status.ok()) return Broken(status);
      auto contacts = founded->members;
      founder_.reset();
      return StartReplica(std::move(contacts));
    }
  }
  if (next == UINT64_MAX) return;
  const uint64_t at = std::max(clock_.WorldTime(next), node_.world_.now() + 5);
  if (at >= wake_at_) return;
  wake_at_ = at;
  After(at - node_.world_.now(), [this, at] {
    if (wake_at_ == at) Turn();
  });
}

void Process::Check() {
  node_.most_applied_ = std::max(node_.most_applied_, replica_->applied());
  node_.observer_.OnCommit(node_.number_, life_, replica_->commit());
}

void Process::Submit(std::unique_ptr<SimSubmission> submission) {
  replica_->Submit(std::move(submission));
  Wake();
}

void Process::Barrier(Replica::Callback done) {
  const uint64_t acknowledged = node_.observer_.acknowledged();
  replica_->Barrier(0, [this, acknowledged, done = std::move(done)](Status status) mutable {
    if (status.ok() && replica_->applied() < acknowledged)
      node_.observer_.Fail(fmt::format(
          "a strong read on instance {} runs at index {}, but {} was acknowledged before",
          node_.number_, replica_->applied(), acknowledged));
    done(std::move(status));
  });
  Wake();
}

uint64_t Process::raft_id() const { return replica_ ? replica_->self().raft_id : 0; }

void Process::OnHello(const Member& peer) {
  if (replica_) replica_->OnHello(peer);
  Wake();
}
void Process::OnConnected(uint64_t peer, Channel channel) {
  if (replica_) replica_->OnConnected(peer, channel);
  Wake();
}
void Process::OnUnreachable(uint64_t peer) {
  if (replica_) replica_->OnUnreachable(peer, "no connection");
  Wake();
}
void Process::OnMessage(uint64_t from, WireMessage message) {
  if (closed_ || !replica_) return;
  replica_->Receive(from, std::move(message));
  Wake();
}
void Process::OnRequest(WireMessage message, Respond respond) {
  if (closed_) return;
  if (replica_)
    replica_->ReceiveRequest(std::move(message), std::move(respond));
  else
    founder_->ReceiveRequest(std::move(message), std::move(respond));
  Wake();
}

bool Process::Send(uint64_t to, Channel channel, WireMessage message) {
  const auto it = peers_.find(to);
  if (it == peers_.end() || !replica_) return false;
  return node_.network_.Send(node_.number_, replica_->self(), it->second.host, to, channel,
                             std::move(message));
}

bool Process::Moving(uint64_t to, Channel channel) const {
  const auto it = peers_.find(to);
  return it != peers_.end() &&
         node_.network_.Moving(node_.number_, Network::NumberOf(it->second.host), channel);
}

void Process::SetMembers(const std::vector<Member>& members) {
  peers_.clear();
  for (const Member& member : members) peers_[member.raft_id] = member;
}

void Process::Request(const std::string& host, uint16_t, WireMessage message, uint64_t timeout_us,
                      Answer done) {
  node_.network_.Request(node_.number_, host, std::move(message), timeout_us,
                         [this, done = std::move(done)](Result<WireMessage> answer) mutable {
                           if (closed_) return;
                           done(std::move(answer));
                           Wake();
                         });
}

void Process::Run(DiskLane lane, DiskQueue::Job job, DiskQueue::Done done) {
  if (lane == DiskLane::kLongLog) lane = DiskLane::kLog;
  lanes_[lane == DiskLane::kSnapshot].jobs.push_back(Job{std::move(job), std::move(done)});
  RunLane(lane);
}

// A job takes effect at the end of its time; its end is told a moment later, so that a crash may
// come before it, in the middle of it, or between it and the word of it.
void Process::RunLane(DiskLane which) {
  Lane& lane = lanes_[which == DiskLane::kSnapshot];
  if (lane.busy || lane.jobs.empty()) return;
  lane.busy = true;
  const uint64_t took = node_.slowness_ * node_.world_.Between(node_.options_.disk_min_us,
                                                               node_.options_.disk_max_us);
  // Events outlive the process, so the job stays in the lane.
  After(took, [this, which, &lane] {
    lane.status = lane.jobs.front().job();
    lane.job_done = true;
    After(node_.world_.Between(1, 200), [this, which, &lane] {
      lane.busy = lane.job_done = false;
      DiskQueue::Done done = std::move(lane.jobs.front().done);
      lane.jobs.pop_front();
      if (node_.disk_->stopped()) return;
      done(std::move(lane.status));
      RunLane(which);
      Wake();
    });
  });
}

void Process::RunHalfDoneJob() {
  for (Lane& lane : lanes_) {
    if (!lane.busy || lane.job_done) continue;
    node_.disk_->StopAfter(node_.world_.Between(1, 3));
    (void)lane.jobs.front().job();
    return;
  }
}

Node::Node(uint32_t number, World& world, Network& network, Observer& observer,
           const CommandTable& table, const NodeOptions& options, const SimFaults& faults)
    : number_(number),
      id_(fmt::format("i{}", number)),
      world_(world),
      network_(network),
      observer_(observer),
      table_(table),
      options_(options),
      faults_(faults),
      disk_(std::make_unique<SimDisk>()) {}

void Node::Start(FoundingOptions founding) {
  founding_ = std::move(founding);
  ++life_;
  world_.Trace(1000 + number_, life_);
  process_.reset();  // One that could not go on: it holds the directory's lock.
  process_ = std::make_unique<Process>(*this);
}

void Node::Crash() {
  if (!process_) return;
  world_.Trace(2000 + number_, life_);
  if (world_.random().Chance(1, 2)) process_->RunHalfDoneJob();
  // Nothing reaches the disk any more, not even what destructors would do.
  if (!disk_->stopped()) disk_->StopAfter(1);
  process_.reset();
  ++life_;
  disk_->StopAfter(0);
  disk_->Crash(world_.random().Next());
}

void Node::Wipe() { disk_ = std::make_unique<SimDisk>(); }

}  // namespace mydis::sim
