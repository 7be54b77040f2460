#include "commands/watching.h"

#include "commands/arg_parser.h"
#include "commands/containers.h"

namespace mydis {
namespace {

// MYDIS KEEPHISTORY CHANGES|MESSAGES
void KeepHistory(WriteContext& context) {
  HistoryDemand& demand = context.state.history;
  if (EqualsUpper(context.args[2], "CHANGES")) {
    demand.AskForChanges(context.now_ms);
  } else if (EqualsUpper(context.args[2], "MESSAGES")) {
    demand.AskForMessages(context.now_ms);
  } else {
    return context.reply.Error(kErrSyntax);
  }
  context.reply.Integer(static_cast<int64_t>(context.state.revision));
}

constexpr CommandSpec kSubcommands[] = {
    {
        .name = "keephistory",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kAdmin | kNoScript | kNoEffectFlag | kNoMulti,
        .keys = {},
        .group = Group::kServer,
        .since = "0.1.0",
        .complexity = "O(1)",
        .summary =
            "Has every instance keep what happens to keys, or is published, for an hour from "
            "now on, so that a watch may begin after the revision that it answers.",
        .arguments = "<what: CHANGES | MESSAGES>",
        .handler = KeepHistory,
    },
};

constexpr CommandSpec kCommands[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> HistoryFamily() { return kCommands; }

}  // namespace mydis
