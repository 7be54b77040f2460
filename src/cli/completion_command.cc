// `mydis completion`.
#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr ActionSpec kActions[] = {
    {"bash", "", 0, 0, "print the script for bash"},
    {"zsh", "", 0, 0, "print the script for zsh"},
    {"fish", "", 0, 0, "print the script for fish"},
};

constexpr ExampleSpec kExamples[] = {
    {"source <(mydis completion bash)", "in this bash, or in every one if ~/.bashrc says so"},
    {"mydis completion zsh > ~/.zfunc/_mydis", "for zsh, if ~/.zfunc is in its fpath"},
    {"mydis completion fish > ~/.config/fish/completions/mydis.fish", "for fish"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis completion",
    .summary = "Prints a script that makes a shell complete subcommands, options and their values.",
    .usage = "bash|zsh|fish",
    .options = {},
    .actions = kActions,
    .examples = kExamples,
};

}  // namespace

const CommandLineSpec& CompletionCommandLine() { return kCommandLine; }

int CompletionMain(const CommandLine& line) {
  const Result<const ActionSpec*> shell = FindAction(kCommandLine, line);
  if (!shell) return UsageError(kCommandLine.program, shell.error().message());
  const std::string_view name = (*shell)->name;
  fmt::print("{}", name == "bash"  ? BashCompletion()
                   : name == "zsh" ? ZshCompletion()
                                   : FishCompletion());
  return kExitOk;
}

}  // namespace mydis
