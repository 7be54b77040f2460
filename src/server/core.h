// What every thread of an instance shares: the state with its lock, the commands, the clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "commands/table.h"
#include "protocol/resp_parser.h"
#include "server/audience.h"
#include "server/background_reclaimer.h"
#include "server/blocked_clients.h"
#include "server/change_history.h"
#include "server/cluster_clock.h"
#include "server/listener_fanout.h"
#include "server/state_lock.h"
#include "state/state_machine.h"

namespace mydis {

struct Core {
  // Slots of the state lock: one for each I/O thread, then one for the snapshot lane; then
  // `visitors` for the threads of the program around.
  Core(Clock& system_clock, const CommandTable& commands, uint32_t io_threads,
       uint32_t visitors = 0)
      : clock(system_clock),
        table(commands),
        shared_lock(std::make_shared<StateLock>(io_threads + 1, visitors)),
        lock(*shared_lock),
        snapshot_slot(io_threads),
        machine(commands, 0),
        cluster_clock(system_clock) {
    AddListener(&blocked);
    machine.set_reclaimer(&reclaimer);
  }

  // For a follower of the state, between entries. Without followers the state tells nothing, which
  // costs nothing.
  void AddListener(KeyspaceListener* listener) {
    listeners.Add(listener);
    machine.set_listener(&listeners);
  }
  void RemoveListener(KeyspaceListener* listener) { listeners.Remove(listener); }

  const ChangeHistory& HistoryOfWatches(HistoryOf what) const {
    return what == HistoryOf::kChanges ? changes_history : messages_history;
  }
  // Whether somebody may want the events of look-ups that find nothing. REQUIRES: the lock is held.
  bool TellsMisses() const {
    return !audience.empty() && (machine.state().settings.notify_events() &
                                 static_cast<uint32_t>(EventClass::kKeyMiss)) != 0;
  }

  Clock& clock;
  const CommandTable& table;
  const std::shared_ptr<StateLock> shared_lock;  // Visitors have shares: they come late, too.
  StateLock& lock;
  const uint32_t snapshot_slot;
  BackgroundReclaimer reclaimer;  // Outlives the machine, which hands it what was removed.
  StateMachine machine;  // Guarded by `lock`. Reset to the cluster's hash seed once that is known.
  ListenerFanout listeners;
  ClusterClock cluster_clock;
  BlockedClients blocked;
  Audience audience;
  // Guarded by `lock`. What watches read from, kept while somebody in the cluster watches.
  ChangeHistory changes_history;
  ChangeHistory messages_history;
  // Of clients' requests, as of the last applied entry.
  RespLimits resp_limits;
  // The cluster-wide floor for writes, as of the last applied entry.
  std::atomic<bool> strong_writes{false};
  // Changes whenever the users do, or what this instance knows of them; never 0. Stored by the
  // thread that applies.
  std::atomic<uint64_t> users_version{1};
  // Whether clients are "default" without a password, as of the last applied entry.
  std::atomic<bool> default_open{true};
  // The data takes more than `maxmemory`, as of the last applied entry.
  std::atomic<bool> out_of_memory{false};
  // What counts against `maxmemory`, as of the last applied entry, and the most there has been.
  std::atomic<uint64_t> counted_bytes{0};
  std::atomic<uint64_t> counted_bytes_peak{0};
  // Keys that were changed since the start, and how many of these changes the last snapshot that
  // was begun here has.
  std::atomic<uint64_t> changes{0};
  std::atomic<uint64_t> changes_saved{0};
  // Keys whose time came, since the start or CONFIG RESETSTAT.
  std::atomic<uint64_t> expired_keys{0};
  std::atomic<uint64_t> evicted_keys{0};
  // Time of the durable writes of the log, since the start or CONFIG RESETSTAT.
  std::atomic<uint64_t> log_write_us{0};
};

}  // namespace mydis
