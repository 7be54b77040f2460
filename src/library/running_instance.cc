#include "library/running_instance.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/no_signals.h"
#include "base/time_limit.h"
#include "library/instance_options.h"

namespace mydis {
Result<std::shared_ptr<RunningInstance>> RunningInstance::Start(const InstanceOptions& options) {
  auto server = ToServerOptions(options);
  if (!server) return Fail(server.error());
  const NoSignals no_signals;
  auto node = std::make_shared<Node>(*server);
  if (Status status = node->Start(); !status.ok())
    return Fail(InTermsOfFields(status, options.data_dir));
  auto dialer = std::make_shared<InstanceDialer>(node);
  auto client = ClientCore::Create(dialer, {.executor = options.executor});
  if (!client) {
    node->Stop();
    return Fail(client.error());
  }
  std::shared_ptr<RunningInstance> running(
      new RunningInstance(std::move(node), std::move(dialer), *std::move(client)));
  running->watcher_ = std::thread([instance = running.get()] { instance->Watch(); });
  running->watcher_id_ = running->watcher_.get_id();
  return running;
}

RunningInstance::RunningInstance(std::shared_ptr<Node> node, std::shared_ptr<InstanceDialer> dialer,
                                 std::shared_ptr<ClientCore> client)
    : node_(std::move(node)), dialer_(std::move(dialer)), client_(std::move(client)) {}

void RunningInstance::Watch() {
  const Status why = node_->WaitForStop();
  std::function<void(const Status&)> handler;
  {
    MutexLock lock(mutex_);
    while (!stopping_ && !on_stopped_) changed_.wait(mutex_);
    if (stopping_) return;
    handler = std::exchange(on_stopped_, nullptr);
  }
  handler(InTermsOfFields(why, node_->options().data_dir));
}

void RunningInstance::OnStopped(std::function<void(const Status&)> handler) {
  MutexLock lock(mutex_);
  on_stopped_ = std::move(handler);
  changed_.notify_all();
}

bool RunningInstance::OnOwnThread() const {
  return std::this_thread::get_id() == watcher_id_ || client_->OnCoreThread();
}

void RunningInstance::Stop() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(stopping_, true)) {
      while (!stopped_ && !OnOwnThread()) changed_.wait(mutex_);
      return;
    }
    changed_.notify_all();
  }
  if (!OnOwnThread()) return StopNow();
  ThreadWithoutSignals([instance = shared_from_this()] { instance->StopNow(); }).detach();
}

void RunningInstance::StopNow() {
  node_->RequestStop();
  watcher_.join();
  dialer_->Close();
  node_->Stop();
  client_->Stop();
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

Status RunningInstance::WaitUntilReady(std::chrono::milliseconds limit) {
  limit = Bounded(limit);
  // Nobody tells when the last voter of a cluster that is being formed has come.
  constexpr std::chrono::milliseconds kLookAgain{20};
  const auto until = std::chrono::steady_clock::now() + limit;
  const bool answers = node_->WaitUntilReady(limit);
  for (;;) {
    const InstanceStatus now = status();
    if (now.ready) return Status::Ok();
    if (node_->StopRequested()) return {ErrorCode::kUnavailable, "the instance has been stopped"};
    if (!answers || std::chrono::steady_clock::now() >= until) {
      return {ErrorCode::kTimeout,
              fmt::format("not ready after {} ms: {}", limit.count(), now.why)};
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

InstanceStatus RunningInstance::status() {
  InstanceStatus status;
  const StateVisits::Visit visit(*dialer_->visits(), StateVisits::kWaits);
  if (!visit) {
    status.why = "it has been stopped";
    return status;
  }
  const ConsensusDriver& consensus = visit.node().consensus();
  const std::shared_ptr<const ReplicaStatus> replica = consensus.status();
  status.instance_id = consensus.meta().instance_id;
  status.why = consensus.WhyUnready();
  status.ready = status.why.empty();
  status.leads = replica->role == RaftRole::kLeader;
  status.revision = visit.state().revision;
  for (const MemberStatus& member : replica->members) {
    status.members.push_back(member.member.instance_id);
    if (member.member.role == MemberRole::kVoter)
      status.voters.push_back(member.member.instance_id);
    if (member.member.raft_id == replica->leader) status.leader = member.member.instance_id;
  }
  return status;
}

}  // namespace mydis
