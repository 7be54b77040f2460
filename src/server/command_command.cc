// COMMAND: what this server knows about its commands.
#include <fmt/format.h>

#include "base/ascii.h"
#include "commands/introspection.h"
#include "commands/subcommands.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

void SendAllInfo(LocalContext& c) {
  const auto all = c.node.table().all();
  c.reply.ArrayHeader(all.size());
  for (const CommandSpec* spec : all) ReplyCommandInfo(spec, spec->name, c.reply);
}

void Command(LocalContext& c) {
  if (c.args.size() > 1) {
    return c.reply.Error(
        fmt::format("ERR unknown subcommand '{}'. Try COMMAND HELP.", c.args[1].substr(0, 128)));
  }
  SendAllInfo(c);
}

void CommandCount(LocalContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.node.table().all().size()));
}

void CommandInfo(LocalContext& c) {
  if (c.args.size() == 2) return SendAllInfo(c);
  c.reply.ArrayHeader(c.args.size() - 2);
  for (const std::string_view name : c.args.subspan(2)) {
    ReplyCommandInfo(c.node.table().FindFullName(name), ToLower(name), c.reply);
  }
}

void CommandDocs(LocalContext& c) {
  const CommandTable& table = c.node.table();
  if (c.args.size() == 2) {
    c.reply.MapHeader(table.all().size());
    for (const CommandSpec* spec : table.all()) {
      c.reply.Bulk(spec->name);
      ReplyCommandDocs(*spec, spec->name, c.reply);
    }
    return;
  }
  std::vector<std::string> known;
  for (const std::string_view name : c.args.subspan(2)) {
    if (table.FindFullName(name) != nullptr) known.push_back(ToLower(name));
  }
  c.reply.MapHeader(known.size());
  for (const std::string& name : known) {
    c.reply.Bulk(name);
    ReplyCommandDocs(*table.FindFullName(name), name, c.reply);
  }
}

void CommandList(LocalContext& c) { ReplyCommandList(c.node.table(), c.args.subspan(2), c.reply); }

void CommandGetkeys(LocalContext& c) {
  ReplyGetKeys(c.node.table(), c.args.subspan(2), /*with_flags=*/false, c.reply);
}

void CommandGetkeysandflags(LocalContext& c) {
  ReplyGetKeys(c.node.table(), c.args.subspan(2), /*with_flags=*/true, c.reply);
}

void CommandHelp(LocalContext& c) {
  static constexpr std::string_view kLines[] = {
      "(no subcommand)",
      "    Everything about all commands.",
      "COUNT",
      "    How many commands there are.",
      "DOCS [<command-name> [<command-name> ...]]",
      "    What the commands are for and how they are written.",
      "GETKEYS <command> [<arg> ...]",
      "    Which words of a command are keys.",
      "GETKEYSANDFLAGS <command> [<arg> ...]",
      "    Which words of a command are keys, and what the command does with each.",
      "INFO [<command-name> [<command-name> ...]]",
      "    Everything about the commands.",
      "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
      "    The names of the commands.",
  };
  ReplyHelp("COMMAND", kLines, c.reply);
}

constexpr uint32_t kFlags = kLoading | kStale;
constexpr std::string_view kUnordered = "nondeterministic_output_order";
constexpr std::string_view kLookups = "O(N) with N the number of names.";
constexpr std::string_view kWords = "O(N) with N the number of words.";
constexpr std::string_view kAll = "O(N) with N the number of commands.";

constexpr CommandSpec kSubcommands[] = {
    {.name = "count",
     .arity = 2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Counts the commands.",
     .handler = CommandCount,
     .categories = "connection"},
    {.name = "docs",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "7.0.0",
     .complexity = kLookups,
     .summary = "Tells what commands are for and how they are written.",
     .arguments = "[command-name [command-name ...]]",
     .handler = CommandDocs,
     .tips = kUnordered,
     .categories = "connection"},
    {.name = "getkeys",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "2.8.13",
     .complexity = kWords,
     .summary = "Tells which words of a command are keys.",
     .arguments = "command [arg [arg ...]]",
     .example = "COMMAND GETKEYS RENAME a b",
     .example_reply = "*2\n  \"a\"\n  \"b\"",
     .handler = CommandGetkeys,
     .categories = "connection"},
    {.name = "getkeysandflags",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "7.0.0",
     .complexity = kWords,
     .summary = "Tells which words of a command are keys, and what it does with each.",
     .arguments = "command [arg [arg ...]]",
     .handler = CommandGetkeysandflags,
     .categories = "connection"},
    {.name = "help",
     .arity = 2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Explains the subcommands of COMMAND.",
     .handler = CommandHelp,
     .categories = "connection"},
    {.name = "info",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "2.8.13",
     .complexity = kLookups,
     .summary = "Tells everything about commands.",
     .arguments = "[command-name [command-name ...]]",
     .handler = CommandInfo,
     .tips = kUnordered,
     .history = "7.0.0: Without names it tells of all commands.",
     .categories = "connection"},
    {.name = "list",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "7.0.0",
     .complexity = kAll,
     .summary = "Lists the names of the commands.",
     .arguments = "[FILTERBY <filterby: MODULE module-name | ACLCAT category | PATTERN pattern>]",
     .example = "COMMAND LIST FILTERBY PATTERN renam*x",
     .example_reply = "*1\n  \"renamenx\"",
     .handler = CommandList,
     .tips = kUnordered,
     .categories = "connection"},
};

constexpr CommandSpec kFamily[] = {
    {.name = "command",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "2.8.13",
     .complexity = kAll,
     .summary = "Tells everything about all commands.",
     .handler = Command,
     .subcommands = kSubcommands,
     .tips = kUnordered,
     .categories = "connection"},
};

}  // namespace

std::span<const CommandSpec> CommandFamily() { return kFamily; }

}  // namespace mydis
