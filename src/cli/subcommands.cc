#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr Subcommand kSubcommands[] = {
    {"server", "run one instance of a cluster", ServerCommandLine, ServerMain},
    {"cli", "talk to an instance, line by line or with one command", CliCommandLine, CliMain},
    {"cluster", "show and change the cluster: status, add, remove, promote, transfer, set",
     ClusterCommandLine, ClusterMain},
    {"token", "make, list and revoke tokens, which may be limited to key prefixes",
     TokenCommandLine, TokenMain},
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

}  // namespace mydis
