// The records of the HyperLogLog commands.
#include "commands/hyperloglogs.h"

namespace mydis {
namespace {

constexpr KeySpec kInsertKeys[] = {OneKey(kKeyRW | kKeyInsert)};
constexpr KeySpec kCountKeys[] = {KeyRange(kKeyRW | kKeyAccess, 1, -1)};
constexpr KeySpec kDebugKeys[] = {OneKey(kKeyRW | kKeyAccess, 2)};
constexpr KeySpec kMergeKeys[] = {OneKey(kKeyRW | kKeyAccess | kKeyInsert),
                                  KeyRange(kKeyRO | kKeyAccess, 2, -1)};

constexpr CommandSpec kCommands[] = {
    {
        .name = "pfadd",
        .arity = -2,
        .effect = Effect::kWrite,
        .flags = kFast | kDenyOom,
        .keys = kInsertKeys,
        .group = Group::kHyperLogLog,
        .since = "2.8.9",
        .complexity = "O(1) for each element",
        .summary = "Adds elements to a HyperLogLog, which counts different ones in little space.",
        .arguments = "key [element [element ...]]",
        .example = "PFADD k a b c",
        .example_reply = ":1",
        .handler = PfaddCommand,
    },
    {
        .name = "pfcount",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kMayReplicate,
        .keys = kCountKeys,
        .group = Group::kHyperLogLog,
        .since = "2.8.9",
        .complexity = "O(N) with N the number of keys; for one key it looks at the whole value",
        .summary = "Estimates how many different elements one or several HyperLogLogs together "
                   "have.",
        .arguments = "key [key ...]",
        .example = "PFADD k a b c; PFCOUNT k",
        .example_reply = ":3",
        .handler = PfcountCommand,
    },
    {
        .name = "pfdebug",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kAdmin,
        .keys = kDebugKeys,
        .group = Group::kHyperLogLog,
        .since = "2.8.9",
        .complexity = "O(1)",
        .summary = "Shows the inside of a HyperLogLog.",
        .arguments = "subcommand key",
        .example = "PFADD k a; PFDEBUG ENCODING k",
        .example_reply = "+sparse",
        .handler = PfdebugCommand,
    },
    {
        .name = "pfmerge",
        .arity = -2,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kMergeKeys,
        .group = Group::kHyperLogLog,
        .since = "2.8.9",
        .complexity = "O(N) with N the number of keys",
        .summary = "Makes one HyperLogLog of several.",
        .arguments = "destkey:key [sourcekey:key [sourcekey ...]]",
        .example = "PFADD a 1 2; PFADD b 2 3; PFMERGE k a b",
        .example_reply = "+OK",
        .handler = PfmergeCommand,
    },
    {
        .name = "pfselftest",
        .arity = 1,
        .effect = Effect::kRead,
        .flags = kAdmin | kNoEffectFlag,
        .group = Group::kHyperLogLog,
        .since = "2.8.9",
        .complexity = "O(1)",
        .summary = "Tests the HyperLogLog code.",
        .arguments = "",
        .example = "PFSELFTEST",
        .example_reply = "+OK",
        .handler = PfselftestCommand,
    },
};

}  // namespace

std::span<const CommandSpec> HyperLogLogFamily() { return kCommands; }

}  // namespace mydis
