// bash has no records of options of its own, so the script brings them: a function that knows the
// words of each subcommand, one that knows what a value may be, and one that goes by both.
#include <fmt/core.h>

#include "base/version.h"
#include "cli/completion.h"
#include "cli/subcommands.h"
#include "server/command_names.h"

namespace mydis {
namespace {

// Words between the quotes hold none themselves: names of options, actions and choices.
std::string Record(const Subcommand& subcommand) {
  const CommandLineSpec& spec = subcommand.command_line();
  std::vector<std::string_view> options;
  std::vector<std::string_view> valued;
  for (const OptionSpec& option : spec.options) {
    for (const std::string_view name : OptionNames(option.names)) {
      options.push_back(name);
      if (!option.value.empty()) valued.push_back(name);
    }
  }
  options.push_back("--help");
  std::vector<std::string_view> actions;
  for (const ActionSpec& action : spec.actions) actions.push_back(action.name);
  return fmt::format(
      "    {})\n      options='{}'\n      valued=' {} '\n      actions='{}'\n      ;;\n",
      subcommand.name, JoinWords(options), JoinWords(valued), JoinWords(actions));
}

// What _mydis_offer takes, or empty.
std::string OfferOf(std::string_view value) {
  const ValueShape shape = ShapeOf(value);
  switch (shape.kind) {
    case ValueShape::Kind::kFile:
      return "file";
    case ValueShape::Kind::kDirectory:
      return "directory";
    case ValueShape::Kind::kCommand:
      return "command";
    case ValueShape::Kind::kChoice:
      return "words " + JoinWords(shape.choices);
    case ValueShape::Kind::kOther:
      return {};
  }
  return {};
}

std::string Shapes(const Subcommand& subcommand) {
  const CommandLineSpec& spec = subcommand.command_line();
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::string offer = OfferOf(value);
    if (!offer.empty())
      out += fmt::format("    {}/{}) shape='{}' ;;\n", subcommand.name, name, offer);
  };
  for (const OptionSpec& option : spec.options) {
    for (const std::string_view name : OptionNames(option.names)) add(name, option.value);
  }
  add("word", spec.words);
  return out;
}

// _mydis_offer completes $cur with what its first argument says, among the words that follow.
// Commands are offered in the case that the user has begun with.
constexpr std::string_view kOffer = R"(
_mydis_offer() {
  local kind=$1
  shift
  case $kind in
    file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
    command)
      local names=$_mydis_commands
      [[ $cur == [a-z]* ]] && names=${names,,}
      mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur") ;;
  esac
}
)";

// bash takes --option=value and HOST:PORT apart, at the signs.
constexpr std::string_view kMain = R"(
_mydis() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local subcommand=${COMP_WORDS[1]} options valued actions shape word i words=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _mydis_offer words "$_mydis_subcommands"
    return
  fi
  _mydis_record "$subcommand"
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $valued == *" $prev "* ]]; then
    _mydis_shape "$subcommand/$prev"
    # shellcheck disable=SC2086
    [[ -n $shape ]] && _mydis_offer $shape
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $valued == *" $word "* ]]; then
      [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))
      ((i++))
    elif [[ $word == : ]]; then
      ((i++))
    elif [[ $word != -* ]]; then
      ((words++))
    fi
  done
  _mydis_shape "$subcommand/word"
  if [[ $cur == -* ]]; then
    # The words of a command that is to be sent are its own.
    [[ $shape == command && $words -gt 0 ]] || _mydis_offer words "$options"
  elif [[ -n $actions ]]; then
    ((words == 0)) && _mydis_offer words "$actions"
  elif [[ $shape == file || $shape == directory || $words -eq 0 ]]; then
    # shellcheck disable=SC2086
    [[ -n $shape ]] && _mydis_offer $shape
  fi
}

complete -F _mydis mydis
)";

}  // namespace

std::string BashCompletion() {
  std::vector<std::string_view> names;
  std::string records;
  std::string shapes;
  for (const Subcommand& subcommand : Subcommands()) {
    names.push_back(subcommand.name);
    records += Record(subcommand);
    shapes += Shapes(subcommand);
  }
  const std::vector<std::string> commands = CommandNames();
  std::string out = fmt::format(
      "# shellcheck shell=bash\n# Completion for mydis {}: mydis completion bash made this.\n\n"
      "_mydis_subcommands='{} --help --version'\n",
      Version(), JoinWords(names));
  out += fmt::format("_mydis_commands='{}'\n", JoinWords({commands.begin(), commands.end()}));
  out += "\n_mydis_record() {\n  options='' valued='' actions=''\n  case $1 in\n" + records +
         "  esac\n}\n";
  out += "\n_mydis_shape() {\n  shape=''\n  case $1 in\n" + shapes + "  esac\n}\n";
  return out + std::string(kOffer) + std::string(kMain);
}

}  // namespace mydis
