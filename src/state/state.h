// The replicated state: everything that a snapshot holds and that every instance agrees on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "state/acl.h"
#include "state/events.h"
#include "state/eviction.h"
#include "state/history_demand.h"
#include "state/keyspace.h"
#include "state/origins.h"
#include "state/request_table.h"
#include "state/scripts.h"
#include "state/settings.h"

namespace mydis {

class CommandRunner;
struct RestoreStage;

inline constexpr uint32_t kDatabases = 16;

// Read by any thread that holds the state's lock shared; changed by the applying thread.
struct State {
  explicit State(uint64_t hash_seed) : keyspace(hash_seed, kDatabases) {}

  Keyspace keyspace;
  Settings settings;
  Origins origins;
  Scripts scripts;
  AclUsers users;
  EvictionList evictions;  // What goes first when memory runs out.
  HistoryDemand history;   // Whether somebody in the cluster watches.
  RequestTable requests;   // Replies to writes that may be sent again.
  uint64_t revision = 0;   // Applied write commands so far: the only such number users see.
  uint64_t time_ms = 0;    // The cluster's time: that of the last applied entry.
  // When replies are to be forgotten although nothing happens; UINT64_MAX: never. Not at once,
  // since each pulse is an entry.
  uint64_t RequestsDueMs() const {
    constexpr uint64_t kFraction = 10;
    const uint64_t retention_ms = settings.request_retention_ms();
    const uint64_t end_ms = requests.EndMs(retention_ms);
    return end_ms == UINT64_MAX ? UINT64_MAX : end_ms + retention_ms / kFraction;
  }
  // What counts against `maxmemory`.
  uint64_t CountedBytes() const { return UsedMemory(keyspace) + requests.MemoryBytes(); }
  // Whether that is more than may be.
  bool OverMemoryLimit() const { return OverLimit(CountedBytes(), settings); }
  // Likewise, and no key may go for it.
  bool OutOfMemory() const { return OverMemoryLimit() && !MayEvict(keyspace, settings); }

  // The keys of a backup that is being restored, until they replace those that are here; null: none
  // is. Made by log entries, but in no snapshot: none is taken meanwhile (docs/backup.md).
  std::shared_ptr<RestoreStage> restoring;

  // Where PUBLISH goes; null: nowhere. This instance's, not part of the state.
  MessageListener* messages = nullptr;
  // The commands, for those that have to do with others by name. This instance's, not part of the
  // state.
  const CommandRunner* commands = nullptr;

  // Not part of the state: the partition that the entry being applied asks all instances to compare
  // (MYDIS VERIFY).
  std::optional<uint32_t> verify;
};

}  // namespace mydis
