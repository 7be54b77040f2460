#include "cli/man_page.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/version.h"
#include "cli/completion.h"

namespace mydis {
namespace {

constexpr size_t kLineWidth = 79;

// Text that the formatter takes literally: "-" stays what can be typed.
std::string Literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

// As an argument of a macro.
std::string RoffQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : Literal(text)) out += c == '"' ? std::string("\\(dq") : std::string(1, c);
  return out + "\"";
}

std::string Title(std::string_view name, std::string_view date) {
  return fmt::format(".TH {} 1 {} \"mydis {}\" \"Mydis\"\n", RoffQuoted(ToUpper(name)), date,
                     Version());
}

// Lines of running text. One that began with a control character would be a request.
std::string Lines(std::string_view text) {
  std::string out;
  size_t column = 0;
  const std::string literal = Literal(text);
  for (std::string_view rest = literal; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (column > 0 && column + 1 + word.size() > kLineWidth) {
      out += '\n';
      column = 0;
    }
    if (column > 0) out += ' ';
    if (column == 0 && (word.starts_with('.') || word.starts_with('\''))) out += "\\&";
    out += word;
    column += word.size() + 1;
  }
  return out + "\n";
}

std::string Sentence(std::string_view text) {
  return Lines(std::string(text) + (text.ends_with('.') ? "" : "."));
}

// But for what begins with the name of an action: "create: ...".
std::string Capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty() && !text.substr(0, text.find(' ')).ends_with(':')) out[0] = AsciiUpper(out[0]);
  return out;
}

std::string OptionEntry(const OptionSpec& option) {
  std::string names;
  for (const std::string_view name : OptionNames(option.names))
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", Literal(name));
  if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", Literal(option.value));
  std::string out = ".TP\n" + names + "\n" + Sentence(Capitalized(option.help));
  if (!option.fallback.empty()) out += "Default: " + Sentence(option.fallback);
  return out;
}

std::string Options(const CommandLineSpec& spec) {
  std::string out = ".SH OPTIONS\n";
  for (const OptionSpec& option : spec.options) {
    if (!option.group.empty()) out += fmt::format(".SS {}\n", RoffQuoted(option.group));
    out += OptionEntry(option);
  }
  return out + OptionEntry({HelpOption(spec).names, "", "print a summary of this page"});
}

std::string Actions(std::span<const ActionSpec> actions) {
  if (actions.empty()) return {};
  std::string out = ".SH ACTIONS\n";
  for (const ActionSpec& action : actions) {
    out += fmt::format(".TP\n\\fB{}\\fR", Literal(action.name));
    if (!action.arguments.empty()) out += fmt::format(" \\fI{}\\fR", Literal(action.arguments));
    out += "\n" + Sentence(Capitalized(action.summary));
  }
  return out;
}

std::string Examples(std::span<const ExampleSpec> examples) {
  if (examples.empty()) return {};
  std::string out = ".SH EXAMPLES\n";
  for (const ExampleSpec& example : examples) {
    out += fmt::format(".TP\n.B {}\n{}", RoffQuoted(example.command),
                       Sentence(Capitalized(example.meaning)));
  }
  return out;
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    "0: all went well.\n"
    ".br\n1: it failed, and one line on standard error says what to do.\n"
    ".br\n2: the command line is wrong.\n";

std::string SeeAlso(std::string_view but) {
  std::string out = ".SH SEE ALSO\n";
  std::string before;
  const auto add = [&](const std::string& name) {
    if (name == but) return;
    out += before + fmt::format(".BR {} (1)", Literal(name));
    before = ",\n";
  };
  add("mydis");
  for (const Subcommand& subcommand : Subcommands()) add(fmt::format("mydis-{}", subcommand.name));
  return out + "\n";
}

}  // namespace

std::string ManPage(std::string_view date) {
  std::string out = Title("mydis", date);
  out +=
      ".SH NAME\nmydis \\- a key/value server that speaks the Redis protocol,\n"
      "made consistent by Raft\n"
      ".SH SYNOPSIS\n.B mydis\n.I SUBCOMMAND\n[\\fIARGUMENT\\fR]...\n"
      ".SH DESCRIPTION\n"
      "Every instance of a cluster holds all the data,\n"
      "and a Raft log makes the instances agree.\n"
      "An ordinary Redis client may talk to any of them.\n"
      ".SH SUBCOMMANDS\n";
  for (const Subcommand& subcommand : Subcommands())
    out += fmt::format(".TP\n.BR {} (1)\n{}", RoffQuoted(fmt::format("mydis-{}", subcommand.name)),
                       Sentence(Capitalized(subcommand.summary)));
  out +=
      ".SH PORTS\n.TP\n2380\nHTTP.\n.TP\n2381\nThe Redis protocol: clients, and the "
      "subcommands that talk to an instance.\n.TP\n2382, 2383\nThe other instances.\n";
  return out + std::string(kExitStatus) + SeeAlso("mydis");
}

std::string ManPage(const Subcommand& subcommand, std::string_view date) {
  const CommandLineSpec& spec = subcommand.command_line();
  const std::string name = fmt::format("mydis-{}", subcommand.name);
  std::string out = Title(name, date);
  out += fmt::format(".SH NAME\n{} \\-\n{}", Literal(name), Lines(subcommand.summary));
  out += fmt::format(".SH SYNOPSIS\n.B {}\n{}", spec.program, Lines(spec.usage));
  out += ".SH DESCRIPTION\n" + Sentence(spec.summary);
  for (const std::string& paragraph : Paragraphs(spec.footer)) out += ".PP\n" + Lines(paragraph);
  out += Actions(spec.actions) + Options(spec) + Examples(spec.examples);
  return out + std::string(kExitStatus) + SeeAlso(name);
}

}  // namespace mydis
