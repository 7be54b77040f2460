// MYDIS: what belongs to the cluster and has no Redis name.
#include "commands/cluster_settings.h"
#include "base/ascii.h"
#include "commands/containers.h"

namespace mydis {
namespace {

// MYDIS SET name value
void MydisSet(WriteContext& context) {
  const Status status = context.state.settings.Set(ToLower(context.args[2]), context.args[3]);
  if (!status.ok()) {
    context.reply.Error("ERR " + status.message());
    return;
  }
  context.reply.Ok();
}

// MYDIS VERIFY key: it is the entry itself that counts, see docs/digests.md.
void MydisVerify(WriteContext& context) {
  context.state.verify = Keyspace::PartitionOf(context.keyspace.HashOf(context.args[2]));
  context.reply.Ok();
}

constexpr CommandSpec kMydisSubcommands[] = {
    {
        .name = "set",
        .arity = 4,
        .effect = Effect::kWrite,
        .flags = kAdmin | kAudited | kNoScript | kNoEffectFlag,
        .keys = {},
        .group = Group::kServer,
        .since = "0.1.0",
        .complexity = "O(1)",
        .summary = "Sets a setting that holds for the whole cluster.",
        .arguments = "name value",
        .example = "MYDIS SET write-consistency eventual",
        .example_reply = "+OK",
        .handler = MydisSet,
    },
    {
        .name = "verify",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kAdmin | kNoScript | kNoEffectFlag,
        .keys = {},
        .group = Group::kServer,
        .since = "0.1.0",
        .complexity = "O(N) where N is the number of keys in one of 16,384 partitions",
        .summary = "Lets all instances compare what they hold in the partition of a key.",
        .arguments = "key",
        .example = "MYDIS VERIFY k",
        .example_reply = "+OK",
        .handler = MydisVerify,
    },
};

constexpr CommandSpec kCommands[] = {
    MydisContainer(kMydisSubcommands),
};

}  // namespace

std::span<const CommandSpec> ClusterSettingsFamily() { return kCommands; }

}  // namespace mydis
