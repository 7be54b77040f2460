// LATENCY: how long the calls of this instance took.
#include <fmt/format.h>

#include "commands/arg_parser.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

std::vector<std::string> Names(Args words) { return {words.begin(), words.end()}; }

void Latest(LocalContext& c) {
  const auto events = c.node.latency().Events();
  c.reply.ArrayHeader(events.size());
  for (const auto& [name, event] : events) {
    c.reply.ArrayHeader(4);
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(event.samples.back().time_s));
    c.reply.Integer(static_cast<int64_t>(event.samples.back().milliseconds));
    c.reply.Integer(static_cast<int64_t>(event.worst_ms));
  }
}

void History(LocalContext& c) {
  const auto events = c.node.latency().Events();
  const auto it = events.find(std::string(c.args[2]));
  if (it == events.end()) return c.reply.ArrayHeader(0);
  c.reply.ArrayHeader(it->second.samples.size());
  for (const LatencySample& sample : it->second.samples) {
    c.reply.ArrayHeader(2);
    c.reply.Integer(static_cast<int64_t>(sample.time_s));
    c.reply.Integer(static_cast<int64_t>(sample.milliseconds));
  }
}

void Reset(LocalContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.node.latency().Reset(Names(c.args.subspan(2)))));
}

// A column for each sample, as high as it took long.
void Graph(LocalContext& c) {
  const auto events = c.node.latency().Events();
  const auto it = events.find(std::string(c.args[2]));
  if (it == events.end()) {
    return c.reply.Error(
        fmt::format("ERR No samples available for event '{}'", c.args[2].substr(0, 128)));
  }
  constexpr size_t kRows = 4;
  uint64_t high = 0;
  uint64_t low = UINT64_MAX;
  for (const LatencySample& sample : it->second.samples) {
    high = std::max(high, sample.milliseconds);
    low = std::min(low, sample.milliseconds);
  }
  std::string text = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", it->first,
                                 high, low, it->second.worst_ms);
  text += std::string(80, '-') + "\n";
  for (size_t row = kRows; row > 0; --row) {
    for (const LatencySample& sample : it->second.samples) {
      const uint64_t height =
          high == low ? kRows : 1 + (sample.milliseconds - low) * (kRows - 1) / (high - low);
      text += height == row ? '_' : height > row ? '|' : ' ';
    }
    text += '\n';
  }
  c.reply.Verbatim("txt", text);
}

void Doctor(LocalContext& c) {
  if (c.node.config().latency_threshold_ms == 0) {
    return c.reply.Verbatim("txt",
                            "Latency is not monitored on this instance. CONFIG SET "
                            "latency-monitor-threshold <milliseconds> turns it on.\n");
  }
  const auto events = c.node.latency().Events();
  if (events.empty())
    return c.reply.Verbatim("txt", "Nothing has taken long since monitoring began.\n");
  std::string text;
  for (const auto& [name, event] : events) {
    uint64_t sum = 0;
    for (const LatencySample& sample : event.samples) sum += sample.milliseconds;
    text += fmt::format("{}: {} latency spikes (average {} ms, worst {} ms).\n", name,
                        event.samples.size(), sum / event.samples.size(), event.worst_ms);
  }
  text +=
      "SLOWLOG GET shows the slow calls word by word. Commands that touch many elements at once "
      "can "
      "be replaced by SCAN and its relatives.\n";
  c.reply.Verbatim("txt", text);
}

void Histogram(LocalContext& c) {
  std::map<const CommandSpec*, ThreadStats::Sum> sums;
  for (const auto& thread : c.node.stats().threads) thread->AddTo(sums);
  std::map<std::string, ThreadStats::Sum> shown;
  for (const auto& [spec, sum] : sums) {
    if (sum.timed_calls == 0) continue;
    const std::string name = c.node.table().FullName(*spec);
    bool wanted = c.args.size() == 2;
    for (std::string_view word : c.args.subspan(2)) {
      const CommandSpec* named = c.node.table().FindFullName(word);
      wanted |= named == spec || (named != nullptr && c.node.table().ContainerOf(*spec) == named);
    }
    if (wanted) shown[name] = sum;
  }
  c.reply.MapHeader(shown.size());
  for (const auto& [name, sum] : shown) {
    c.reply.Bulk(name);
    c.reply.MapHeader(2);
    c.reply.Bulk("calls");
    c.reply.Integer(static_cast<int64_t>(sum.calls));
    c.reply.Bulk("histogram_usec");
    std::vector<std::pair<uint64_t, uint64_t>> buckets;
    uint64_t seen = 0;
    for (size_t i = 0; i < kTimeBuckets; ++i) {
      if (sum.buckets[i] == 0) continue;
      seen += sum.buckets[i];
      // Calls that were not timed are taken to be like those that were.
      buckets.emplace_back(TimeBucketLimitNs(i) / 1000, sum.calls * seen / sum.timed_calls);
    }
    c.reply.MapHeader(buckets.size());
    for (const auto& [limit_us, count] : buckets) {
      c.reply.Integer(static_cast<int64_t>(limit_us));
      c.reply.Integer(static_cast<int64_t>(count));
    }
  }
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DOCTOR",
      "    A report in words.",
      "GRAPH <event>",
      "    The samples of an event as a drawing.",
      "HISTOGRAM [COMMAND ...]",
      "    How many calls of each command took how long at most.",
      "HISTORY <event>",
      "    The samples of an event: Unix time and milliseconds.",
      "LATEST",
      "    The last sample of every event, and its worst.",
      "RESET [<event> ...]",
      "    Forget events.",
      "HELP",
      "    Print this help.",
  };
  c.reply.ArrayHeader(std::size(kLines));
  for (std::string_view line : kLines) c.reply.Simple(line);
}

constexpr std::string_view kTips =
    "nondeterministic_output,request_policy:all_nodes,response_policy:special";

constexpr CommandSpec Sub(std::string_view name, int arity, std::string_view since,
                          std::string_view summary, std::string_view arguments,
                          LocalHandler handler, std::string_view tips = kTips) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = name == "help" ? kLoading | kStale : kAdmin | kNoScript | kLoading | kStale,
          .group = Group::kServer,
          .since = since,
          .complexity = "O(N) where N is the number of events, samples or commands shown",
          .summary = summary,
          .arguments = arguments,
          .handler = handler,
          .tips = tips};
}

constexpr CommandSpec kSubcommands[] = {
    Sub("doctor", 2, "2.8.13", "A report in words of what took long.", "", Doctor),
    Sub("graph", 3, "2.8.13", "The samples of an event as a drawing.", "event", Graph),
    Sub("help", 2, "2.8.13", "Helpful text about the subcommands.", "", Help, {}),
    Sub("histogram", -2, "7.0.0", "How many calls of each command took how long at most.",
        "[COMMAND:string [...]]", Histogram),
    Sub("history", 3, "2.8.13", "The samples of an event.", "event", History),
    Sub("latest", 2, "2.8.13", "The last sample of every event.", "", Latest),
    Sub("reset", -2, "2.8.13", "Forgets the samples of events, or of all.", "[event [event ...]]",
        Reset, "request_policy:all_nodes,response_policy:agg_sum"),
};

constexpr CommandSpec kFamily[] = {
    {.name = "latency",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kServer,
     .since = "2.8.13",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about the time that calls take.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> LatencyFamily() { return kFamily; }

}  // namespace mydis
