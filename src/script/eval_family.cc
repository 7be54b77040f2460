// The records of the commands that run scripts and functions.
#include <array>

#include "script/script_family.h"

namespace mydis {
namespace {

constexpr KeySpec kWriteKeys[] = {CountedKeys(kKeyRW | kKeyAccess | kKeyUpdate, 2)};
constexpr KeySpec kReadKeys[] = {CountedKeys(kKeyRO | kKeyAccess, 2)};
constexpr uint32_t kFlags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys;
constexpr std::string_view kComplexity = "Depends on the script that is executed.";
constexpr std::string_view kFunctionComplexity = "Depends on the function that is executed.";

constexpr CommandSpec kCommands[] = {
    {
        .name = "eval",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kFlags | kNoEffectFlag | kMayReplicate,
        .keys = kWriteKeys,
        .group = Group::kScripting,
        .since = "2.6.0",
        .complexity = kComplexity,
        .summary = "Runs a Lua script on every instance, as one step.",
        .arguments = "script numkeys [key [key ...]] [arg [arg ...]]",
        .example = "EVAL \"return redis.call('INCRBY', KEYS[1], ARGV[1])\" 1 counter 5",
        .example_reply = ":5",
        .handler = EvalCommand,
    },
    {
        .name = "eval_ro",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlags,
        .keys = kReadKeys,
        .group = Group::kScripting,
        .since = "7.0.0",
        .complexity = kComplexity,
        .summary = "Runs a Lua script that only reads, on this instance.",
        .arguments = "script numkeys [key [key ...]] [arg [arg ...]]",
        .example = "SET k v; EVAL_RO \"return redis.call('GET', KEYS[1])\" 1 k",
        .example_reply = "\"v\"",
        .handler = EvalRoCommand,
    },
    {
        .name = "evalsha",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kFlags | kNoEffectFlag | kMayReplicate,
        .keys = kWriteKeys,
        .group = Group::kScripting,
        .since = "2.6.0",
        .complexity = kComplexity,
        .summary = "Runs a Lua script of the cache on every instance, as one step.",
        .arguments = "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        .example = "SCRIPT LOAD \"return 1\"; EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        .example_reply = ":1",
        .handler = EvalshaCommand,
    },
    {
        .name = "evalsha_ro",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlags,
        .keys = kReadKeys,
        .group = Group::kScripting,
        .since = "7.0.0",
        .complexity = kComplexity,
        .summary = "Runs a Lua script of the cache that only reads, on this instance.",
        .arguments = "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        .example =
            "SCRIPT LOAD \"return 1\"; EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        .example_reply = ":1",
        .handler = EvalshaRoCommand,
    },
    {
        .name = "fcall",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kFlags | kNoEffectFlag | kMayReplicate,
        .keys = kWriteKeys,
        .group = Group::kScripting,
        .since = "7.0.0",
        .complexity = kFunctionComplexity,
        .summary = "Calls a function of a library on every instance, as one step.",
        .arguments = "function numkeys [key [key ...]] [arg [arg ...]]",
        .example = "FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('two', function() "
                   "return 2 end)\"; FCALL two 0",
        .example_reply = ":2",
        .handler = FcallCommand,
    },
    {
        .name = "fcall_ro",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlags,
        .keys = kReadKeys,
        .group = Group::kScripting,
        .since = "7.0.0",
        .complexity = kFunctionComplexity,
        .summary = "Calls a function that only reads, on this instance.",
        .arguments = "function numkeys [key [key ...]] [arg [arg ...]]",
        .example = "FUNCTION LOAD \"#!lua name=lib\\nredis.register_function{function_name='two', "
                   "callback=function() return 2 end, flags={'no-writes'}}\"; FCALL_RO two 0",
        .example_reply = ":2",
        .handler = FcallRoCommand,
    },
};

}  // namespace

std::span<const CommandSpec> EvalFamily() { return kCommands; }

Families ScriptFamilies() {
  static const std::array families = {EvalFamily(), ScriptFamily(), FunctionFamily()};
  return families;
}

}  // namespace mydis
