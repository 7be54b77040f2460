// MYDIS: what belongs to the cluster and has no Redis name.
#include "commands/cluster_settings.h"
#include "base/ascii.h"

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

constexpr CommandSpec kMydisSubcommands[] = {
    {
        .name = "set",
        .arity = 4,
        .effect = Effect::kWrite,
        .flags = kAdmin | kNoScript | kNoEffectFlag,
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
};

constexpr CommandSpec kCommands[] = {
    {
        .name = "mydis",
        .arity = -2,
        .effect = Effect::kLocal,
        .flags = kFlagNone,
        .keys = {},
        .group = Group::kServer,
        .since = "0.1.0",
        .complexity = "Depends on subcommand.",
        .summary = "A container for commands about the Mydis cluster.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = {},
        .subcommands = kMydisSubcommands,
    },
};

}  // namespace

std::span<const CommandSpec> ClusterSettingsFamily() { return kCommands; }

}  // namespace mydis
