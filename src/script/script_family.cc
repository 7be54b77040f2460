// The records of SCRIPT and FUNCTION.
#include "script/script_family.h"

namespace mydis {
namespace {

constexpr std::string_view kAllSucceed = "request_policy:all_shards,response_policy:all_succeeded";
constexpr std::string_view kEveryNode = "request_policy:all_nodes,response_policy:all_succeeded";
constexpr std::string_view kOneSucceeds = "request_policy:all_shards,response_policy:one_succeeded";

constexpr CommandSpec Sub(std::string_view name, int arity, Effect effect, uint32_t flags,
                          std::string_view since, std::string_view complexity,
                          std::string_view summary, std::string_view arguments,
                          std::string_view tips, Handler handler) {
  return {.name = name,
          .arity = arity,
          .effect = effect,
          .flags = flags,
          .group = Group::kScripting,
          .since = since,
          .complexity = complexity,
          .summary = summary,
          .arguments = arguments,
          .handler = handler,
          .tips = tips};
}

constexpr CommandSpec kScript[] = {
    Sub("debug", 3, Effect::kRead, kNoScript | kNoEffectFlag, "3.2.0", "O(1)",
        "Takes NO; there is no debugger.", "<mode: YES | SYNC | NO>", {}, ScriptDebugCommand),
    Sub("exists", -3, Effect::kRead, kNoScript | kNoEffectFlag, "2.6.0",
        "O(N) with N being the number of scripts to check", "Tells which scripts are in the cache.",
        "sha1 [sha1 ...]", "request_policy:all_shards,response_policy:agg_logical_and",
        ScriptExistsCommand),
    Sub("flush", -2, Effect::kWrite, kAudited | kNoScript | kNoEffectFlag, "2.6.0",
        "O(N) with N being the number of scripts in cache",
        "Empties the script cache of the whole cluster.", "[flush-type: ASYNC | SYNC]@6.2.0",
        kEveryNode, ScriptFlushCommand),
    Sub("help", 2, Effect::kRead, kLoading | kStale | kNoEffectFlag, "5.0.0", "O(1)",
        "Helpful text about the subcommands.", "", {}, ScriptHelpCommand),
    Sub("kill", 2, Effect::kRead, kNoScript | kAllowBusy | kNoEffectFlag, "2.6.0", "O(1)",
        "Answers NOTBUSY: scripts end by themselves when their budget is used up.", "",
        kOneSucceeds, ScriptKillCommand),
    Sub("load", 3, Effect::kWrite, kNoScript | kStale | kNoEffectFlag, "2.6.0",
        "O(N) with N being the length in bytes of the script body.",
        "Puts a script into the cache of the whole cluster.", "script", kEveryNode,
        ScriptLoadCommand),
};

constexpr CommandSpec kFunction[] = {
    Sub("delete", 3, Effect::kWrite, kAudited | kNoScript, "7.0.0", "O(1)",
        "Deletes a library and its functions.", "library-name", kAllSucceed, FunctionDeleteCommand),
    Sub("dump", 2, Effect::kRead, kNoScript | kNoEffectFlag, "7.0.0",
        "O(N) where N is the number of functions", "Gives all libraries as bytes.", "", {},
        FunctionDumpCommand),
    Sub("flush", -2, Effect::kWrite, kAudited | kNoScript, "7.0.0",
        "O(N) where N is the number of functions deleted", "Deletes all libraries.",
        "[flush-type: ASYNC | SYNC]", kAllSucceed, FunctionFlushCommand),
    Sub("help", 2, Effect::kRead, kLoading | kStale | kNoEffectFlag, "7.0.0", "O(1)",
        "Helpful text about the subcommands.", "", {}, FunctionHelpCommand),
    Sub("kill", 2, Effect::kRead, kNoScript | kAllowBusy | kNoEffectFlag, "7.0.0", "O(1)",
        "Answers NOTBUSY: functions end by themselves when their budget is used up.", "",
        kOneSucceeds, FunctionKillCommand),
    Sub("list", -2, Effect::kRead, kNoScript | kNoEffectFlag, "7.0.0",
        "O(N) where N is the number of functions", "Lists the libraries.",
        "[LIBRARYNAME library-name-pattern] [WITHCODE]", "nondeterministic_output_order",
        FunctionListCommand),
    Sub("load", -3, Effect::kWrite, kAudited | kNoScript | kDenyOom, "7.0.0",
        "O(1) (considering compilation time is redundant)", "Adds a library.",
        "[REPLACE] function-code", kAllSucceed, FunctionLoadCommand),
    Sub("restore", -3, Effect::kWrite, kAudited | kNoScript | kDenyOom, "7.0.0",
        "O(N) where N is the number of functions on the payload",
        "Adds the libraries of FUNCTION DUMP.",
        "serialized-value [policy: FLUSH | APPEND | REPLACE]", kAllSucceed, FunctionRestoreCommand),
    Sub("stats", 2, Effect::kRead, kNoScript | kAllowBusy | kNoEffectFlag, "7.0.0", "O(1)",
        "Counts libraries and functions.", "",
        "nondeterministic_output,request_policy:all_shards,response_policy:special",
        FunctionStatsCommand),
};

constexpr uint32_t kDebugFlags = kAdmin | kNoScript | kLoading | kStale | kNoEffectFlag;

// What of DEBUG is about scripts; the rest is the server's.
constexpr CommandSpec kDebug[] = {
    {.name = "set-disable-deny-scripts",
     .arity = 3,
     .effect = Effect::kWrite,
     .flags = kDebugFlags,
     .group = Group::kServer,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "1: scripts may call DEBUG PROTOCOL and DEBUG SLEEP.",
     .arguments = "flag:integer",
     .handler = DebugDenyScriptsCommand},
};

constexpr CommandSpec kContainers[] = {
    {.name = "script",
     .arity = -2,
     .effect = Effect::kRead,
     .flags = kNoEffectFlag,
     .group = Group::kScripting,
     .since = "2.6.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about the script cache.",
     .arguments = "",
     .subcommands = kScript},
    {.name = "function",
     .arity = -2,
     .effect = Effect::kRead,
     .flags = kNoEffectFlag,
     .group = Group::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about function libraries.",
     .arguments = "",
     .subcommands = kFunction},
    {.name = "debug",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kDebugFlags,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for debugging commands.",
     .arguments = "",
     .subcommands = kDebug},
};

}  // namespace

std::span<const CommandSpec> ScriptFamily() { return {kContainers, 1}; }
std::span<const CommandSpec> FunctionFamily() { return {kContainers + 1, 1}; }
std::span<const CommandSpec> ScriptDebugFamily() { return {kContainers + 2, 1}; }

}  // namespace mydis
