// `mydis cluster`: what the cluster looks like, and its changes, through the Redis port of any
// instance.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "cli/addresses.h"
#include "cli/cluster_status.h"
#include "cli/command_line.h"
#include "cli/remote_call.h"
#include "cli/reply_format.h"
#include "cli/subcommands.h"
#include "net/cluster_keys.h"

namespace mydis {
namespace {

constexpr std::string_view kKeygen = "keygen";

// Each action but keygen is the MYDIS command of the same name.
constexpr ActionSpec kActions[] = {
    {"status", "", 0, 0, "show the cluster and its members"},
    {"add", "HOST:RAFTPORT", 1, 1, "invite an instance that waits for a cluster"},
    {"remove", "INSTANCE", 1, 1, "take an instance out for good"},
    {"promote", "INSTANCE", 1, 1, "make a learner a voter"},
    {"transfer", "[INSTANCE]", 0, 1, "hand leadership to an instance, or to any voter"},
    {"set", "NAME VALUE", 2, 2, "set a cluster-wide setting: write-consistency strong"},
    {"get", "[NAME]", 0, 1, "show one or all cluster-wide settings"},
    {kKeygen, "", 0, 0, "print a new key for --cluster-key-file; asks no instance"},
    {"snapshot", "", 0, 0, "make the instance that answers write a snapshot now"},
};

constexpr OptionSpec kOptions[] = {
    kAddressOption,
    kHostOption,
    kPortOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"--timeout", "D", "how long to wait for the answer", "30s"},
    {"--json", "", "print status and get as JSON"},
};

constexpr std::string_view kProgram = "mydis cluster";

constexpr ExampleSpec kExamples[] = {
    {"mydis cluster status", "who belongs to the cluster, who leads, who lags behind"},
    {"mydis cluster transfer db2:2382", "hand leadership to this instance before work on another"},
    {"mydis cluster set write-consistency strong", "no write is answered before all have it"},
    {"(umask 077; mydis cluster keygen > cluster.key)", "make the first cluster key"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary = "Shows and changes a cluster, through the Redis port of any of its instances.",
    .usage = "[OPTION]... ACTION [ARGUMENT]...",
    .options = kOptions,
    .footer =
        "INSTANCE is a name as status shows it. A new instance adds itself when it is started with "
        "mydis server --join HOST:RAFTPORT of any member; one whose --join leads to no cluster "
        "(its own address will do) waits to be added.\n\n"
        "Keys of --cluster-key-file, one a line: connections are made with the first, all are "
        "accepted. Make the first one with keygen, and use the same file for every instance. To "
        "replace it without a stop: add the new key behind the old one on every instance, then "
        "move it to the front on every instance, then remove the old one everywhere. Instances "
        "read the file anew by themselves.",
    .actions = kActions,
    .examples = kExamples,
};

int Failure(const ActionSpec& action, std::string_view message) {
  fmt::print(stderr, "{} {}: {}\n", kProgram, action.name, message);
  return kExitFailed;
}

std::vector<std::string> CommandOf(const ActionSpec& action, const CommandLine& line) {
  std::vector<std::string> command = {"MYDIS", std::string(action.name)};
  for (char& c : command[1]) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  command.insert(command.end(), line.words.begin() + 1, line.words.end());
  return command;
}

// "name value" lines, tabs between them when a program reads.
std::string SettingsText(const RespValue& reply, bool people) {
  if (reply.type != RespValue::Type::kMap) return FormatRaw(reply) + "\n";
  size_t width = 0;
  for (size_t i = 0; i < reply.elements.size(); i += 2)
    width = std::max(width, reply.elements[i].text.size());
  std::string out;
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string value = FormatRaw(reply.elements[i + 1]);
    out += people ? fmt::format("{:<{}}  {}\n", reply.elements[i].text, width, value)
                  : fmt::format("{}\t{}\n", reply.elements[i].text, value);
  }
  return out;
}

int PrintReply(const ActionSpec& action, const CommandLine& line, const RespValue& reply) {
  const bool people = isatty(STDOUT_FILENO) != 0;
  if (line.Has("json")) {
    fmt::print("{}\n", FormatJson(reply));
  } else if (action.name == "status") {
    const Result<std::string> text = people ? ClusterTable(reply) : ClusterTabs(reply);
    if (!text) return Failure(action, text.error().message());
    fmt::print("{}", *text);
  } else if (action.name == "get") {
    fmt::print("{}", SettingsText(reply, people));
  } else {
    fmt::print("{}\n", FormatRaw(reply));
  }
  if (action.name != "status") return kExitOk;
  if (const std::string trouble = ClusterTrouble(reply); !trouble.empty()) Failure(action, trouble);
  return IsMember(reply) ? kExitOk : kExitFailed;
}

int RunAction(const ActionSpec& action, const CommandLine& line) {
  const Result<RespValue> reply =
      CallInstance(line, CommandOf(action, line), action.name == "status" || action.name == "get");
  if (reply) return PrintReply(action, line, *reply);
  return reply.error().code() == ErrorCode::kInvalid ? UsageError(kProgram, reply.error().message())
                                                     : Failure(action, reply.error().message());
}

}  // namespace

const CommandLineSpec& ClusterCommandLine() { return kCommandLine; }

int ClusterMain(const CommandLine& line) {
  const Result<const ActionSpec*> action = FindAction(kCommandLine, line);
  if (!action) return UsageError(kProgram, action.error().message());
  if ((*action)->name == kKeygen) {
    fmt::print("{}\n", GenerateClusterKey());
    return kExitOk;
  }
  return RunAction(**action, line);
}

}  // namespace mydis
