// The `mydis` program: finds the subcommand and runs it.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "base/ascii.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "cli/nearest.h"
#include "cli/output_file.h"
#include "cli/subcommands.h"
#include "server/command_names.h"

namespace {

void PrintHelp() {
  fmt::print(
      "mydis {}: a key/value server that speaks the Redis protocol, made consistent by Raft\n\n"
      "Usage: mydis SUBCOMMAND [ARGUMENT]...\n\n",
      mydis::Version());
  for (const mydis::Subcommand& subcommand : mydis::Subcommands())
    fmt::print("  {:<12}{}\n", subcommand.name, subcommand.summary);
  fmt::print(
      "\nFirst steps\n"
      "  mydis server                  start an instance; it keeps its data in ./data\n"
      "  mydis cli SET greeting hello  talk to it, in another terminal\n"
      "  mydis cluster status          see who belongs to the cluster\n"
      "\nmydis SUBCOMMAND --help tells more about each; mydis --version prints the version.\n");
}

// Somebody who types the name alone wants to know what there is; a script that does has a mistake.
int NoSubcommand() {
  if (isatty(STDOUT_FILENO) == 0)
    return mydis::UsageError("mydis", "give a subcommand; mydis --help lists them");
  PrintHelp();
  return mydis::kExitUsage;
}

// Where a word belongs that is no subcommand: `mydis status` is an action of `mydis cluster`, and
// `mydis GET` a command for `mydis cli`. Empty: nowhere.
std::string RightPlace(const std::string& typed) {
  for (const mydis::Subcommand& subcommand : mydis::Subcommands()) {
    for (const mydis::ActionSpec& action : subcommand.command_line().actions) {
      if (action.name == typed) return fmt::format("mydis {} {}", subcommand.name, typed);
    }
  }
  for (const std::string& command : mydis::CommandNames()) {
    if (command == mydis::ToUpper(typed)) return fmt::format("mydis cli {}", typed);
  }
  return {};
}

int UnknownSubcommand(const std::string& typed) {
  if (const std::string place = RightPlace(typed); !place.empty())
    return mydis::UsageError("mydis",
                             fmt::format("{} is not a subcommand; did you mean {}?", typed, place));
  std::vector<std::string_view> names;
  for (const mydis::Subcommand& subcommand : mydis::Subcommands()) names.push_back(subcommand.name);
  const std::string_view nearest = mydis::NearestWord(typed, names);
  return mydis::UsageError(
      "mydis", nearest.empty()
                   ? fmt::format("{} is not a subcommand; mydis --help lists them", typed)
                   : fmt::format("{} is not a subcommand; did you mean {}?", typed, nearest));
}

int Run(std::span<const std::string> arguments) {
  if (arguments.empty()) return NoSubcommand();
  const std::string& first = arguments[0];
  if (first == "help" && arguments.size() > 1) {
    const std::string help[] = {"--help"};
    const mydis::Subcommand* topic = mydis::FindSubcommand(arguments[1]);
    return topic == nullptr ? UnknownSubcommand(arguments[1]) : mydis::RunSubcommand(*topic, help);
  }
  if (first == "--help" || first == "-h" || first == "help") {
    PrintHelp();
    return mydis::kExitOk;
  }
  if (first == "--version" || first == "-v" || first == "version") {
    fmt::print("mydis {}\n", mydis::Version());
    return mydis::kExitOk;
  }
  const mydis::Subcommand* subcommand = mydis::FindSubcommand(first);
  if (subcommand == nullptr) return UnknownSubcommand(first);
  return mydis::RunSubcommand(*subcommand, arguments.subspan(1));
}

// fmt::print throws when a stream takes no more; `*error` gets the reason.
int RunGuarded(std::span<const std::string> arguments, int* error) {
  try {
    return Run(arguments);
  } catch (const std::system_error& thrown) {
    *error = thrown.code().value();
    if (std::ferror(stdout) == 0) std::fprintf(stderr, "mydis: %s\n", thrown.what());
    return mydis::kExitFailed;
  }
}

}  // namespace

// Nothing counts as done whose output was lost: a full disk is noticed here, for all subcommands.
int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  int error = 0;
  const int status = RunGuarded(arguments, &error);
  const mydis::Status flushed = mydis::FlushOutput(error);
  if (flushed.ok()) return status;
  if (flushed.code() != mydis::ErrorCode::kUnavailable)
    std::fprintf(stderr, "mydis: %s\n", flushed.message().c_str());
  return status == mydis::kExitOk ? mydis::kExitFailed : status;
}
