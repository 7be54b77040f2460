// Records of the commands on a stream's entries.
#include "commands/streams.h"

namespace mydis {
namespace {

constexpr KeySpec kUpdatesKey[] = {OneKey(kKeyRW | kKeyUpdate)};
constexpr KeySpec kDeletesInKey[] = {OneKey(kKeyRW | kKeyDelete)};
constexpr KeySpec kReadsKey[] = {OneKey(kKeyRO | kKeyAccess)};
constexpr KeySpec kLooksAtKey[] = {OneKey(kKeyRO)};
constexpr KeySpec kReadsStreams[] = {{.flags = kKeyRO | kKeyAccess,
                                      .begin = KeySpec::Begin::kKeyword,
                                      .keyword = "STREAMS",
                                      .start_from = 1,
                                      .last = -1,
                                      .limit = 2}};
constexpr KeySpec kReadsStreamsOfGroup[] = {{.flags = kKeyRO | kKeyAccess,
                                             .begin = KeySpec::Begin::kKeyword,
                                             .keyword = "STREAMS",
                                             .start_from = 4,
                                             .last = -1,
                                             .limit = 2}};
constexpr std::string_view kChanging = "nondeterministic_output";

constexpr CommandSpec kCommands[] = {
    {
        .name = "xadd",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kFast,
        .keys = kUpdatesKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1), and O(N) with N the number of entries that are trimmed.",
        .summary = "Adds an entry to a stream, and the stream if it is not there.",
        .arguments = "key [NOMKSTREAM@6.2.0] [trim: <strategy: MAXLEN | MINID@6.2.0> [operator: "
                     "equal:= | approximately:~] threshold [LIMIT count@6.2.0]] <id-selector: "
                     "auto-id:* | id> field value [data: field value ...]",
        .example = "XADD s 5-1 name Ada; XADD s 5-* name Grace",
        .example_reply = "\"5-2\"",
        .handler = XaddCommand,
        .tips = kChanging,
        .history = "6.2.0: NOMKSTREAM, MINID and LIMIT.|7.0.0: IDs of the form ms-*.",
    },
    {
        .name = "xdel",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kFast,
        .keys = kDeletesInKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N) for each entry, with N the length of the stream.",
        .summary = "Deletes entries of a stream by their IDs.",
        .arguments = "key ID:string [...]",
        .example = "XADD s 1-0 f v; XADD s 2-0 f v; XDEL s 1-0 3-0",
        .example_reply = ":1",
        .handler = XdelCommand,
    },
    {
        .name = "xlen",
        .arity = 2,
        .effect = Effect::kRead,
        .flags = kFast,
        .keys = kLooksAtKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Tells how many entries a stream has.",
        .arguments = "key",
        .example = "XADD s 1-0 f v; XLEN s",
        .example_reply = ":1",
        .handler = XlenCommand,
    },
    {
        .name = "xrange",
        .arity = -4,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N + M), with N the length of the stream and M the entries answered.",
        .summary = "Gives the entries of a range of IDs.",
        .arguments = "key start:string end:string [COUNT count]",
        .example = "XADD s 1-0 f v; XADD s 2-0 f w; XRANGE s - + COUNT 1",
        .example_reply = "*1\n  *2\n    \"1-0\"\n    *2\n      \"f\"\n      \"v\"",
        .handler = XrangeCommand,
        .history = "6.2.0: Ranges without their ends.",
    },
    {
        .name = "xread",
        .arity = -4,
        .effect = Effect::kRead,
        .flags = kBlocking,
        .keys = kReadsStreams,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N + M) for each stream, with N its length and M the entries answered.",
        .summary = "Gives the entries of several streams beyond an ID each, or waits for some.",
        .arguments = "[COUNT count] [BLOCK milliseconds] <STREAMS key [key ...] ID:string [...]>",
        .example = "XADD s 1-0 f v; XREAD STREAMS s 0",
        .example_reply = "*1\n  *2\n    \"s\"\n    *1\n      *2\n        \"1-0\"\n        *2\n"
                         "          \"f\"\n          \"v\"",
        .handler = XreadCommand,
        .plan_wait = PlanXread,
    },
    {
        .name = "xreadgroup",
        .arity = -7,
        .effect = Effect::kWrite,
        .flags = kBlocking,
        .keys = kReadsStreamsOfGroup,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N + M) for each stream, with N its length and M the entries answered.",
        .summary =
            "Gives a consumer of a group new entries, or again those it has not acknowledged.",
        .arguments =
            "<group-block: GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] "
            "<STREAMS key [key ...] ID:string [...]>",
        .example = "XADD s 1-0 f v; XGROUP CREATE s g 0; XREADGROUP GROUP g c STREAMS s >",
        .example_reply = "*1\n  *2\n    \"s\"\n    *1\n      *2\n        \"1-0\"\n        *2\n"
                         "          \"f\"\n          \"v\"",
        .handler = XreadgroupCommand,
        .plan_wait = PlanXreadgroup,
    },
    {
        .name = "xrevrange",
        .arity = -4,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(log N + M), with N the length of the stream and M the entries answered.",
        .summary = "Gives the entries of a range of IDs, the latest first.",
        .arguments = "key end:string start:string [COUNT count]",
        .example = "XADD s 1-0 f v; XADD s 2-0 f w; XREVRANGE s + - COUNT 1",
        .example_reply = "*1\n  *2\n    \"2-0\"\n    *2\n      \"f\"\n      \"w\"",
        .handler = XrevrangeCommand,
        .history = "6.2.0: Ranges without their ends.",
    },
    {
        .name = "xsetid",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kFast,
        .keys = kUpdatesKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(1)",
        .summary = "Sets a stream's last ID, and its counts of what was added and deleted.",
        .arguments = "key last-id [ENTRIESADDED entries-added:integer@7.0.0] "
                     "[MAXDELETEDID max-deleted-id@7.0.0]",
        .example = "XADD s 1-0 f v; XSETID s 9-0",
        .example_reply = "+OK",
        .handler = XsetidCommand,
        .history = "7.0.0: ENTRIESADDED and MAXDELETEDID.",
    },
    {
        .name = "xtrim",
        .arity = -4,
        .effect = Effect::kWrite,
        .flags = kFlagNone,
        .keys = kDeletesInKey,
        .group = Group::kStream,
        .since = "5.0.0",
        .complexity = "O(N), with N the number of entries removed; whole nodes go at once.",
        .summary = "Removes the oldest entries of a stream, down to a length or up to an ID.",
        .arguments = "key <trim: <strategy: MAXLEN | MINID@6.2.0> [operator: equal:= | "
                     "approximately:~] threshold [LIMIT count@6.2.0]>",
        .example = "XADD s 1-0 f v; XADD s 2-0 f v; XTRIM s MAXLEN 1",
        .example_reply = ":1",
        .handler = XtrimCommand,
        .tips = kChanging,
        .history = "6.2.0: MINID and LIMIT.",
    },
};

}  // namespace

std::span<const CommandSpec> StreamsFamily() { return kCommands; }

}  // namespace mydis
