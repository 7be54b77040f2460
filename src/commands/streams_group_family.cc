// Records of the commands on a stream's consumer groups, and of XINFO.
#include "commands/streams.h"

namespace mydis {
namespace {

constexpr KeySpec kUpdatesKey[] = {OneKey(kKeyRW | kKeyUpdate)};
constexpr KeySpec kDeletesInKey[] = {OneKey(kKeyRW | kKeyDelete)};
constexpr KeySpec kReadsKey[] = {OneKey(kKeyRO | kKeyAccess)};
constexpr KeySpec kInsertsIntoSecond[] = {OneKey(kKeyRW | kKeyInsert, 2)};
constexpr KeySpec kUpdatesSecond[] = {OneKey(kKeyRW | kKeyUpdate, 2)};
constexpr KeySpec kDeletesInSecond[] = {OneKey(kKeyRW | kKeyDelete, 2)};
constexpr KeySpec kReadsSecond[] = {OneKey(kKeyRO | kKeyAccess, 2)};
constexpr std::string_view kChanging = "nondeterministic_output";

constexpr CommandSpec kXgroupSubcommands[] = {
    {
        .name = "create",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kInsertsIntoSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Makes a consumer group that begins behind an ID.",
        .arguments = "key group <id-selector: id | new-id:$> [MKSTREAM] "
                     "[ENTRIESREAD entries-read:integer]",
        .example = "XGROUP CREATE s g $ MKSTREAM",
        .example_reply = "+OK",
        .handler = XgroupCreateCommand,
        .history = "7.0.0: ENTRIESREAD.",
    },
    {
        .name = "createconsumer",
        .arity = 5,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kInsertsIntoSecond,
        .group = Group::kStream,
        .since = "6.2.0",
        .complexity = "O(1)",
        .summary = "Makes a consumer in a group.",
        .arguments = "key group consumer",
        .example = "XGROUP CREATE s g $ MKSTREAM; XGROUP CREATECONSUMER s g c",
        .example_reply = ":1",
        .handler = XgroupCreateconsumerCommand,
    },
    {
        .name = "delconsumer",
        .arity = 5,
        .effect = Effect::kWrite,
        .flags = kFlagNone,
        .keys = kDeletesInSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N log M), with N the entries pending for it and M those of the group.",
        .summary = "Removes a consumer and what is pending for it, and tells how much that was.",
        .arguments = "key group consumer",
        .example = "XGROUP CREATE s g $ MKSTREAM; XGROUP DELCONSUMER s g c",
        .example_reply = ":0",
        .handler = XgroupDelconsumerCommand,
    },
    {
        .name = "destroy",
        .arity = 4,
        .effect = Effect::kWrite,
        .flags = kFlagNone,
        .keys = kDeletesInSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N), with N the number of the group's consumers.",
        .summary = "Removes a consumer group.",
        .arguments = "key group",
        .example = "XGROUP CREATE s g $ MKSTREAM; XGROUP DESTROY s g",
        .example_reply = ":1",
        .handler = XgroupDestroyCommand,
    },
    {
        .name = "help",
        .arity = 2,
        .effect = Effect::kRead,
        .flags = kLoading | kStale | kNoEffectFlag,
        .keys = {},
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Explains the subcommands of XGROUP.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = XgroupHelpCommand,
    },
    {
        .name = "setid",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kFlagNone,
        .keys = kUpdatesSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Sets the ID behind which a group goes on.",
        .arguments = "key group <id-selector: id | new-id:$> "
                     "[ENTRIESREAD entriesread:integer/entries-read]",
        .example = "XGROUP CREATE s g $ MKSTREAM; XGROUP SETID s g 0",
        .example_reply = "+OK",
        .handler = XgroupSetidCommand,
        .history = "7.0.0: ENTRIESREAD.",
    },
};

constexpr CommandSpec kXinfoSubcommands[] = {
    {
        .name = "consumers",
        .arity = 4,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N), with N the number of consumers.",
        .summary = "Tells about the consumers of a group.",
        .arguments = "key group",
        .example = "XGROUP CREATE s g $ MKSTREAM; XINFO CONSUMERS s g",
        .example_reply = "*0",
        .handler = XinfoConsumersCommand,
        .tips = kChanging,
        .history = "7.2.0: The field inactive.",
    },
    {
        .name = "groups",
        .arity = 3,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N), with N the number of groups.",
        .summary = "Tells about the consumer groups of a stream.",
        .arguments = "key",
        .example = "XADD s 1-0 f v; XINFO GROUPS s",
        .example_reply = "*0",
        .handler = XinfoGroupsCommand,
        .history = "7.0.0: The fields entries-read and lag.",
    },
    {
        .name = "help",
        .arity = 2,
        .effect = Effect::kRead,
        .flags = kLoading | kStale | kNoEffectFlag,
        .keys = {},
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Explains the subcommands of XINFO.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = XinfoHelpCommand,
    },
    {
        .name = "stream",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsSecond,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N), with N the number of the stream's nodes, and what FULL shows.",
        .summary = "Tells about a stream.",
        .arguments = "key [full-block: FULL [COUNT count]]",
        .example = "XGROUP CREATE s g $ MKSTREAM; XINFO STREAM s",
        .example_reply =
            "*20\n  \"length\"\n  :0\n  \"radix-tree-keys\"\n  :0\n  \"radix-tree-nodes\"\n  :1\n"
            "  \"last-generated-id\"\n  \"0-0\"\n  \"max-deleted-entry-id\"\n  \"0-0\"\n"
            "  \"entries-added\"\n  :0\n  \"recorded-first-entry-id\"\n  \"0-0\"\n  \"groups\"\n"
            "  :1\n  \"first-entry\"\n  (nil)\n  \"last-entry\"\n  (nil)",
        .handler = XinfoStreamCommand,
        .history = "6.0.0: FULL.|7.0.0: The fields max-deleted-entry-id, entries-added, "
                   "recorded-first-entry-id, entries-read and lag.|7.2.0: The field active-time; "
                   "seen-time counts attempts too.",
    },
};

constexpr CommandSpec kCommands[] = {
    {
        .name = "xack",
        .arity = -4,
        .effect = Effect::kWrite,
        .flags = kFast,
        .keys = kUpdatesKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N) for each ID, with N the number of pending entries.",
        .summary = "Acknowledges entries: they are not pending any more.",
        .arguments = "key group ID:string [...]",
        .example = "XADD s 1-0 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >; "
                   "XACK s g 1-0",
        .example_reply = ":1",
        .handler = XackCommand,
    },
    {
        .name = "xautoclaim",
        .arity = -6,
        .effect = Effect::kWrite,
        .flags = kFast,
        .keys = kDeletesInKey,
        .group = Group::kStream,
        .since = "6.2.0",
        .complexity = "O(1) if COUNT is small.",
        .summary = "Gives a consumer the entries that have been pending for long.",
        .arguments = "key group consumer min-idle-time start:string [COUNT count] [JUSTID]",
        .example = "XADD s 1-0 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >; "
                   "XAUTOCLAIM s g other 0 - JUSTID",
        .example_reply = "*3\n  \"0-0\"\n  *1\n    \"1-0\"\n  *0",
        .handler = XautoclaimCommand,
        .tips = kChanging,
        .history = "7.0.0: The reply tells the deleted entries that are not pending any more.",
    },
    {
        .name = "xclaim",
        .arity = -6,
        .effect = Effect::kWrite,
        .flags = kFast,
        .keys = kUpdatesKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N) for each ID, with N the number of pending entries.",
        .summary = "Gives a consumer pending entries of others.",
        .arguments = "key group consumer min-idle-time ID:string [...] [IDLE ms:integer] "
                     "[TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] "
                     "[LASTID lastid]",
        .example = "XADD s 1-0 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >; "
                   "XCLAIM s g other 0 1-0 JUSTID",
        .example_reply = "*1\n  \"1-0\"",
        .handler = XclaimCommand,
        .tips = kChanging,
    },
    {
        .name = "xgroup",
        .arity = -2,
        .effect = Effect::kWrite,
        .flags = kFlagNone,
        .keys = {},
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "Depends on the subcommand.",
        .summary = "A container for commands about consumer groups.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = {},
        .subcommands = kXgroupSubcommands,
    },
    {
        .name = "xinfo",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = {},
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "Depends on the subcommand.",
        .summary = "A container for commands that tell about streams.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = {},
        .subcommands = kXinfoSubcommands,
    },
    {
        .name = "xpending",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N + M), with N the number of pending entries and M those looked at; "
                      "without a range O(C), with C the number of consumers.",
        .summary = "Tells what is pending, and for whom.",
        .arguments = "key group [filters: [IDLE min-idle-time:integer@6.2.0] start:string "
                     "end:string count [consumer]]",
        .example = "XADD s 1-0 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >; "
                   "XPENDING s g",
        .example_reply = "*4\n  :1\n  \"1-0\"\n  \"1-0\"\n  *1\n    *2\n      \"c\"\n      \"1\"",
        .handler = XpendingCommand,
        .tips = kChanging,
        .history = "6.2.0: IDLE, and ranges without their ends.",
    },
};

}  // namespace

std::span<const CommandSpec> StreamGroupsFamily() { return kCommands; }

}  // namespace mydis
