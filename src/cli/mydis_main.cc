// The `mydis` program: finds the subcommand and runs it.
#include <fmt/core.h>

#include <string>
#include <vector>

#include "base/version.h"
#include "cli/command_line.h"
#include "cli/nearest.h"
#include "cli/subcommands.h"

namespace {

struct Subcommand {
  std::string_view name;
  std::string_view summary;
  int (*run)(std::span<const std::string> arguments);
};

constexpr Subcommand kSubcommands[] = {
    {"server", "run one instance of a cluster", mydis::ServerMain},
    {"cli", "talk to an instance, line by line or with one command", mydis::CliMain},
    {"cluster", "show and change the cluster: status, add, remove, promote, transfer, set",
     mydis::ClusterMain},
    {"token", "make, list and revoke tokens, which may be limited to key prefixes",
     mydis::TokenMain},
    {"backup", "copy everything that a cluster holds to a file", mydis::BackupMain},
    {"restore", "replace a cluster's keys by those of a backup", mydis::RestoreMain},
    {"import", "bring the keys of a Redis server's RDB file into a cluster", mydis::ImportMain},
    {"export", "write all keys to an RDB file that redis-server loads", mydis::ExportMain},
    {"verify", "look at a backup, an RDB file or a data directory: is it whole, what is in it",
     mydis::VerifyMain},
    {"recover", "go on with one instance when the majority is gone for good", mydis::RecoverMain},
};

int Help() {
  fmt::print(
      "mydis {}: a key/value server that speaks the Redis protocol, made consistent by Raft\n\n"
      "Usage: mydis SUBCOMMAND [ARGUMENT]...\n\n",
      mydis::Version());
  for (const Subcommand& subcommand : kSubcommands)
    fmt::print("  {:<10}{}\n", subcommand.name, subcommand.summary);
  fmt::print(
      "\nmydis SUBCOMMAND --help tells more about each; mydis --version prints the version.\n");
  return mydis::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty())
    return mydis::UsageError("mydis", "give a subcommand; mydis --help lists them");
  const std::string& first = arguments[0];
  if (first == "--help" || first == "-h" || first == "help") return Help();
  if (first == "--version" || first == "version") {
    fmt::print("mydis {}\n", mydis::Version());
    return mydis::kExitOk;
  }
  std::vector<std::string_view> names;
  for (const Subcommand& subcommand : kSubcommands) {
    if (first == subcommand.name) return subcommand.run(std::span(arguments).subspan(1));
    names.push_back(subcommand.name);
  }
  const std::string_view nearest = mydis::NearestWord(first, names);
  return mydis::UsageError(
      "mydis", nearest.empty()
                   ? fmt::format("{} is not a subcommand; mydis --help lists them", first)
                   : fmt::format("{} is not a subcommand; did you mean {}?", first, nearest));
}
