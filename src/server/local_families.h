// The families of local commands, in one list: what the server adds to StateFamilies().
#pragma once

#include <span>

#include "commands/table.h"

namespace mydis {

std::span<const CommandSpec> AbsentFamily();
std::span<const CommandSpec> AclLocalFamily();
std::span<const CommandSpec> BackupFamily();
std::span<const CommandSpec> ConnectionFamily();
std::span<const CommandSpec> TransactionFamily();
std::span<const CommandSpec> PrefixFamily();
std::span<const CommandSpec> DebugFamily();
std::span<const CommandSpec> CommandFamily();

std::span<const CommandSpec> ClientFamily();
std::span<const CommandSpec> ClusterFamily();
std::span<const CommandSpec> ConfigFamily();
std::span<const CommandSpec> InfoFamily();
std::span<const CommandSpec> ReplicationFamily();
std::span<const CommandSpec> RestoreBackupFamily();
std::span<const CommandSpec> RequestFamily();

std::span<const CommandSpec> LatencyFamily();
std::span<const CommandSpec> MemoryFamily();
std::span<const CommandSpec> MigrateFamily();
std::span<const CommandSpec> MonitorFamily();
std::span<const CommandSpec> PersistenceFamily();
std::span<const CommandSpec> PubSubFamily();
std::span<const CommandSpec> SlowlogFamily();
std::span<const CommandSpec> TokenFamily();
std::span<const CommandSpec> TrackingFamily();
std::span<const CommandSpec> WatchFamily();

Families LocalFamilies();

}  // namespace mydis
