#include "cli/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/nearest.h"

namespace mydis {
namespace {

constexpr size_t kHelpWidth = 100;
constexpr size_t kHelpColumn = 32;

// The option's name as people should write it: the long one.
std::string_view LongName(const OptionSpec& option) {
  return option.names.substr(option.names.rfind(',') + 1);
}

std::string UnknownOption(const CommandLineSpec& spec, std::string_view typed) {
  const std::string_view name = typed.substr(0, typed.find('='));
  for (const ForeignOption& foreign : spec.foreign) {
    if (foreign.name == name) return fmt::format("{} is not an option: {}", name, foreign.advice);
  }
  std::vector<std::string_view> known;
  for (const OptionSpec& option : spec.options) known.push_back(OptionKey(option));
  const std::string_view nearest =
      NearestWord(name.substr(std::min(name.find_first_not_of('-'), name.size())), known);
  if (!nearest.empty())
    return fmt::format("{} is not an option; did you mean --{}? try {} --help", name, nearest,
                       spec.program);
  return fmt::format("{} is not an option; try {} --help", name, spec.program);
}

// The message about the option `name`, written so, that has no value; empty: it takes none.
std::string NeedsValue(const CommandLineSpec& spec, const std::string& name) {
  for (const OptionSpec& option : spec.options) {
    if (!option.value.empty() &&
        ("," + std::string(option.names) + ",").find("," + name + ",") != std::string::npos)
      return fmt::format("{} needs a value: {} {}", name, name, option.value);
  }
  return {};
}

// "--data-dir=", for which CLI11 would take the next word. Behind the first word of a command there
// are no options.
std::string EmptyValue(const CommandLineSpec& spec, std::span<const std::string> options) {
  for (const std::string& option : options) {
    if (spec.words_end_options && !option.starts_with('-')) break;
    if (!option.starts_with("--") || !option.ends_with('=')) continue;
    std::string message = NeedsValue(spec, option.substr(0, option.size() - 1));
    if (!message.empty()) return message;
  }
  return {};
}

void AppendWrapped(std::string& out, std::string_view text, size_t indent, size_t column) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > kHelpWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

// `left`, and `text` in a column of its own, on the same line if there is room.
void AppendColumns(std::string& out, std::string_view left, std::string_view text) {
  out += left;
  size_t used = left.size();
  if (used + 2 > kHelpColumn) {
    out += '\n';
    used = 0;
  }
  out.append(kHelpColumn - used, ' ');
  AppendWrapped(out, text, kHelpColumn, kHelpColumn);
}

void AppendOption(std::string& out, const OptionSpec& option) {
  std::string left = option.names.starts_with("--") ? "      " : "  ";
  for (const char c : option.names) {
    left += c;
    if (c == ',') left += ' ';
  }
  if (!option.value.empty()) left += fmt::format(" {}", option.value);
  std::string help(option.help);
  if (!option.fallback.empty()) help += fmt::format(" [{}]", option.fallback);
  AppendColumns(out, left, help);
}

void AppendActions(std::string& out, std::span<const ActionSpec> actions) {
  if (actions.empty()) return;
  out += "\nActions\n";
  for (const ActionSpec& action : actions) {
    const char* space = action.arguments.empty() ? "" : " ";
    AppendColumns(out, fmt::format("  {}{}{}", action.name, space, action.arguments),
                  action.summary);
  }
}

void AppendExamples(std::string& out, std::span<const ExampleSpec> examples) {
  if (examples.empty()) return;
  out += "\nExamples\n";
  for (const ExampleSpec& example : examples)
    out += fmt::format("  {}\n      {}\n", example.command, example.meaning);
}

// "-2", "-1gb": behind an action an argument, since no option begins with a digit there.
bool IsNegative(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

// `words` are what CLI11 left, `behind` what follows a "--" that it was not shown; both are words.
Status CheckWords(const CommandLineSpec& spec, std::span<const std::string> behind,
                  std::vector<std::string>& words) {
  size_t check = words.size();
  if (spec.words_end_options) {
    check = std::min<size_t>(check, 1);
    if (check > 0 && words[0] == "--") {
      words.erase(words.begin());
      check = 0;
    }
  }
  for (size_t i = 0; i < check; ++i) {
    const bool argument = i > 0 && !spec.actions.empty() && IsNegative(words[i]);
    if (words[i].size() > 1 && words[i][0] == '-' && !argument)
      return {ErrorCode::kInvalid, UnknownOption(spec, words[i])};
  }
  words.insert(words.end(), behind.begin(), behind.end());
  if (spec.words == "F" && std::ranges::find(words, "") != words.end())
    return {ErrorCode::kInvalid,
            fmt::format("the name of the file is empty; try {} --help", spec.program)};
  if (words.size() <= spec.max_words) return Status::Ok();
  return {ErrorCode::kInvalid, fmt::format("{} is one word too many; try {} --help",
                                           words[spec.max_words], spec.program)};
}

}  // namespace

std::string CommandLine::Get(std::string_view key, std::string_view fallback) const {
  const auto found = values.find(key);
  return found == values.end() ? std::string(fallback) : found->second.back();
}

std::string CommandLine::Joined(std::string_view key) const {
  const auto found = values.find(key);
  if (found == values.end()) return {};
  std::string all;
  for (const std::string& value : found->second) all += (all.empty() ? "" : ",") + value;
  return all;
}

std::string_view OptionKey(const OptionSpec& option) {
  const std::string_view name = LongName(option);
  return name.substr(name.find_first_not_of('-'));
}

OptionSpec HelpOption(const CommandLineSpec& spec) {
  for (const OptionSpec& option : spec.options) {
    if (option.names.starts_with("-h,")) return {"--help", "", "print this"};
  }
  return {"-h,--help", "", "print this"};
}

Result<CommandLine> ParseCommandLine(const CommandLineSpec& spec,
                                     std::span<const std::string> arguments) {
  CLI::App app;
  const OptionSpec help = HelpOption(spec);
  app.set_help_flag(std::string(help.names));
  app.allow_extras(true);
  app.prefix_command(spec.words_end_options);
  std::vector<std::vector<std::string>> values(spec.options.size());
  std::vector<size_t> flags(spec.options.size(), 0);
  for (size_t i = 0; i < spec.options.size(); ++i) {
    const OptionSpec& option = spec.options[i];
    if (option.value.empty()) {
      app.add_flag(std::string(option.names), flags[i]);
    } else {
      app.add_option(std::string(option.names), values[i])->allow_extra_args(false);
    }
  }
  CommandLine line;
  // "--" ends the options: what follows are words.
  std::span<const std::string> options = arguments;
  if (!spec.words_end_options)
    options = arguments.first(
        static_cast<size_t>(std::ranges::find(arguments, "--") - arguments.begin()));
  if (arguments.size() == 1 && arguments[0] == "-h") {
    line.help = true;
    return line;
  }
  if (std::string message = EmptyValue(spec, options); !message.empty())
    return Fail(ErrorCode::kInvalid, std::move(message));
  try {
    app.parse(std::vector<std::string>(options.rbegin(), options.rend()));
  } catch (const CLI::CallForHelp&) {
    line.help = true;
    return line;
  } catch (const CLI::ParseError& error) {
    // CLI11 names an option that lacks its value in an exception only: it was the last word.
    std::string message = options.empty() ? "" : NeedsValue(spec, options.back());
    if (message.empty())
      message = fmt::format("{}; try {} --help", std::string_view(error.what()), spec.program);
    return Fail(ErrorCode::kInvalid, std::move(message));
  }
  line.words = app.remaining();
  const auto behind = arguments.subspan(std::min(options.size() + 1, arguments.size()));
  if (Status s = CheckWords(spec, behind, line.words); !s.ok()) return Fail(s);
  for (size_t i = 0; i < spec.options.size(); ++i) {
    if (flags[i] > 0) values[i] = {"true"};
    if (!values[i].empty()) line.values.emplace(OptionKey(spec.options[i]), std::move(values[i]));
  }
  return line;
}

Result<const ActionSpec*> FindAction(const CommandLineSpec& spec, const CommandLine& line) {
  std::vector<std::string_view> names;
  std::string all;
  for (const ActionSpec& action : spec.actions) {
    names.push_back(action.name);
    all += fmt::format("{}{}", all.empty() ? "" : ", ", action.name);
  }
  if (line.words.empty())
    return Fail(ErrorCode::kInvalid,
                fmt::format("give an action: {}; {} --help tells more", all, spec.program));
  const std::string& typed = line.words[0];
  for (const ActionSpec& action : spec.actions) {
    if (action.name != typed) continue;
    const size_t given = line.words.size() - 1;
    if (given >= action.min_words && given <= action.max_words) return &action;
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}write it as: {} {}{}{}",
                            given > action.max_words
                                ? line.words[action.max_words + 1] + " is one word too many; "
                                : "",
                            spec.program, action.name, action.arguments.empty() ? "" : " ",
                            action.arguments));
  }
  const std::string_view nearest = NearestWord(typed, names);
  return Fail(ErrorCode::kInvalid,
              nearest.empty()
                  ? fmt::format("{} is not one of: {}", typed, all)
                  : fmt::format("{} is not an action; did you mean {}?", typed, nearest));
}

std::vector<std::string> Paragraphs(std::string_view footer) {
  std::vector<std::string> paragraphs;
  while (!footer.empty()) {
    const size_t end = std::min(footer.find("\n\n"), footer.size());
    std::string& paragraph = paragraphs.emplace_back(footer.substr(0, end));
    std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
    footer.remove_prefix(std::min(end + 2, footer.size()));
  }
  return paragraphs;
}

std::string HelpText(const CommandLineSpec& spec) {
  std::string out;
  AppendWrapped(out, spec.summary, 0, 0);
  out += fmt::format("\nUsage: {} {}\n", spec.program, spec.usage);
  AppendActions(out, spec.actions);
  if (!spec.options.empty() && spec.options[0].group.empty()) out += '\n';
  for (const OptionSpec& option : spec.options) {
    if (!option.group.empty()) out += fmt::format("\n{}\n", option.group);
    AppendOption(out, option);
  }
  AppendOption(out, HelpOption(spec));
  AppendExamples(out, spec.examples);
  for (const std::string& paragraph : Paragraphs(spec.footer)) {
    out += '\n';
    AppendWrapped(out, paragraph, 0, 0);
  }
  return out;
}

int UsageError(std::string_view program, std::string_view message) {
  std::string line = fmt::format("{}: {}", program, message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  fmt::print(stderr, "{}\n", line);
  return kExitUsage;
}

}  // namespace mydis
