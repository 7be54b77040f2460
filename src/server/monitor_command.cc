// MONITOR: a client that is shown what the clients of this instance run.
#include <fmt/format.h>

#include "base/ascii.h"
#include "base/quoted.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/redaction.h"

namespace mydis {
namespace {

void AppendLine(std::string& out, uint64_t wall_us, uint32_t db, std::string_view who,
                const CommandSpec& spec, Args args) {
  fmt::format_to(std::back_inserter(out), "+{}.{:06} [{} {}]", wall_us / 1000000, wall_us % 1000000,
                 db, who);
  for (size_t i = 0; i < args.size(); ++i) {
    out += ' ';
    AppendQuoted(out, IsSecret(spec, nullptr, args, i) ? kRedacted : args[i]);
  }
  out += "\r\n";
}

// Redis's flag skip_monitor is one of scripts alone, which it shows by another way.
bool Shown(const CommandSpec& spec) { return (spec.flags & kAdmin) == 0; }

void MonitorCommand(LocalContext& c) {
  if (c.in_transaction) return c.reply.Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  c.thread.listeners().AddMonitor(c.connection);
  c.reply.Ok();
}

constexpr CommandSpec kFamily[] = {
    {.name = "monitor",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kAdmin | kAudited | kNoScript | kLoading | kStale,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Shows every command that the clients of this instance run, until RESET or QUIT.",
     .arguments = "",
     .handler = MonitorCommand},
};

}  // namespace

std::span<const CommandSpec> MonitorFamily() { return kFamily; }

void Connection::TellMonitors(const CommandSpec& spec, Args args,
                              std::span<const StoredCommand> executed) {
  std::string& out = thread_.monitor_lines();
  const uint64_t now_us = node_.clock().WallMs() * 1000 + node_.clock().MonotonicUs() % 1000;
  std::vector<std::string_view> views;
  for (const StoredCommand& command : executed) {
    if (Shown(*command.spec)) {
      AppendLine(out, now_us, command.db, session_.record->address, *command.spec,
                 command.Views(views));
    }
  }
  if (Shown(spec)) AppendLine(out, now_us, session_.db, session_.record->address, spec, args);
}

void Connection::TellCalls(const std::vector<CalledCommand>& calls) {
  if (calls.empty() || core_.audience.monitors() == 0) return;
  const uint64_t now_us = node_.clock().WallMs() * 1000 + node_.clock().MonotonicUs() % 1000;
  for (const CalledCommand& call : calls) {
    const std::vector<std::string_view> words(call.words.begin(), call.words.end());
    const CommandSpec* spec = node_.table().Resolve(words);
    if (spec != nullptr && Shown(*spec))
      AppendLine(thread_.monitor_lines(), now_us, call.db, "lua", *spec, words);
  }
}

}  // namespace mydis
