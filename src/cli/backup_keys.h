// The keys of a backup, one after the other, in memory that depends on its largest partition alone.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "server/backup_items.h"
#include "state/state.h"

namespace mydis {

struct BackupVisitor {
  // All but the keys; before them.
  std::function<Status(const State& state)> head;
  std::function<Status(uint32_t db, const Entry& entry, std::optional<int64_t> deadline_ms)> key;
  // Now and then: how far the file has been read.
  std::function<void(uint64_t offset)> progress;
};

// Goes through all of `items`, which are at their beginning. The first error of a visit, or of the
// backup (kCorrupt), ends it.
Status ReadBackup(BackupItems& items, const BackupVisitor& visitor);

}  // namespace mydis
