#include "cli/backup_keys.h"

#include "commands/table.h"
#include "state/state_machine.h"

namespace mydis {
namespace {

// Partitions are looked at together until they have so many bytes: a walk through the keyspace
// takes a while even if there is little in it.
constexpr size_t kStepBytes = 1 << 20;

Status VisitKeys(const Keyspace& keyspace, const BackupVisitor& visitor) {
  Status status;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    if (keyspace.Size(db) == 0) continue;
    keyspace.ForEach(db, [&](const Entry& entry) {
      if (status.ok()) status = visitor.key(db, entry, keyspace.Deadline(db, entry));
    });
  }
  return status;
}

}  // namespace

Status ReadBackup(BackupItems& items, const BackupVisitor& visitor) {
  const CommandTable commands(StateFamilies());
  StateMachine machine(commands, 0);
  size_t bytes = 0;
  while (true) {
    auto item = items.Next();
    if (!item) return item.error();
    if (*item) {
      const SnapshotItem& found = **item;
      bytes += found.contents.size();
      Status status = found.partition ? machine.LoadPartition(*found.partition, found.contents)
                                      : machine.LoadHead(found.contents);
      if (status.ok() && !found.partition) status = visitor.head(machine.state());
      if (!status.ok()) return status;
      if (bytes < kStepBytes) continue;
    }
    visitor.progress(items.offset());
    if (Status status = VisitKeys(machine.state().keyspace, visitor); !status.ok()) return status;
    if (!*item) return Status::Ok();
    machine.ForgetKeys();
    bytes = 0;
  }
}

}  // namespace mydis
