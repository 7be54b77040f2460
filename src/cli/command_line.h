// The command line of one subcommand: its options and actions in tables, from which parsing, the
// help text, the manual page and the shells' completion come. Main thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

struct OptionSpec {
  std::string_view names;  // "--data-dir", "-n,--db"; the last one is the option's key.
  // What stands for its value in the help; empty: a flag. Completion goes by it too: "F" is a file,
  // "DIR" a directory, "yes|no" one of these words.
  std::string_view value;
  std::string_view help;           // Ends without a full stop.
  std::string_view fallback = {};  // Shown as the default.
  std::string_view group = {};     // Not empty: a new heading in the help begins here.
};

// A word that says what to do: "add" of `mydis cluster add HOST:RAFTPORT`.
struct ActionSpec {
  std::string_view name;
  std::string_view arguments;  // What follows it, as the help shows it.
  size_t min_words;            // How many words that may be.
  size_t max_words;
  std::string_view summary;
};

struct ExampleSpec {
  std::string_view command;  // "mydis cli SET greeting hello"
  std::string_view meaning;  // "write a key"
};

// An option that another program has, whose users try it here.
struct ForeignOption {
  std::string_view name;    // "--cacert"
  std::string_view advice;  // "say --tls-ca FILE"
};

struct CommandLineSpec {
  std::string_view program;  // "mydis server"
  std::string_view summary;  // "Runs one instance."
  std::string_view usage;    // What follows the program's name: "[OPTION]…"
  std::span<const OptionSpec> options;
  // The first word ends the options: what follows belongs to it ("SET k --v").
  bool words_end_options = false;
  size_t max_words = SIZE_MAX;
  std::string_view footer = {};  // Below the options in the help: paragraphs, an empty line apart.
  // Not empty: the first word must be one of them. Behind it a negative number is an argument.
  std::span<const ActionSpec> actions = {};
  std::span<const ExampleSpec> examples = {};
  // What its words are, as OptionSpec::value says it: "F" for files, whose names are not empty.
  std::string_view words = {};
  std::span<const ForeignOption> foreign = {};
};

// What was given. Keys are names without dashes.
struct CommandLine {
  bool help = false;
  std::map<std::string, std::vector<std::string>, std::less<>> values;  // A flag's value is "true".
  std::vector<std::string> words;

  bool Has(std::string_view key) const { return values.contains(key); }
  // The last value given, or `fallback`.
  std::string Get(std::string_view key, std::string_view fallback = {}) const;
  // All values given, separated by commas.
  std::string Joined(std::string_view key) const;
};

// An error is one line without the program's name.
Result<CommandLine> ParseCommandLine(const CommandLineSpec& spec,
                                     std::span<const std::string> arguments);

// The action that the first word names. An error is one line: no such action, or a wrong number of
// words behind it. REQUIRES: the spec has actions.
Result<const ActionSpec*> FindAction(const CommandLineSpec& spec, const CommandLine& line);

// The help text, wrapped at 100 columns.
std::string HelpText(const CommandLineSpec& spec);

// The option that prints the help, which every subcommand has: -h is left to those that use it for
// something else, where it helps only if it stands alone.
OptionSpec HelpOption(const CommandLineSpec& spec);

// Key of an option: its last name without dashes.
std::string_view OptionKey(const OptionSpec& option);

// The paragraphs of a footer, each on one line.
std::vector<std::string> Paragraphs(std::string_view footer);

// Prints "program: message" on standard error and gives the exit status of a wrong command line.
int UsageError(std::string_view program, std::string_view message);

// Exit statuses of every subcommand.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

}  // namespace mydis
