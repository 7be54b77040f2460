// STRONG and EVENTUAL: prefixes that say how much one command promises.
#include "server/local_context.h"
#include "server/local_families.h"

namespace mydis {
namespace {

// The connection takes the prefix off before a command runs; a prefix of a prefix comes here.
void Prefix(LocalContext& c) {
  c.reply.Error("ERR syntax error: STRONG and EVENTUAL stand before one command");
}

constexpr CommandSpec kFamily[] = {
    {.name = "eventual",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kNoScript,
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
    {.name = "strong",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kNoScript,
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

std::span<const CommandSpec> ConsistencyFamily() { return kFamily; }

}  // namespace mydis
