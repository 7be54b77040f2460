// MEMORY, but for USAGE (commands/memory_usage.cc), and LOLWUT.
#include <fmt/format.h>

#include "base/version.h"
#include "commands/arg_parser.h"
#include "server/heap.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/version.h"

namespace mydis {
namespace {

uint64_t ClientBytes(LocalContext& c) {
  uint64_t bytes = 0;
  for (const auto& client : c.node.clients().List())
    bytes += sizeof(ClientRecord) + client->input_bytes + client->output_bytes;
  return bytes;
}

void Stats(LocalContext& c) {
  const HeapUse heap = AskHeap();
  const State& state = c.Read();
  const uint64_t data = state.keyspace.MemoryBytes();
  const uint64_t rest = heap.active > data ? heap.active - data : 0;
  uint64_t keys = 0;
  std::vector<uint32_t> used;
  for (uint32_t db = 0; db < state.keyspace.databases(); ++db) {
    keys += state.keyspace.Size(db);
    if (state.keyspace.Size(db) > 0) used.push_back(db);
  }
  const auto number = [&c](std::string_view name, uint64_t value) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(value));
  };
  const auto ratio = [&c](std::string_view name, uint64_t part, uint64_t whole, double factor = 1) {
    c.reply.Bulk(name);
    c.reply.Double(whole == 0 ? factor
                              : factor * static_cast<double>(part) / static_cast<double>(whole));
  };
  c.reply.MapHeader(18 + used.size());
  number("peak.allocated", heap.peak);
  number("total.allocated", heap.active);
  number("startup.allocated", rest);
  number("clients.normal", ClientBytes(c));
  number("lua.caches", 0);
  number("functions.caches", 0);
  number("requests.bytes", state.requests.MemoryBytes());
  for (const uint32_t db : used) {
    c.reply.Bulk(fmt::format("db.{}", db));
    c.reply.MapHeader(2);
    number("keys.count", state.keyspace.Size(db));
    number("keys.expiring", state.keyspace.ExpiringCount(db));
  }
  number("overhead.total", rest);
  number("keys.count", keys);
  number("keys.bytes-per-key", keys == 0 ? 0 : data / keys);
  number("dataset.bytes", data);
  ratio("dataset.percentage", data, heap.active, 100);
  ratio("peak.percentage", heap.active, heap.peak, 100);
  number("allocator.active", heap.active);
  number("allocator.allocated", heap.allocated);
  number("allocator.resident", heap.resident);
  ratio("allocator-fragmentation.ratio", heap.active, heap.allocated);
  ratio("allocator-rss.ratio", heap.resident, heap.active);
}

void Doctor(LocalContext& c) {
  const uint64_t held = AskHeap().active;
  const uint64_t data = c.Read().keyspace.MemoryBytes();
  const uint64_t known = data + ClientBytes(c);
  const uint64_t limit = c.Read().settings.max_memory();
  std::string text;
  if (held > 2 * known && held - known > (256 << 20)) {
    text += fmt::format(
        "The allocator holds {} MB more than the data and the clients account for: MEMORY PURGE "
        "gives back what it can.\n",
        (held - known) >> 20);
  }
  if (limit != 0 && data > limit / 10 * 9)
    text += "The data takes more than nine tenths of maxmemory.\n";
  if (text.empty()) text = "Nothing is wrong with this instance's memory.\n";
  c.reply.Verbatim("txt", text);
}

void MallocStats(LocalContext& c) { c.reply.Verbatim("txt", DescribeHeap()); }

// Every thread has a cache of its own.
void Purge(LocalContext& c) {
  for (const auto& thread : c.node.threads()) thread->loop().Post([] { TrimHeap(); });
  c.node.consensus().Post([](Replica*) { TrimHeap(); });
  c.reply.Ok();
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DOCTOR",
      "    What is wrong with this instance's memory.",
      "MALLOC-STATS",
      "    What the allocator says.",
      "PURGE",
      "    Give unused memory back to the system.",
      "STATS",
      "    What takes how much memory.",
      "USAGE <key> [SAMPLES <count>]",
      "    What a key and its value count for.",
      "HELP",
      "    Print this help.",
  };
  c.reply.ArrayHeader(std::size(kLines));
  for (std::string_view line : kLines) c.reply.Simple(line);
}

// A forest, other each time. VERSION is accepted, and the numbers behind it.
void Lolwut(LocalContext& c) {
  size_t next = 1;
  if (c.args.size() >= 3 && EqualsUpper(c.args[1], "VERSION")) {
    if (!ParseInteger(c.args[2])) return c.reply.Error(kErrNotInteger);
    next = 3;
  }
  size_t columns = 60;
  if (c.args.size() > next) {
    const auto wanted = ParseInteger(c.args[next]);
    if (!wanted) return c.reply.Error(kErrNotInteger);
    columns = static_cast<size_t>(std::clamp<int64_t>(*wanted, 1, 1000));
  }
  constexpr size_t kRows = 8;
  std::vector<std::string> rows(kRows, std::string(columns, ' '));
  for (size_t x = 2; x + 2 < columns; x += 3 + c.thread.random().Below(4)) {
    const size_t height = 2 + c.thread.random().Below(kRows - 3);
    for (size_t y = 0; y < height; ++y) {
      const size_t half = std::min<size_t>(2, (height - y) / 2);
      for (size_t i = x - half; i <= x + half; ++i)
        rows[kRows - 2 - y][i] = i < x ? '/' : i > x ? '\\' : '^';
    }
    rows[kRows - 1][x] = '|';
  }
  std::string text;
  for (const std::string& row : rows) text += row + '\n';
  text += fmt::format("\nRedis ver. {} as Mydis {} understands it\n", kRedisVersion, Version());
  c.reply.Verbatim("txt", text);
}

constexpr std::string_view kTips =
    "nondeterministic_output,request_policy:all_shards,response_policy:special";

constexpr CommandSpec Sub(std::string_view name, std::string_view summary, LocalHandler handler,
                          std::string_view tips = kTips) {
  return {.name = name,
          .arity = 2,
          .effect = Effect::kLocal,
          .flags = name == "help" ? kLoading | kStale : kFlagNone,
          .group = Group::kServer,
          .since = "4.0.0",
          .complexity = "O(1)",
          .summary = summary,
          .arguments = "",
          .handler = handler,
          .tips = tips};
}

constexpr CommandSpec kSubcommands[] = {
    Sub("doctor", "What is wrong with this instance's memory.", Doctor),
    Sub("help", "Helpful text about the subcommands.", Help, {}),
    Sub("malloc-stats", "What the allocator says.", MallocStats),
    Sub("purge", "Gives unused memory back to the system.", Purge,
        "request_policy:all_shards,response_policy:all_succeeded"),
    Sub("stats", "What takes how much memory on this instance.", Stats),
};

constexpr CommandSpec kFamily[] = {
    {.name = "lolwut",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kReadOnlyFlag | kFast,
     .group = Group::kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Draws something, and says which version this is.",
     .arguments = "[VERSION version:integer]",
     .handler = Lolwut},
    {.name = "memory",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kServer,
     .since = "4.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about memory.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> MemoryFamily() { return kFamily; }

}  // namespace mydis
