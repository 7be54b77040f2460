#include "server/local_families.h"

#include <vector>

namespace mydis {

Families LocalFamilies() {
  static const std::vector<std::span<const CommandSpec>> families = {
      ConnectionFamily(), TransactionFamily(), ConsistencyFamily(),
      CommandFamily(),    ClusterFamily(),     ReplicationFamily(),
  };
  return families;
}

}  // namespace mydis
