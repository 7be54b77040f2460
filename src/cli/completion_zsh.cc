// zsh's own _arguments does the work; the script hands it the records.
#include <fmt/core.h>

#include "base/version.h"
#include "cli/completion.h"
#include "cli/subcommands.h"
#include "server/command_names.h"

namespace mydis {
namespace {

// For the inside of single quotes, where `special` characters mean something to _arguments.
std::string Escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// What completes a value: the third part of a specification of _arguments.
std::string ActionOf(std::string_view value) {
  const ValueShape shape = ShapeOf(value);
  switch (shape.kind) {
    case ValueShape::Kind::kFile:
      return "_files";
    case ValueShape::Kind::kDirectory:
      return "_files -/";
    case ValueShape::Kind::kCommand:
      return "_mydis_commands";
    case ValueShape::Kind::kChoice:
      return "(" + JoinWords(shape.choices) + ")";
    case ValueShape::Kind::kOther:
      return " ";
  }
  return {};
}

std::string Option(const OptionSpec& option) {
  std::string tail = fmt::format("[{}]", Escaped(option.help, "\\[]:"));
  if (!option.value.empty())
    tail += fmt::format(":{}:{}", Escaped(option.value, "\\[]:"), ActionOf(option.value));
  std::string out;
  for (const std::string_view name : OptionNames(option.names)) {
    // Its value may follow a long name after "=" too.
    const bool equals = !option.value.empty() && name.starts_with("--");
    out += fmt::format(" \\\n        '*{}{}{}'", name, equals ? "=" : "", tail);
  }
  return out;
}

std::string Actions(std::span<const ActionSpec> actions) {
  std::string out = " \\\n        '1:action:((";
  for (const ActionSpec& action : actions)
    out += fmt::format("{}\\:\"{}\" ", action.name, Escaped(action.summary, "\\:\"()$`"));
  out.back() = ')';
  return out + ")' \\\n        '*:argument: '";
}

std::string Case(const Subcommand& subcommand) {
  const CommandLineSpec& spec = subcommand.command_line();
  std::string out = fmt::format("    {})\n      _arguments", subcommand.name);
  for (const OptionSpec& option : spec.options) out += Option(option);
  out += " \\\n        '(- *)--help[print help]'";
  if (!spec.actions.empty()) {
    out += Actions(spec.actions);
  } else if (spec.words_end_options) {
    out += fmt::format(" \\\n        '(-)1:command:{}' \\\n        '*::argument: '",
                       ActionOf(spec.words));
  } else if (!spec.words.empty()) {
    out += fmt::format(" \\\n        '*:word:{}'", ActionOf(spec.words));
  }
  return out + "\n      ;;\n";
}

constexpr std::string_view kMain = R"(
_mydis() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \
    '(- *)--help[print help]' \
    '(- *)--version[print the version]' \
    '1:subcommand:->subcommand' \
    '*::argument:->argument'
  case $state in
    subcommand) _describe -t commands 'subcommand' _mydis_subcommands ;;
    argument) _mydis_arguments $words[1] ;;
  esac
}

if [[ $funcstack[1] == _mydis ]]; then
  _mydis "$@"
else
  compdef _mydis mydis
fi
)";

}  // namespace

std::string ZshCompletion() {
  std::string names;
  std::string cases;
  for (const Subcommand& subcommand : Subcommands()) {
    names += fmt::format("  '{}:{}'\n", subcommand.name, Escaped(subcommand.summary, "\\:"));
    cases += Case(subcommand);
  }
  const std::vector<std::string> commands = CommandNames();
  std::string out = fmt::format(
      "#compdef mydis\n# Completion for mydis {}: mydis completion zsh made this.\n\n"
      "typeset -ga _mydis_subcommands=(\n{})\n",
      Version(), names);
  // Commands are offered in the case that the user has begun with.
  out += fmt::format(
      "\n_mydis_commands() {{\n  local -a names=({})\n"
      "  [[ $PREFIX == [a-z]* ]] && names=(${{(L)names}})\n"
      "  compadd -a names\n}}\n",
      JoinWords({commands.begin(), commands.end()}));
  out += "\n_mydis_arguments() {\n  case $1 in\n" + cases + "  esac\n}\n";
  return out + std::string(kMain);
}

}  // namespace mydis
