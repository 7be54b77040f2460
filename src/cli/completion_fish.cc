// fish takes one `complete` command for each thing that may be typed, with a condition.
#include <fmt/core.h>

#include "base/version.h"
#include "cli/completion.h"
#include "cli/subcommands.h"
#include "server/command_names.h"

namespace mydis {
namespace {

// In single quotes.
std::string Quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// What offers a value: options of `complete`. "-x" wants a value that is no file.
std::string OfferOf(std::string_view value) {
  const ValueShape shape = ShapeOf(value);
  switch (shape.kind) {
    case ValueShape::Kind::kFile:
      return "-r -F";
    case ValueShape::Kind::kDirectory:
      return "-x -a '(__fish_complete_directories)'";
    case ValueShape::Kind::kCommand:
      return "-x -a '(__mydis_commands)'";
    case ValueShape::Kind::kChoice:
      return "-x -a " + Quote(JoinWords(shape.choices));
    case ValueShape::Kind::kOther:
      return "-x";
  }
  return {};
}

std::string Option(const Subcommand& subcommand, const OptionSpec& option) {
  std::string out = fmt::format("complete -c mydis -n '__mydis_is {}'", subcommand.name);
  for (const std::string_view name : OptionNames(option.names)) {
    out += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2))
                                  : fmt::format(" -s {}", name.substr(1));
  }
  if (!option.value.empty()) out += " " + OfferOf(option.value);
  return out + fmt::format(" -d {}\n", Quote(option.help));
}

std::string Words(const Subcommand& subcommand) {
  const CommandLineSpec& spec = subcommand.command_line();
  std::string out;
  std::string actions;
  for (const ActionSpec& action : spec.actions) actions += fmt::format(" {}", action.name);
  for (const ActionSpec& action : spec.actions) {
    out += fmt::format(
        "complete -c mydis -n '__mydis_is {0}; and not __fish_seen_subcommand_from{1}' -a {2} -d "
        "{3}\n",
        subcommand.name, actions, action.name, Quote(action.summary));
  }
  if (!spec.words.empty())
    out += fmt::format("complete -c mydis -n '__mydis_is {}' {}\n", subcommand.name,
                       OfferOf(spec.words));
  return out;
}

constexpr std::string_view kConditions = R"(
function __mydis_is -d 'Whether the subcommand typed is this one'
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

complete -c mydis -f
)";

}  // namespace

std::string FishCompletion() {
  const std::vector<std::string> commands = CommandNames();
  std::string out =
      fmt::format("# Completion for mydis {}: mydis completion fish made this.\n", Version());
  // Commands are offered in the case that the user has begun with.
  out += fmt::format(
      "\nfunction __mydis_commands -d 'Commands of the Redis protocol'\n"
      "    set -l names {}\n"
      "    if string match -qr '^[a-z]' -- (commandline -ct)\n"
      "        string lower $names\n    else\n        string join \\n $names\n    end\nend\n",
      JoinWords({commands.begin(), commands.end()}));
  out += kConditions;
  const std::string_view first = "complete -c mydis -n 'test (count (commandline -opc)) -eq 1'";
  for (const Subcommand& subcommand : Subcommands())
    out += fmt::format("{} -a {} -d {}\n", first, subcommand.name, Quote(subcommand.summary));
  out += fmt::format("{} -l help -d 'print help'\n{} -l version -d 'print the version'\n", first,
                     first);
  for (const Subcommand& subcommand : Subcommands()) {
    for (const OptionSpec& option : subcommand.command_line().options)
      out += Option(subcommand, option);
    out += fmt::format("complete -c mydis -n '__mydis_is {}' -l help -d 'print help'\n",
                       subcommand.name);
    out += Words(subcommand);
  }
  return out;
}

}  // namespace mydis
