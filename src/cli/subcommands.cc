#include "cli/subcommands.h"

#include <fmt/core.h>

#include "base/version.h"
#include "cli/addresses.h"

namespace mydis {
namespace {

constexpr Subcommand kSubcommands[] = {
    {"server", "run one instance of a cluster", ServerCommandLine, ServerMain},
    {"cli", "talk to an instance, line by line or with one command", CliCommandLine, CliMain},
    {"cluster", "show and change the cluster: status, add, remove, promote, transfer, set",
     ClusterCommandLine, ClusterMain},
    {"token", "make, list and revoke tokens, which may be limited to key prefixes",
     TokenCommandLine, TokenMain},
    {"backup", "copy everything that a cluster holds to a file", BackupCommandLine, BackupMain},
    {"restore", "replace a cluster's keys by those of a backup", RestoreCommandLine, RestoreMain},
    {"import", "bring the keys of a Redis server's RDB file into a cluster", ImportCommandLine,
     ImportMain},
    {"export", "write all keys to an RDB file that redis-server loads", ExportCommandLine,
     ExportMain},
    {"verify", "look at a backup, an RDB file or a data directory: is it whole, what is in it",
     VerifyCommandLine, VerifyMain},
    {"recover", "go on with one instance when the majority is gone for good", RecoverCommandLine,
     RecoverMain},
    {"bench", "measure how many requests a second instances answer, and how soon", BenchCommandLine,
     BenchMain},
    {"completion", "print a script for completion in bash, zsh or fish", CompletionCommandLine,
     CompletionMain},
    {"man", "print manual pages", ManCommandLine, ManMain},
};

}  // namespace

std::span<const Subcommand> Subcommands() { return kSubcommands; }

const Subcommand* FindSubcommand(std::string_view name) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (subcommand.name == name) return &subcommand;
  }
  return nullptr;
}

int RunSubcommand(const Subcommand& subcommand, std::span<const std::string> arguments) {
  const CommandLineSpec& spec = subcommand.command_line();
  if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "-v")) {
    fmt::print("mydis {}\n", Version());
    return kExitOk;
  }
  const Result<CommandLine> line = ParseCommandLine(spec, arguments);
  if (!line) return UsageError(spec.program, line.error().message());
  if (line->help) {
    fmt::print("{}", HelpText(spec));
    return kExitOk;
  }
  if (Status status = CheckLogin(*line); !status.ok())
    return UsageError(spec.program, status.message());
  return subcommand.run(*line);
}

}  // namespace mydis
