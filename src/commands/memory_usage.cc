#include "commands/memory_usage.h"

#include "base/read_trace.h"
#include "commands/arg_parser.h"
#include "commands/errors.h"

namespace mydis {
namespace {

// MEMORY USAGE key [SAMPLES count]. Every value knows its size: there is nothing to sample.
void MemoryUsageCommand(ReadContext& context) {
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (parser.remaining() < 2 || !parser.Accept("SAMPLES")) {
      parser.Fail(kErrSyntax);
      break;
    }
    if (parser.Integer() < 0) parser.Fail(kErrSyntax);
  }
  if (parser.Rejected(context.reply)) return;
  const QuietLookups quiet;
  const UntouchedLookups untouched;
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  if (entry == nullptr) return context.reply.Null();
  context.reply.Integer(static_cast<int64_t>(Keyspace::CostOf(*entry)));
}

constexpr KeySpec kKeys[] = {OneKey(kKeyRO, 2)};

constexpr CommandSpec kSubcommands[] = {
    {
        .name = "usage",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kKeys,
        .group = Group::kServer,
        .since = "4.0.0",
        .complexity = "O(1)",
        .summary = "How many bytes a key and its value count for.",
        .arguments = "key [SAMPLES count:integer]",
        .example = "MEMORY USAGE missing",
        .example_reply = "(nil)",
        .handler = MemoryUsageCommand,
        .categories = "read",
    },
};

constexpr CommandSpec kCommands[] = {
    {
        .name = "memory",
        .arity = -2,
        .effect = Effect::kLocal,
        .flags = kFlagNone,
        .keys = {},
        .group = Group::kServer,
        .since = "4.0.0",
        .complexity = "Depends on subcommand.",
        .summary = "A container for commands about memory.",
        .arguments = "",
        .example = "",
        .example_reply = "",
        .handler = {},
        .subcommands = kSubcommands,
    },
};

}  // namespace

std::span<const CommandSpec> MemoryUsageFamily() { return kCommands; }

}  // namespace mydis
