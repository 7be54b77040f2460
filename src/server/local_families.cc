#include "server/local_families.h"

#include <vector>

#include "script/script_family.h"

namespace mydis {

Families LocalFamilies() {
  static const std::vector<std::span<const CommandSpec>> families = {
      // Not local, but of a layer that is above the state's families.
      EvalFamily(),          ScriptFamily(),      FunctionFamily(),    AclLocalFamily(),
      ClientFamily(),        ClusterFamily(),     CommandFamily(),     ConfigFamily(),
      ConnectionFamily(),    PrefixFamily(),      DebugFamily(),       ScriptDebugFamily(),
      InfoFamily(),          ReplicationFamily(), RequestFamily(),     TransactionFamily(),
      MonitorFamily(),       PubSubFamily(),      TrackingFamily(),    LatencyFamily(),
      MemoryFamily(),        SlowlogFamily(),     PersistenceFamily(), AbsentFamily(),
      MigrateFamily(),       TokenFamily(),       WatchFamily(),       BackupFamily(),
      RestoreBackupFamily(),
  };
  return families;
}

}  // namespace mydis
