#include "server/node.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/log.h"
#include "base/time_limit.h"
#include "net/tcp.h"
#include "server/http/http_filter.h"
#include "server/local_families.h"
#include "server/refusal_filter.h"
#include "server/start_errors.h"

namespace mydis {
namespace {

// Of a pause: the instance is stopping.
constexpr uint64_t kUntilTheEnd = UINT64_MAX;
// How long it waits then for what is under way, which a majority may never confirm.
constexpr uint64_t kSettleMs = 1000;

uint32_t ThreadCount(const ServerOptions& options) {
  if (options.io_threads > 0) return static_cast<uint32_t>(options.io_threads);
  const uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::clamp(cores / 2, 1u, 16u);
}

// Protected mode. Redis's word for it, which clients know.
constexpr std::string_view kDenied =
    "DENIED this instance is in protected mode: nobody needs a password, so only clients of its "
    "own "
    "machine are served. From there, give the user default a password (CONFIG SET requirepass), "
    "or, "
    "where every machine that reaches this port may do everything, say CONFIG SET protected-mode "
    "no; --password and --protected-mode no do the same at the start";

std::string_view TooManyClients(Door door) {
  if (door == Door::kHttp)
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  return "-ERR max number of clients reached\r\n";
}

}  // namespace

Node::Node(const ServerOptions& options)
    : options_(options),
      table_(StateFamilies(), LocalFamilies()),
      started_ms_(clock_.MonotonicUs() / 1000),
      stats_(ThreadCount(options), static_cast<uint32_t>(options.visitors)),
      config_(options),
      security_(options) {
  consensus_ = std::make_unique<ConsensusDriver>(options_, clock_, table_, ThreadCount(options),
                                                 static_cast<ConsensusListener&>(*this));
}

Node::~Node() { Stop(); }

Status Node::Start() {
  if (Status status = security_.Load(); !status.ok()) return status;
  if (Status status = PrepareDataDirectory(options_.data_dir); !status.ok()) return status;
  if (Status status = OpenAuditLog(); !status.ok()) return status;
  for (uint32_t i = 0; i < ThreadCount(options_); ++i) {
    auto loop = EventLoop::Create();
    if (!loop) return loop.error();
    threads_.push_back(std::make_unique<IoThread>(*this, i, *std::move(loop)));
  }
  std::vector<IoThread*> threads;
  for (const auto& thread : threads_) threads.push_back(thread.get());
  consensus_->SetThreads(std::move(threads));
  if (Status s = Listen(Door::kRedis, "--redis-port", options_.redis_port); !s.ok()) return s;
  config_.NotePort(std::max(0, port(Door::kRedis)));
  if (Status s = Listen(Door::kHttp, "--http-port", options_.http_port); !s.ok()) return s;
  if (Status status = consensus_->Start(security_.cluster()); !status.ok()) return status;
  if (options_.raft_port != ServerOptions::kPortOff) raft_port_ = consensus_->raft_port();
  security_.Watch(
      [this](TransportSecurity::Context keys) { consensus_->SetClusterKeys(std::move(keys)); });
  for (auto& thread : threads_) thread->Start();
  return Status::Ok();
}

Status Node::OpenAuditLog() {
  if (options_.audit_log == "off") return Status::Ok();
  if (!options_.audit_log.empty()) return audit_log_.Open(options_.audit_log);
  return audit_log_.Open(options_.data_dir + "/audit.log");
}

Status Node::Listen(Door door, std::string_view option, int port) {
  if (port == ServerOptions::kPortOff) return Status::Ok();
  auto listener =
      TcpListener::Listen(threads_[0]->loop(), options_.bind_address, static_cast<uint16_t>(port),
                          [this, door](int fd) { Adopt(fd, door); });
  if (!listener) return ListenError(option, listener.error());
  ports_[static_cast<size_t>(door)] = (*listener)->port();
  listeners_.push_back(*std::move(listener));
  return Status::Ok();
}

std::string_view Node::DenialOf(int fd) const {
  const bool certified =
      !options_.tls_ca.empty() && options_.tls_auth_clients == ClientCertificates::kYes;
  const bool open = consensus_->core().default_open.load(std::memory_order_relaxed);
  if (!config_.protected_mode || certified || !open || IsLocalPeer(fd)) return {};
  return kDenied;
}

std::unique_ptr<StreamFilter> Node::MakeFilter(Door door, int fd) {
  if (door == Door::kLibrary) return nullptr;
  std::unique_ptr<StreamFilter> inner;
  const std::string denial(DenialOf(fd));
  auto noted = [this, denial, peer = denial.empty() ? std::string() : PeerName(fd)] {
    stats_.rejected_connections.Add();
    LogRefusedClient(peer, Status(ErrorCode::kNoAuth, denial));
  };
  if (door == Door::kHttp) {
    inner = std::make_unique<HttpFilter>(http_backend_, HttpDenial{denial, std::move(noted)});
  } else if (!denial.empty()) {
    noted();
    inner = std::make_unique<RefusalFilter>(fmt::format("-{}\r\n", denial));
  }
  const TransportSecurity::Context tls = security_.clients();
  if (!tls) return inner;
  if (!inner) return tls->MakeFilter(false);
  return std::make_unique<ChainedFilter>(tls->MakeFilter(false), std::move(inner));
}

void Node::LogRefusedClient(const std::string& address, const Status& reason) {
  MutexLock guard(refusals_mutex_);
  const std::string host = address.substr(0, address.rfind(':'));
  if (refusals_.Allows(host, clock_.MonotonicUs() / 1000))
    LogWarning("the client at {} is refused: {}", address, reason.message());
}

void Node::Adopt(int fd, Door door, std::string user) {
  stats_.connections.Add();
  const bool own = door == Door::kLibrary;
  if (!own && connections_.load() >= config_.max_clients) {
    stats_.rejected_connections.Add();
    // Those who speak TLS would not understand it.
    const std::string_view error = options_.tls_cert.empty() ? TooManyClients(door) : "";
    (void)send(fd, error.data(), error.size(), MSG_NOSIGNAL);
    close(fd);
    return;
  }
  ++connections_;
  if (!own) TuneSocket(fd, static_cast<int>(std::min<uint64_t>(config_.keepalive_s, INT32_MAX)));
  threads_[next_thread_++ % threads_.size()]->Adopt(fd, door, std::move(user));
}

std::pair<uint64_t, uint64_t> Node::NetBytes() const {
  uint64_t input = stats_.net_input_bytes.Get();
  uint64_t output = stats_.net_output_bytes.Get();
  for (const auto& client : clients_.List()) {
    input += client->bytes_read;
    output += client->bytes_written;
  }
  return {input, output};
}

LoopTotals Node::AddLoops() const {
  LoopTotals sum;
  sum.timers_us = consensus_->timers_us();
  for (const auto& thread : threads_) {
    const EventLoop& loop = thread->loop();
    sum.turns += loop.turns();
    sum.busy_us += loop.busy_us();
    sum.timers_us += loop.timers_us();
    sum.longest_us = std::max(sum.longest_us, loop.longest_us());
  }
  return sum;
}

LoopTotals Node::LoopWork() const {
  LoopTotals sum = AddLoops();
  MutexLock guard(loops_mutex_);
  sum.turns -= loops_before_.turns;
  sum.busy_us -= loops_before_.busy_us;
  sum.timers_us -= loops_before_.timers_us;
  return sum;
}

void Node::ResetStats() {
  stats_.Reset();
  core().expired_keys = 0;
  core().evicted_keys = 0;
  core().log_write_us = 0;
  core().reclaimer.ResetFreed();
  for (auto& thread : threads_) thread->loop().ForgetLongest();
  MutexLock guard(loops_mutex_);
  loops_before_ = AddLoops();
}

Status Node::WaitForStop() {
  MutexLock lock(mutex_);
  while (!stop_requested_) stopping_.wait(mutex_);
  return fatal_;
}

bool Node::WaitUntilReady(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + Bounded(limit);
  MutexLock lock(mutex_);
  while (!ready_ && !stop_requested_) {
    if (readiness_changed_.wait_until(mutex_, until) == std::cv_status::timeout) return ready_;
  }
  return ready_ && !stop_requested_;
}

void Node::RequestStop() {
  MutexLock guard(mutex_);
  stop_requested_ = true;
  stopping_.notify_all();
  readiness_changed_.notify_all();
}

bool Node::StopRequested() const {
  MutexLock guard(mutex_);
  return stop_requested_;
}

void Node::Stop() {
  if (consensus_ == nullptr) return;
  security_.Stop();
  // What comes from now on is not begun, as in Redis: its client finds the connection closed, and
  // nothing is answered behind it. A refusal would be an error for whoever does not send it again,
  // and one among the replies of a pipeline puts all behind it in doubt.
  pause_until_ms_ = kUntilTheEnd;
  const uint64_t until_ms = clock_.MonotonicUs() / 1000 + kSettleMs;
  for (auto& thread : threads_) {
    const uint64_t now_ms = clock_.MonotonicUs() / 1000;
    thread->Settle(until_ms > now_ms ? until_ms - now_ms : 0);
  }
  consensus_->Stop(5000);
  // All threads end before any is destroyed: they post tasks to each other.
  for (auto& thread : threads_) thread->Stop();
  core().lock.Close();
  listeners_.clear();
  threads_.clear();
  consensus_.reset();
}

void Node::Pause(uint64_t until_ms, bool writes_only) {
  // As in Redis, a pause under way is only ever made longer and wider.
  uint64_t before_ms = pause_until_ms_;
  do {
    if (before_ms == kUntilTheEnd) return;
    const bool under_way = before_ms > clock_.MonotonicUs() / 1000;
    pause_writes_only_ = writes_only && (!under_way || pause_writes_only_);
    if (under_way) until_ms = std::max(until_ms, before_ms);
  } while (!pause_until_ms_.compare_exchange_weak(before_ms, until_ms));
  for (auto& thread : threads_) {
    thread->loop().Post([&thread = *thread, until_ms] {
      const uint64_t now = thread.now_ms();
      thread.loop().AddTimer(until_ms > now ? until_ms - now + 1 : 1, [&thread] {
        thread.RetryAll();
        thread.node().consensus().Nudge();
      });
    });
  }
}

void Node::Unpause() {
  uint64_t until_ms = pause_until_ms_;
  do {
    if (until_ms == kUntilTheEnd) return;
  } while (!pause_until_ms_.compare_exchange_weak(until_ms, 0));
  for (auto& thread : threads_) thread->RetryAll();
  consensus_->Nudge();
}

bool Node::PausedNow(bool write) const {
  const uint64_t until = pause_until_ms_.load(std::memory_order_relaxed);
  if (until == 0) [[likely]]
    return false;
  if (until == kUntilTheEnd) return true;
  if (pause_writes_only_ && !write) return false;
  return const_cast<SystemClock&>(clock_).MonotonicUs() / 1000 < until;
}

std::string Node::StaleError() const {
  const std::string why = consensus_->why();
  return fmt::format("STALE this instance cannot answer now: {}",
                     why.empty() ? "it is catching up with the cluster" : why);
}

void Node::OnReadiness(Readiness readiness) {
  {
    MutexLock guard(mutex_);
    ready_ = readiness == Readiness::kReady;
    readiness_changed_.notify_all();
  }
  if (watch_readiness_) watch_readiness_(readiness);
  if (readiness == Readiness::kRemoved) {
    for (const auto& waiter : core().blocked.LeaveAll()) {
      waiter->thread->WithConnection(waiter->connection, [this](Connection& connection) {
        connection.FailWait(StaleError());
      });
    }
  }
  for (auto& thread : threads_) thread->RetryAll();
}

void Node::OnCanSubmit() {
  for (auto& thread : threads_) thread->RetryAll();
}

void Node::OnLatency(std::string_view event, uint64_t microseconds) {
  const uint64_t threshold_ms = config_.latency_threshold_ms.load(std::memory_order_relaxed);
  if (threshold_ms == 0 || microseconds < threshold_ms * 1000) return;
  latency_.Add(std::string(event), {clock_.WallMs() / 1000, microseconds / 1000});
}

void Node::OnFatal(const Status& status) {
  MutexLock guard(mutex_);
  fatal_ = status;
  stop_requested_ = true;
  stopping_.notify_all();
  readiness_changed_.notify_all();
}

}  // namespace mydis
