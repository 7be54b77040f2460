// SLOWLOG: the calls of this instance that took long.
#include <fmt/format.h>

#include "commands/arg_parser.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/redaction.h"
#include "server/slow_call.h"

namespace mydis {
namespace {

constexpr size_t kMaxWords = 32;
constexpr size_t kMaxWordBytes = 128;

std::vector<std::string> Shortened(const CommandTable& table, const CommandSpec& spec, Args args) {
  const CommandSpec* container = table.ContainerOf(spec);
  std::vector<std::string> words;
  const size_t shown = args.size() > kMaxWords ? kMaxWords - 1 : args.size();
  for (size_t i = 0; i < shown; ++i) {
    if (IsSecret(spec, container, args, i)) {
      words.emplace_back(kRedacted);
    } else if (args[i].size() > kMaxWordBytes) {
      words.push_back(fmt::format("{}... ({} more bytes)", args[i].substr(0, kMaxWordBytes),
                                  args[i].size() - kMaxWordBytes));
    } else {
      words.emplace_back(args[i]);
    }
  }
  if (shown < args.size())
    words.push_back(fmt::format("... ({} more arguments)", args.size() - shown));
  return words;
}

void Get(LocalContext& c) {
  int64_t count = 10;
  if (c.args.size() > 3) {
    return c.reply.Error(
        fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try SLOWLOG "
                    "HELP.",
                    c.args[1]));
  }
  if (c.args.size() == 3) {
    const auto number = ParseInteger(c.args[2]);
    if (!number || *number < -1)
      return c.reply.Error("ERR count should be greater than or equal to -1");
    count = *number == -1 ? INT64_MAX : *number;
  }
  const auto calls = c.node.slow_log().Latest(static_cast<size_t>(count));
  c.reply.ArrayHeader(calls.size());
  for (const SlowCall& call : calls) {
    c.reply.ArrayHeader(6);
    c.reply.Integer(static_cast<int64_t>(call.id));
    c.reply.Integer(static_cast<int64_t>(call.time_s));
    c.reply.Integer(static_cast<int64_t>(call.microseconds));
    c.reply.ArrayHeader(call.words.size());
    for (const std::string& word : call.words) c.reply.Bulk(word);
    c.reply.Bulk(call.address);
    c.reply.Bulk(call.client_name);
  }
}

void Len(LocalContext& c) { c.reply.Integer(static_cast<int64_t>(c.node.slow_log().size())); }

void Reset(LocalContext& c) {
  c.node.slow_log().Clear();
  c.reply.Ok();
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET [<count>]",
      "    The latest slow calls of this instance (10 of them; -1: all): number, Unix time,",
      "    microseconds, words, client's address and name.",
      "LEN",
      "    How many calls are kept.",
      "RESET",
      "    Forget them.",
      "HELP",
      "    Print this help.",
  };
  c.reply.ArrayHeader(std::size(kLines));
  for (std::string_view line : kLines) c.reply.Simple(line);
}

constexpr CommandSpec Sub(std::string_view name, int arity, std::string_view since,
                          std::string_view complexity, std::string_view summary,
                          std::string_view arguments, LocalHandler handler,
                          std::string_view tips = {}) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = name == "help" ? kLoading | kStale : kAdmin | kLoading | kStale,
          .group = Group::kServer,
          .since = since,
          .complexity = complexity,
          .summary = summary,
          .arguments = arguments,
          .handler = handler,
          .tips = tips};
}

constexpr CommandSpec kSubcommands[] = {
    Sub("get", -2, "2.2.12", "O(N) where N is the number of calls shown",
        "The latest slow calls of this instance.", "[count]", Get,
        "request_policy:all_nodes,nondeterministic_output"),
    Sub("help", 2, "6.2.0", "O(1)", "Helpful text about the subcommands.", "", Help),
    Sub("len", 2, "2.2.12", "O(1)", "How many slow calls are kept.", "", Len,
        "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output"),
    Sub("reset", 2, "2.2.12", "O(N) where N is the number of calls kept",
        "Forgets the slow calls of this instance.", "", Reset,
        "request_policy:all_nodes,response_policy:all_succeeded"),
};

constexpr CommandSpec kFamily[] = {
    {.name = "slowlog",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kServer,
     .since = "2.2.12",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about slow calls.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> SlowlogFamily() { return kFamily; }

void Connection::NoteTime(const CommandSpec& spec, Args args, uint64_t nanoseconds) {
  thread_.CountTime(&spec, nanoseconds);
  if (node_.config().IsSlow(nanoseconds)) [[unlikely]]
    NoteCall(spec, args, nanoseconds);
}

void NoteSlowCall(Node& node, const CommandSpec& spec, Args args, uint64_t nanoseconds,
                  const Caller& caller) {
  const Config& config = node.config();
  const uint64_t microseconds = nanoseconds / 1000;
  const uint64_t now_s = node.clock().WallMs() / 1000;
  const int64_t slow_us = config.slowlog_us;
  if (slow_us >= 0 && microseconds >= static_cast<uint64_t>(slow_us) &&
      (spec.flags & kSkipSlowlog) == 0 && config.slowlog_size > 0) [[unlikely]] {
    SlowCall call{.time_s = now_s,
                  .microseconds = microseconds,
                  .words = Shortened(node.table(), spec, args),
                  .address = caller.address,
                  .client_name = caller.client_name};
    node.slow_log().Add(std::move(call), config.slowlog_size);
  }
  const uint64_t threshold_ms = config.latency_threshold_ms;
  if (threshold_ms > 0 && microseconds >= threshold_ms * 1000) [[unlikely]] {
    node.latency().Add((spec.flags & kFast) != 0 ? "fast-command" : "command",
                       {now_s, microseconds / 1000});
  }
}

void Connection::NoteCall(const CommandSpec& spec, Args args, uint64_t nanoseconds) {
  if (!node_.config().IsSlow(nanoseconds)) [[likely]]
    return;
  Caller caller{session_.record->address, {}};
  {
    MutexLock guard(session_.record->mutex);
    caller.client_name = session_.record->name;
  }
  NoteSlowCall(node_, spec, args, nanoseconds, caller);
}

void Connection::NoteItemTime(const BatchItem& item) {
  std::vector<std::string_view> views;
  if (item.extra != nullptr) views.assign(item.extra->words.begin(), item.extra->words.end());
  if (item.read != nullptr) item.read->Views(views);
  // Words that were not kept are those of a call that was not slow.
  if (views.empty()) return thread_.CountTime(item.spec, item.nanoseconds);
  NoteTime(*item.spec, views, item.nanoseconds);
}

}  // namespace mydis
