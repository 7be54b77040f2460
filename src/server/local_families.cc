#include "server/local_families.h"

#include <vector>

namespace mydis {

Families LocalFamilies() {
  static const std::vector<std::span<const CommandSpec>> families = {
      ClientFamily(),      ClusterFamily(),     CommandFamily(), ConfigFamily(),
      ConnectionFamily(),  ConsistencyFamily(), DebugFamily(),   InfoFamily(),
      ReplicationFamily(), TransactionFamily(), MonitorFamily(), PubSubFamily(),
      TrackingFamily(),    LatencyFamily(),     MemoryFamily(),  SlowlogFamily(),
  };
  return families;
}

}  // namespace mydis
