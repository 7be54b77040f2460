// STRONG, EVENTUAL, ONCE, NUMBERED and ATLEAST: prefixes that say what one command promises.
#include "server/local_context.h"
#include "server/local_families.h"

namespace mydis {
namespace {

// The connection takes prefixes off before a command runs (connection_prefixes.cc); one that is
// given twice comes here.
void Prefix(LocalContext& c) {
  c.reply.Error(
      "ERR syntax error: STRONG or EVENTUAL, ONCE id or NUMBERED client number oldest, and ATLEAST "
      "revision stand before one command, each once");
}

constexpr uint32_t kFlags = kLoading | kStale | kNoScript;

constexpr CommandSpec kFamily[] = {
    {.name = "atleast",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kCluster,
     .since = "0.1.0",
     .complexity = "That of the command, and a round to a majority if this instance is behind",
     .summary = "Runs a command on a state that has all up to a revision, which another instance "
                "may have told.",
     .arguments = "revision:integer command [arg [arg ...]]",
     .example = "SET k v; ATLEAST 1 GET k",
     .example_reply = "\"v\"",
     .handler = Prefix},
    {.name = "eventual",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kCluster,
     .since = "7.2.0",
     .complexity = "That of the command",
     .summary = "Runs a command with eventual consistency: a read is answered from this instance's "
                "state, a "
                "write once a majority has committed it.",
     .arguments = "command [arg [arg ...]]",
     .example = "EVENTUAL SET k v",
     .example_reply = "+OK",
     .handler = Prefix},
    {.name = "numbered",
     .arity = -5,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kCluster,
     .since = "0.1.0",
     .complexity = "That of the command; O(log(N)) when it is repeated, with N replies that the "
                   "client waits for",
     .summary = "Runs a write at most once, as ONCE does, for a client that numbers its requests: "
                "the cluster keeps no reply longer than the client waits for it.",
     .arguments = "client number:integer oldest:integer command [arg [arg ...]]",
     .example = "NUMBERED c7 1 1 INCR n; NUMBERED c7 1 1 INCR n",
     .example_reply = ":1",
     .handler = Prefix},
    {.name = "once",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kCluster,
     .since = "0.1.0",
     .complexity = "That of the command; O(1) when it is repeated",
     .summary = "Runs a write at most once, however often it is sent with the same id, to whatever "
                "instance: repetitions get the first reply.",
     .arguments = "id command [arg [arg ...]]",
     .example = "ONCE 7f3a INCR n; ONCE 7f3a INCR n",
     .example_reply = ":1",
     .handler = Prefix},
    {.name = "strong",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kCluster,
     .since = "7.2.0",
     .complexity = "That of the command, and a round to a majority (read) or all instances (write)",
     .summary = "Runs a command with strong consistency: a read gives the latest value, a write is "
                "answered once all instances have applied it.",
     .arguments = "command [arg [arg ...]]",
     .example = "SET k v; STRONG GET k",
     .example_reply = "\"v\"",
     .handler = Prefix},
};

}  // namespace

std::span<const CommandSpec> PrefixFamily() { return kFamily; }

}  // namespace mydis
