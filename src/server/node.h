// One running instance: consensus driver, I/O threads, listeners, and what their commands look at.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <vector>

#include "base/log_limiter.h"
#include "base/mutex.h"
#include "server/acl_log.h"
#include "server/audit_log.h"
#include "server/call_log.h"
#include "server/client_registry.h"
#include "server/config.h"
#include "server/consensus_driver.h"
#include "server/door.h"
#include "server/failed_logins.h"
#include "server/http/node_backend.h"
#include "server/io_thread.h"
#include "server/options.h"
#include "server/stats.h"
#include "server/transport_security.h"

namespace mydis {

// Made, started and stopped by one thread; accessors: any thread.
class Node final : private ConsensusListener {
 public:
  explicit Node(const ServerOptions& options);
  ~Node() override;
  // Calls `watch` on the consensus thread whenever whether this instance may answer reads changes.
  // REQUIRES: not started yet.
  void WatchReadiness(std::function<void(Readiness)> watch) { watch_readiness_ = std::move(watch); }
  // Opens everything; an error says which option to change.
  Status Start();
  // Waits until Stop is asked for (RequestStop, SHUTDOWN or a fatal error); gives that error, or
  // ok.
  Status WaitForStop();
  // Read from and written to clients so far, exact to the second.
  std::pair<uint64_t, uint64_t> NetBytes() const;
  // Of all I/O threads' loops.
  LoopTotals LoopWork() const;
  // CONFIG RESETSTAT.
  void ResetStats();
  // A connection that was accepted is gone.
  void ConnectionGone() { --connections_; }
  // Keys and certificates are read anew, which happens by itself within a second of a change.
  void ReloadFiles() { security_.Reload(); }
  // Whether it is ready before `limit` has passed, and before a stop is asked for.
  bool WaitUntilReady(std::chrono::milliseconds limit);
  bool StopRequested() const;
  void RequestStop();  // Safe to call from a signal handler's thread.
  // Graceful: leadership handed over, clients answered, log closed.
  void Stop();

  // Serves the client at the other end of this connected, non-blocking socket, which it takes over
  // and which came in by `door`. Any thread, while the node runs.
  void Adopt(int fd, Door door) { Adopt(fd, door, {}); }
  // The same by Door::kLibrary, with the rights of `user`; empty: with all there are.
  void AdoptOwn(int fd, std::string user) { Adopt(fd, Door::kLibrary, std::move(user)); }
  // What stands between a client's socket and its connection; null: nothing.
  std::unique_ptr<StreamFilter> MakeFilter(Door door, int fd);
  // A client at `address` has not got through its filter. Any thread.
  void LogRefusedClient(const std::string& address, const Status& reason);

  const ServerOptions& options() const { return options_; }
  // Ports in use, ServerOptions::kPortOff for none. After Start.
  int port(Door door) const { return ports_[static_cast<size_t>(door)]; }
  int raft_port() const { return raft_port_; }
  Clock& clock() { return clock_; }
  const CommandTable& table() const { return table_; }
  Core& core() { return consensus_->core(); }
  ConsensusDriver& consensus() { return *consensus_; }
  ClientRegistry& clients() { return clients_; }
  Config& config() { return config_; }
  Stats& stats() { return stats_; }
  AclLog& acl_log() { return acl_log_; }
  AuditLog& audit_log() { return audit_log_; }
  FailedLogins& failed_logins() { return failed_logins_; }
  SlowLog& slow_log() { return slow_log_; }
  LatencyMonitor& latency() { return latency_; }
  const TransportSecurity& security() const { return security_; }
  std::vector<std::unique_ptr<IoThread>>& threads() { return threads_; }
  const RespLimits& resp_limits() { return core().resp_limits; }
  uint64_t started_ms() const { return started_ms_; }  // Monotonic.

  // CLIENT PAUSE: until this monotonic time (0: not), for writes alone or all commands.
  void Pause(uint64_t until_ms, bool writes_only);
  void Unpause();
  bool PausedNow(bool write) const;
  // Why nothing can be answered from the state now: "STALE …".
  std::string StaleError() const;
  uint64_t paused_until_ms() const { return pause_until_ms_; }

 private:
  Status OpenAuditLog();
  LoopTotals AddLoops() const;
  // Why the client at the other end of `fd` is not served, in protected mode; or empty.
  std::string_view DenialOf(int fd) const;
  void Adopt(int fd, Door door, std::string user);
  Status Listen(Door door, std::string_view option, int port);
  void OnReadiness(Readiness readiness) override;
  void OnCanSubmit() override;
  bool MayWake(bool write) override { return !PausedNow(write); }
  void OnLatency(std::string_view event, uint64_t microseconds) override;
  void OnFatal(const Status& status) override;

  const ServerOptions options_;
  SystemClock clock_;
  const CommandTable table_;
  const uint64_t started_ms_;
  Stats stats_;
  AclLog acl_log_;
  AuditLog audit_log_;
  FailedLogins failed_logins_;
  SlowLog slow_log_;
  LatencyMonitor latency_;
  Config config_;
  ClientRegistry clients_;
  NodeBackend http_backend_{*this};
  TransportSecurity security_;
  std::function<void(Readiness)> watch_readiness_;
  std::unique_ptr<ConsensusDriver> consensus_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::unique_ptr<class TcpListener>> listeners_;
  int ports_[3] = {ServerOptions::kPortOff, ServerOptions::kPortOff, ServerOptions::kPortOff};
  int raft_port_ = ServerOptions::kPortOff;
  std::atomic<uint64_t> connections_{0};  // Accepted and not gone, for maxclients.
  std::atomic<uint32_t> next_thread_{0};
  std::atomic<uint64_t> pause_until_ms_{0};
  std::atomic<bool> pause_writes_only_{false};

  Mutex refusals_mutex_;
  LogLimiter refusals_ MYDIS_GUARDED_BY(refusals_mutex_);

  mutable Mutex loops_mutex_;
  LoopTotals loops_before_ MYDIS_GUARDED_BY(loops_mutex_);  // At the last ResetStats.

  mutable Mutex mutex_;
  std::condition_variable_any stopping_;
  std::condition_variable_any readiness_changed_;
  bool ready_ MYDIS_GUARDED_BY(mutex_) = false;
  bool stop_requested_ MYDIS_GUARDED_BY(mutex_) = false;
  Status fatal_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
