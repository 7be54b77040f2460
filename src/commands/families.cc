// The list of all families of commands that touch the state.
#include <array>

#include "commands/acl_family.h"
#include "commands/bitmaps.h"
#include "commands/cluster_settings.h"
#include "commands/dump.h"
#include "commands/geo.h"
#include "commands/hashes.h"
#include "commands/hyperloglogs.h"
#include "commands/key_revisions.h"
#include "commands/keys.h"
#include "commands/lists.h"
#include "commands/memory_usage.h"
#include "commands/pubsub.h"
#include "commands/sets.h"
#include "commands/sort.h"
#include "commands/streams.h"
#include "commands/strings.h"
#include "commands/table.h"
#include "commands/tokens.h"
#include "commands/watching.h"
#include "commands/zsets.h"

namespace mydis {

Families StateFamilies() {
  // One on a line.
  // clang-format off
  static const std::array families = {
      AclFamily(),
      BitmapFamily(),
      BlockingListFamily(),
      BlockingSortedSetFamily(),
      ClusterSettingsFamily(),
      DatabasesFamily(),
      DumpFamily(),
      ExpiryFamily(),
      GeoFamily(),
      HashFamily(),
      HashFieldsFamily(),
      HistoryFamily(),
      HyperLogLogFamily(),
      KeyRevisionFamily(),
      KeysFamily(),
      ListFamily(),
      MemoryUsageFamily(),
      PublishFamily(),
      RestoreStageFamily(),
      SetFamily(),
      SortedSetFamily(),
      SortedSetRangeFamily(),
      SortFamily(),
      StreamGroupsFamily(),
      StreamsFamily(),
      StringFamily(),
      TokensFamily(),
  };
  // clang-format on
  return families;
}

}  // namespace mydis
