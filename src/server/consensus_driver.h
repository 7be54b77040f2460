// The consensus thread of an instance: an event loop that drives the replica, with the peers'
// sockets on it and the disk's threads behind it. It implements the replica's environment over real
// things.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/replica.h"
#include "mydis/status.h"
#include "net/tls.h"
#include "server/client_batch.h"
#include "server/core.h"
#include "server/options.h"

namespace mydis {

// Told by the consensus thread; must not block.
class ConsensusListener {
 public:
  virtual ~ConsensusListener() = default;
  virtual void OnReadiness(Readiness readiness) = 0;
  virtual void OnCanSubmit() = 0;
  // Whether CLIENT PAUSE leaves writes, or all commands, alone now.
  virtual bool MayWake(bool write) = 0;
  // An event of LATENCY has taken so long.
  virtual void OnLatency(std::string_view event, uint64_t microseconds) = 0;
  // The data can no longer be kept: the process must stop, with this line.
  virtual void OnFatal(const Status& status) = 0;
};

class ConsensusDriver {
 public:
  // `listener` outlives the driver.
  ConsensusDriver(const ServerOptions& options, Clock& clock, const CommandTable& table,
                  uint32_t io_threads, ConsensusListener& listener);
  ~ConsensusDriver();
  ConsensusDriver(const ConsensusDriver&) = delete;
  ConsensusDriver& operator=(const ConsensusDriver&) = delete;

  // Those that submit, and are handed what comes back; before Start.
  void SetThreads(std::vector<IoThread*> threads);
  // Opens the data directory and the Raft and RPC ports, and starts the threads; a fresh directory
  // founds or joins its cluster in the background (readiness tells). Errors are lines for people.
  // `cluster_keys` is null if connections to other instances are plain.
  Status Start(std::shared_ptr<const TlsContext> cluster_keys);
  // Hands leadership over, waits for what is under way, closes the log; at most `limit_ms`. After
  // it no callback is made. Any thread but the consensus thread.
  void Stop(uint64_t limit_ms);

  // The rest: any thread.
  // Other keys. REQUIRES: it was started with some.
  void SetClusterKeys(std::shared_ptr<const TlsContext> cluster_keys);
  Core& core();
  // Quietly: the caller calls TryDrive afterwards.
  void Submit(std::unique_ptr<ClientBatch> batch, bool quietly);
  // Runs `task` on the consensus thread. nullptr is given while there is no replica yet (an
  // instance that is still looking for its cluster).
  void Post(std::move_only_function<void(Replica*)> task);
  // Has it look at what is to be done, such as waking those who wait for keys.
  void Nudge() {
    Post([](Replica*) {});
  }
  // The same without waking it: the caller calls TryDrive afterwards.
  void PostQuietly(std::move_only_function<void(Replica*)> task);
  // Does the consensus thread's work in its place, if it sleeps. See EventLoop::TryDrive.
  void TryDrive();
  Readiness readiness() const;
  // How long its loop has worked because of the time alone.
  uint64_t timers_us() const;
  // Why it is not ready, one line.
  std::string why() const;
  // Why this instance is not to be given clients yet, one line; empty: it is. It may answer already
  // (readiness), but the loss of an instance could still stop the cluster that it forms with others
  // (--expect).
  std::string WhyUnready() const {
    if (readiness() == Readiness::kReady) return Forming();
    const std::string reason = why();
    return reason.empty() ? "it is catching up with its cluster" : reason;
  }
  bool can_submit() const;
  bool disk_full() const;
  // As of at most about 50 ms ago; never null.
  std::shared_ptr<const ReplicaStatus> status() const;
  // In use; 0: none. Once it was started.
  uint16_t raft_port() const;
  // Of the cluster: empty before it is known.
  InstanceMeta meta() const;

 private:
  // Why the cluster that is being formed is not complete; empty if it has been, or none is formed.
  std::string Forming() const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mydis
