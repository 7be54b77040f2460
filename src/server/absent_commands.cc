// Commands of Redis's that have no meaning here, each with a word about what to use instead: those
// of Redis Cluster, of modules and of replicas. (REPLICAOF is in replication_commands.cc.)
#include "commands/subcommands.h"
#include "server/local_context.h"
#include "server/local_families.h"

namespace mydis {
namespace {

constexpr std::string_view kSummary = "Refused: it has no meaning here.";

// The first words are those of a Redis outside of a cluster: clients look at them.
void NoCluster(LocalContext& c) {
  c.reply.Error(
      "ERR This instance has cluster support disabled: every instance of Mydis has all keys, so "
      "that a client may use any of them and needs no slots. MYDIS STATUS shows the instances");
}

void NoModules(LocalContext& c) {
  c.reply.Error(
      "ERR Error loading the extension. Mydis runs no modules: FUNCTION LOAD adds commands of "
      "your own on every instance");
}

void NoSuchModule(LocalContext& c) {
  c.reply.Error("ERR Error unloading module: no such module with that name");
}

void NoReplicas(LocalContext& c) {
  c.reply.Error(
      "ERR a replica of Redis cannot follow Mydis: start an instance of Mydis with --join for "
      "another copy of the data");
}

void ModuleList(LocalContext& c) { c.reply.ArrayHeader(0); }

void ModuleHelp(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "LIST",
      "    An empty list: there are no modules.",
      "LOAD <path> [<arg> ...]",
      "    Refused.",
      "LOADEX <path> [[CONFIG NAME VALUE]...] [ARGS ...]",
      "    Refused.",
      "UNLOAD <name>",
      "    Refused.",
  };
  ReplyHelp("MODULE", kLines, c.reply);
}

constexpr CommandSpec Absent(std::string_view name, int arity, uint32_t flags,
                             std::string_view since, std::string_view deprecated,
                             std::string_view tips, std::string_view arguments,
                             LocalHandler handler = NoCluster, Group group = Group::kCluster,
                             std::string_view summary = kSummary) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = flags,
          .group = group,
          .since = since,
          .complexity = "O(1)",
          .summary = summary,
          .arguments = arguments,
          .handler = handler,
          .tips = tips,
          .deprecated = deprecated};
}

// About the connection, in a cluster.
constexpr CommandSpec Mode(std::string_view name, uint32_t flags) {
  CommandSpec spec = Absent(name, 1, flags, "3.0.0", {}, {}, "");
  spec.categories = "connection";
  return spec;
}

constexpr uint32_t kChanges = kAdmin | kStale | kNoAsyncLoading;

constexpr CommandSpec kClusterSubcommands[] = {
    Absent("addslots", -3, kChanges, "3.0.0", {}, {}, "slot:integer [slot ...]"),
    Absent("addslotsrange", -4, kChanges, "7.0.0", {}, {},
           "start-slot:integer end-slot:integer [range: start-slot end-slot ...]"),
    Absent("bumpepoch", 2, kChanges, "3.0.0", {}, "nondeterministic_output", ""),
    Absent("count-failure-reports", 3, kAdmin | kStale, "3.0.0", {}, "nondeterministic_output",
           "node-id"),
    Absent("countkeysinslot", 3, kStale, "3.0.0", {}, {}, "slot:integer"),
    Absent("delslots", -3, kChanges, "3.0.0", {}, {}, "slot:integer [slot ...]"),
    Absent("delslotsrange", -4, kChanges, "7.0.0", {}, {},
           "start-slot:integer end-slot:integer [range: start-slot end-slot ...]"),
    Absent("failover", -2, kChanges, "3.0.0", {}, {}, "[options: FORCE | TAKEOVER]"),
    Absent("flushslots", 2, kChanges, "3.0.0", {}, {}, ""),
    Absent("forget", 3, kChanges, "3.0.0", {}, {}, "node-id"),
    Absent("getkeysinslot", 4, kStale, "3.0.0", {}, "nondeterministic_output",
           "slot:integer count"),
    Absent("help", 2, kLoading | kStale, "5.0.0", {}, {}, ""),
    Absent("info", 2, kStale, "3.0.0", {}, "nondeterministic_output", ""),
    Absent("keyslot", 3, kStale, "3.0.0", {}, {}, "key:string"),
    Absent("links", 2, kStale, "7.0.0", {}, "nondeterministic_output", ""),
    Absent("meet", -4, kChanges, "3.0.0", {}, {},
           "ip port:integer [cluster-bus-port:integer@4.0.0]"),
    Absent("myid", 2, kStale, "3.0.0", {}, {}, ""),
    Absent("myshardid", 2, kStale, "7.2.0", {}, "nondeterministic_output", ""),
    Absent("nodes", 2, kStale, "3.0.0", {}, "nondeterministic_output", ""),
    Absent("replicas", 3, kAdmin | kStale, "5.0.0", {}, "nondeterministic_output", "node-id"),
    Absent("replicate", 3, kChanges, "3.0.0", {}, {}, "node-id"),
    Absent("reset", -2, kAdmin | kNoScript | kStale, "3.0.0", {}, {}, "[reset-type: HARD | SOFT]"),
    Absent("saveconfig", 2, kChanges, "3.0.0", {}, {}, ""),
    Absent("set-config-epoch", 3, kChanges, "3.0.0", {}, {}, "config-epoch:integer"),
    Absent("setslot", -4, kChanges, "3.0.0", {}, {},
           "slot:integer <subcommand: IMPORTING importing/node-id | MIGRATING migrating/node-id | "
           "NODE node/node-id | STABLE>"),
    Absent("shards", 2, kLoading | kStale, "7.0.0", {}, "nondeterministic_output", ""),
    Absent("slaves", 3, kAdmin | kStale, "3.0.0", "5.0.0|`CLUSTER REPLICAS`",
           "nondeterministic_output", "node-id"),
    Absent("slots", 2, kLoading | kStale, "3.0.0", "7.0.0|`CLUSTER SHARDS`",
           "nondeterministic_output", ""),
};

constexpr uint32_t kModuleFlags = kAdmin | kNoScript | kNoAsyncLoading;

constexpr CommandSpec Module(std::string_view name, int arity, std::string_view since,
                             std::string_view arguments, LocalHandler handler) {
  return Absent(name, arity, kModuleFlags, since, {}, {}, arguments, handler, Group::kServer);
}

constexpr CommandSpec kModuleSubcommands[] = {
    Absent("help", 2, kLoading | kStale, "5.0.0", {}, {}, "", ModuleHelp, Group::kServer,
           "Helpful text about the subcommands."),
    Absent("list", 2, kAdmin | kNoScript, "4.0.0", {}, "nondeterministic_output_order", "",
           ModuleList, Group::kServer, "An empty list: there are no modules."),
    Module("load", -3, "4.0.0", "path [arg [arg ...]]", NoModules),
    Module("loadex", -3, "7.0.0",
           "path [CONFIG name value [configs: CONFIG name value ...]] [ARGS args [args ...]]",
           NoModules),
    Module("unload", 3, "4.0.0", "name", NoSuchModule),
};

constexpr CommandSpec Container(std::string_view name, Group group, std::string_view since,
                                std::string_view summary,
                                std::span<const CommandSpec> subcommands) {
  return {.name = name,
          .arity = -2,
          .effect = Effect::kLocal,
          .flags = kFlagNone,
          .group = group,
          .since = since,
          .complexity = "Depends on subcommand.",
          .summary = summary,
          .arguments = "",
          .handler = {},
          .subcommands = subcommands};
}

constexpr uint32_t kReplicaFlags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti;

constexpr CommandSpec kFamily[] = {
    Mode("asking", kFast),
    Container("cluster", Group::kCluster, "3.0.0", "A container for commands of Redis Cluster.",
              kClusterSubcommands),
    Container("module", Group::kServer, "4.0.0", "A container for commands about modules.",
              kModuleSubcommands),
    Absent("psync", -3, kReplicaFlags, "2.8.0", {}, {}, "replicationid offset", NoReplicas,
           Group::kServer),
    Mode("readonly", kLoading | kStale | kFast),
    Mode("readwrite", kLoading | kStale | kFast),
    Absent("replconf", -1, kAdmin | kNoScript | kLoading | kStale | kAllowBusy, "3.0.0", {}, {}, "",
           NoReplicas, Group::kServer),
    Absent("sync", 1, kReplicaFlags, "1.0.0", {}, {}, "", NoReplicas, Group::kServer),
};

}  // namespace

std::span<const CommandSpec> AbsentFamily() { return kFamily; }

}  // namespace mydis
