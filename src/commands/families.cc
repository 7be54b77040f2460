#include "commands/families.h"

#include <array>

#include "commands/table.h"

namespace mydis {

Families StateFamilies() {
  static const std::array families = {
      ClusterSettingsCommands(),
  };
  return families;
}

}  // namespace mydis
