// The list of all families of commands that touch the state.
#include <array>

#include "commands/bitmaps.h"
#include "commands/cluster_settings.h"
#include "commands/keys.h"
#include "commands/lists.h"
#include "commands/streams.h"
#include "commands/strings.h"
#include "commands/table.h"

namespace mydis {

Families StateFamilies() {
  static const std::array families = {
      StringFamily(), BitmapFamily(),    KeysFamily(),
      ExpiryFamily(), DatabasesFamily(), ClusterSettingsFamily(),
      ListFamily(),   StreamsFamily(),   StreamGroupsFamily(),
  };
  return families;
}

}  // namespace mydis
