// Records of the commands about whole databases.
#include "commands/keys.h"

namespace mydis {
namespace {

constexpr CommandSpec kCommands[] = {
    {
        .name = "dbsize",
        .arity = 1,
        .effect = Effect::kRead,
        .flags = kFast,
        .keys = {},
        .group = Group::kServer,
        .since = "1.0.0",
        .complexity = "O(1)",
        .summary = "Counts the keys of the database.",
        .arguments = "",
        .example = "MSET one 1 two 2; DBSIZE",
        .example_reply = ":2",
        .handler = DbsizeCommand,
        .tips = "request_policy:all_shards,response_policy:agg_sum",
    },
    {
        .name = "flushall",
        .arity = -1,
        .effect = Effect::kWrite,
        .flags = kDangerous | kAudited,
        .keys = {},
        .group = Group::kServer,
        .since = "1.0.0",
        .complexity = "O(N) with N the number of keys in all databases.",
        .summary = "Deletes all keys of all databases.",
        .arguments = "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]",
        .example = "FLUSHALL ASYNC",
        .example_reply = "+OK",
        .handler = FlushallCommand,
        .tips = "request_policy:all_shards,response_policy:all_succeeded",
        .history = "4.0.0: Added ASYNC.|6.2.0: Added SYNC.",
    },
    {
        .name = "flushdb",
        .arity = -1,
        .effect = Effect::kWrite,
        .flags = kDangerous | kAudited,
        .keys = {},
        .group = Group::kServer,
        .since = "1.0.0",
        .complexity = "O(N) with N the number of keys in the database.",
        .summary = "Deletes all keys of the database.",
        .arguments = "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]",
        .example = "FLUSHDB",
        .example_reply = "+OK",
        .handler = FlushdbCommand,
        .tips = "request_policy:all_shards,response_policy:all_succeeded",
        .history = "4.0.0: Added ASYNC.|6.2.0: Added SYNC.",
    },
    {
        .name = "swapdb",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kFast | kDangerous | kAudited,
        .keys = {},
        .group = Group::kServer,
        .since = "4.0.0",
        .complexity =
            "O(N) with N the number of clients that watch or wait for keys of the two databases.",
        .summary = "Exchanges two databases.",
        .arguments = "index1:integer index2:integer",
        .example = "SWAPDB 0 1",
        .example_reply = "+OK",
        .handler = SwapdbCommand,
    },
};

}  // namespace

std::span<const CommandSpec> DatabasesFamily() { return kCommands; }

}  // namespace mydis
