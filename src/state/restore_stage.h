// What a backup being restored has brought so far: docs/backup.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "state/keyspace.h"
#include "state/scripts.h"

namespace mydis {

// The applying thread.
struct RestoreStage {
  // When nobody has added anything for so long (of the cluster's time), whoever did is gone.
  static constexpr uint64_t kIdleMs = 60'000;
  // So many writes may happen meanwhile.
  static constexpr uint64_t kRevisionsAhead = 1'000'000'000;

  RestoreStage(std::string name, uint64_t hash_seed, uint32_t databases)
      : id(std::move(name)), keys(hash_seed, databases) {}

  std::string id;         // Whoever restores has invented it.
  uint64_t revision = 0;  // Of all its keys: above any that the state has had.
  uint64_t parts = 0;     // That were added.
  uint64_t touched_ms = 0;
  Keyspace keys;
  std::optional<Scripts> scripts;

  // When it is thrown away, unless a part comes before.
  uint64_t Ends() const { return touched_ms + kIdleMs; }
};

}  // namespace mydis
