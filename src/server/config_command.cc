// CONFIG: settings of this instance and of the cluster under one roof.
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/ascii.h"
#include "base/glob.h"
#include "commands/errors.h"
#include "commands/subcommands.h"
#include "server/client_batch.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

// The password of the user "default": there is no such setting, but CONFIG SET changes the user.
constexpr std::string_view kPasswordSetting = "requirepass";

void Get(LocalContext& c) {
  std::map<std::string, std::string> found;
  const Settings& settings = c.Read().settings;
  for (std::string_view pattern : c.args.subspan(2)) {
    // As Redis has it, a name comes back as it was written.
    const bool literal = pattern.find_first_of("[*?") == pattern.npos;
    const auto add = [&](std::string_view name, const std::string& value) {
      found[std::string(literal ? pattern : name)] = value;
    };
    for (const auto& [name, value] : c.node.config().Get(pattern)) add(name, value);
    for (const SettingSpec& spec : SettingSpecs()) {
      for (std::string_view name : {spec.name, spec.alias}) {
        if (!name.empty() && GlobMatches(pattern, name, true)) add(name, *settings.Find(name));
      }
    }
  }
  for (std::string_view pattern : c.args.subspan(2)) {
    // What it is, nobody knows any more.
    if (GlobMatches(pattern, kPasswordSetting, true))
      found[std::string(kPasswordSetting)] =
          c.Read().users.Find(kDefaultUser)->passwords.empty() ? "" : "(hashed)";
  }
  c.reply.MapHeader(found.size());
  for (const auto& [name, value] : found) {
    c.reply.Bulk(name);
    c.reply.Bulk(value);
  }
}

// Everything is checked before anything is set. Cluster-wide settings go through the log: the
// connection submits them in place of this command (Connection::SubmitSettings).
void Set(LocalContext& c) {
  if (c.args.size() % 2 != 0) return c.reply.Error(kErrSyntax);
  std::set<std::string> names;
  std::vector<std::pair<std::string, std::string>> for_cluster;
  for (size_t i = 2; i < c.args.size(); i += 2) {
    const std::string name = ToLower(c.args[i]);
    const bool password = name == kPasswordSetting;
    const bool cluster = Settings::Knows(name) || password;
    if (!cluster && !c.node.config().Knows(name)) {
      return c.reply.Error(fmt::format(
          "ERR Unknown option or number of arguments for CONFIG SET - '{}'", c.args[i]));
    }
    if (!names.insert(name).second) {
      return c.reply.Error(
          fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - duplicate "
                      "parameter",
                      name));
    }
    const Status status = password  ? Status::Ok()
                          : cluster ? Settings::Check(name, c.args[i + 1])
                                    : c.node.config().Check(name, c.args[i + 1]);
    if (!status.ok()) {
      return c.reply.Error(
          fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name,
                      status.message()));
    }
    if (cluster) for_cluster.emplace_back(name, std::string(c.args[i + 1]));
  }
  for (size_t i = 2; i < c.args.size(); i += 2) {
    const std::string name = ToLower(c.args[i]);
    if (Settings::Knows(name) || name == kPasswordSetting) continue;
    if (Status status = c.node.config().Set(name, c.args[i + 1]); !status.ok())
      return c.reply.Error("ERR " + status.message());
  }
  if (for_cluster.empty()) return c.reply.Ok();
  if (c.in_transaction) {
    return c.reply.Error(
        "ERR a setting of the whole cluster cannot be set by CONFIG SET inside a transaction: use "
        "MYDIS SET");
  }
  c.connection.SubmitSettings(for_cluster);
}

void ResetStat(LocalContext& c) {
  c.node.ResetStats();
  c.reply.Ok();
}

void Rewrite(LocalContext& c) { c.reply.Error("ERR The server is running without a config file"); }

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "GET <pattern> [<pattern> ...]",
      "    Settings whose names match, of this instance and of the cluster.",
      "SET <directive> <value> [<directive> <value> ...]",
      "    Change settings.",
      "RESETSTAT",
      "    Start the counters of INFO anew.",
      "REWRITE",
      "    Write the settings to the configuration file.",
  };
  ReplyHelp("CONFIG", kLines, c.reply);
}

constexpr std::string_view kEverywhere = "request_policy:all_nodes,response_policy:all_succeeded";

constexpr Subcommands kSub{.flags = kAdmin | kNoScript | kLoading | kStale,
                           .group = Group::kServer,
                           .since = "2.0.0",
                           .complexity = "O(N) where N is the number of settings named"};

constexpr CommandSpec kSubcommands[] = {
    kSub("get", -3, "Shows settings.", "parameter [parameter ...]", Get),
    kSub.Help(Help, "5.0.0"),
    kSub("resetstat", 2, "Starts the counters of INFO anew.", "", ResetStat,
         {.flags = kAudited, .tips = kEverywhere}),
    kSub("rewrite", 2, "Writes the settings to the configuration file.", "", Rewrite,
         {.flags = kAudited, .since = "2.8.0", .tips = kEverywhere}),
    kSub("set", -4, "Changes settings.", "parameter value [data: parameter value ...]", Set,
         {.flags = kAudited, .tips = kEverywhere}),
};

constexpr CommandSpec kFamily[] = {
    {.name = "config",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kServer,
     .since = "2.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about settings.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> ConfigFamily() { return kFamily; }

}  // namespace mydis
