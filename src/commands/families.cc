// The list of all families of commands that touch the state.
#include <array>

#include "commands/cluster_settings.h"
#include "commands/table.h"

namespace mydis {

Families StateFamilies() {
  static const std::array families = {
      ClusterSettingsFamily(),
  };
  return families;
}

}  // namespace mydis
