// `mydis cli`: one command, commands from a pipe, or a conversation on a terminal.
#include <fmt/core.h>
#include <strings.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/duration.h"
#include "base/split_line.h"
#include "base/version.h"
#include "cli/addresses.h"
#include "cli/cli_session.h"
#include "cli/command_docs.h"
#include "cli/command_line.h"
#include "cli/line_editor.h"
#include "cli/subcommands.h"
#include "protocol/resp_parser.h"

namespace mydis {
namespace {

constexpr OptionSpec kOptions[] = {
    kAddressOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"-n,--db", "N", "database to select", "0"},
    {"-3", "", "speak version 3 of the Redis protocol"},
    {"-r,--repeat", "N", "run the command N times; -1: until Ctrl-C", "1"},
    {"-i,--interval", "D", "wait between repetitions, like 500ms; a number alone is seconds", "0"},
    {"-x", "", "take the last argument of the command from standard input"},
    {"--raw", "", "print replies as bytes alone: for programs, and the way into a pipe"},
    {"--no-raw", "", "print types, numbers and quotes: for people, and the way on a terminal"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis cli",
    .summary = "Runs the command given, or the lines of standard input, or talks on a terminal.",
    .usage = "[OPTION]... [COMMAND [ARGUMENT]...]",
    .options = kOptions,
    .words_end_options = true,
    .footer =
        "The history is kept in ~/.mydis_history (MYDIS_HISTFILE names another file), without "
        "lines that hold passwords. Exit status: 0, or 1 if a command failed, or 2 for a "
        "wrong command line.",
    .words = "COMMAND",
};

struct CliOptions {
  CliSession::Options session;
  int64_t repeat = 1;
  int64_t interval_ms = 0;
  bool last_from_stdin = false;
};

Result<int64_t> ParseInteger(std::string_view option, std::string_view text, int64_t min) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min)
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: {} is not a number from {} on", option, text, min));
  return value;
}

// redis-cli's -i takes seconds, with fractions; a unit may follow here.
Result<int64_t> ParseInterval(const std::string& text) {
  const bool plain = text.find_first_not_of("0123456789.") == std::string::npos;
  Result<int64_t> ms = ParseDuration(plain ? text + "s" : text);
  if (!ms) return Fail(ErrorCode::kInvalid, fmt::format("--interval: {}", ms.error().message()));
  return ms;
}

Result<CliOptions> ReadOptions(const CommandLine& line) {
  CliOptions options;
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return Fail(addresses.error());
  options.session.connection.addresses = std::move(*addresses);
  if (Status s = ReadTls(line, &options.session.connection); !s.ok()) return Fail(s);
  options.session.login = ReadLogin(line);
  const Result<int64_t> database = ParseInteger("--db", line.Get("db", "0"), 0);
  if (!database) return Fail(database.error());
  options.session.database = static_cast<int>(*database);
  options.session.resp3 = line.Has("3");
  const Result<int64_t> repeat = ParseInteger("--repeat", line.Get("repeat", "1"), -1);
  if (!repeat) return Fail(repeat.error());
  options.repeat = *repeat;
  const Result<int64_t> interval = ParseInterval(line.Get("interval", "0"));
  if (!interval) return Fail(interval.error());
  options.interval_ms = *interval;
  if (line.Has("raw") && line.Has("no-raw"))
    return Fail(ErrorCode::kInvalid, "--raw and --no-raw exclude each other: give one of the two");
  options.session.raw = line.Has("raw") || (!line.Has("no-raw") && !isatty(STDOUT_FILENO));
  options.last_from_stdin = line.Has("x");
  if (options.last_from_stdin && line.words.empty())
    return Fail(ErrorCode::kInvalid, "-x needs a command: mydis cli -x SET key");
  return options;
}

// A line of a user or a script: an optional number of repetitions and a command.
struct Line {
  std::vector<std::string> words;
  int64_t times = 1;
};

// False: the line's quotes are not closed. No words: there is nothing to do.
bool ParseLine(std::string_view text, Line* line) {
  std::vector<std::string_view> words;
  std::deque<std::string> unquoted;
  if (!SplitLine(text, &words, &unquoted)) return false;
  line->words.assign(words.begin(), words.end());
  if (line->words.size() < 2) return true;
  const std::string& first = line->words[0];
  int64_t times = 0;
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), times);
  if (error == std::errc() && end == first.data() + first.size() && times > 0) {
    line->times = times;
    line->words.erase(line->words.begin());
  }
  return true;
}

bool IsWord(const std::string& word, const char* name) {
  return strcasecmp(word.c_str(), name) == 0;
}

bool IsQuit(const Line& line) {
  return line.words.size() == 1 && (IsWord(line.words[0], "quit") || IsWord(line.words[0], "exit"));
}

int RunPipe(CliSession& session, int64_t interval_ms) {
  bool good = true;
  int64_t number = 0;
  for (std::string text; std::getline(std::cin, text);) {
    ++number;
    Line line;
    if (!ParseLine(text, &line)) {
      fmt::print("Invalid argument(s)\n");
      good = false;
      continue;
    }
    if (line.words.empty()) continue;
    if (IsQuit(line)) break;
    good = session.Repeat(line.words, line.times, interval_ms) && good;
    std::fflush(stdout);
    // Going on with another connection would lose what the lines before have set up, a transaction
    // for one.
    if (!session.connected()) {
      fmt::print(stderr, "mydis cli: stopped at line {}; the lines after it were not sent\n",
                 number);
      return kExitFailed;
    }
  }
  return good ? kExitOk : kExitFailed;
}

std::string HistoryPath() {
  if (const char* path = std::getenv("MYDIS_HISTFILE"))
    return std::string_view(path) == "/dev/null" ? "" : path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : fmt::format("{}/.mydis_history", home);
}

// Whether a line may hold a password. Rather one line too few in the history than one too many.
bool IsSecret(std::string_view text) {
  constexpr const char* kSecretWords[] = {"auth",       "auth2",       "setuser",   "setauth",
                                          "masterauth", "requirepass", "masteruser"};
  for (size_t i = 0; i < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\"'", i);
    if (begin == std::string_view::npos) return false;
    i = std::min(text.find_first_of(" \t\"'", begin), text.size());
    const std::string word(text.substr(begin, i - begin));
    for (const char* secret : kSecretWords) {
      if (IsWord(word, secret)) return true;
    }
  }
  return false;
}

constexpr std::string_view kGeneralHelp =
    "mydis cli {}\n"
    "  help COMMAND    what a command does and takes; Tab completes its name\n"
    "  help @GROUP     every command of a group: @string, @list, @hash, ...\n"
    "  N COMMAND       run the command N times\n"
    "  clear           clear the screen\n"
    "  quit, exit      leave; so does Ctrl-D. Ctrl-C drops the line or stops the command\n"
    "STRONG before a command asks all instances, MYDIS STATUS shows the cluster.\n";

// A conversation on a terminal.
class Conversation {
 public:
  Conversation(const CliOptions& options, Interrupt& interrupt)
      : options_(options),
        interrupt_(interrupt),
        session_(options.session, &interrupt),
        editor_(HistoryPath(), interrupt.fd(),
                {[this](std::string_view text) { return Docs().Complete(text); },
                 [this](std::string_view text) { return Hint(text); }}) {}

  int Run() {
    session_.Connect();
    for (std::string text;;) {
      switch (editor_.Read(session_.Prompt(), &text)) {
        case LineEditor::Outcome::kEnd:
          fmt::print("\n");
          return kExitOk;
        case LineEditor::Outcome::kInterrupted:
          interrupt_.Take();
          continue;
        case LineEditor::Outcome::kLine:
          if (!RunLine(text)) return kExitOk;
      }
    }
  }

 private:
  // False: the user wants to leave.
  bool RunLine(const std::string& text) {
    if (text.find_first_not_of(" \t") == std::string::npos) return true;
    if (!IsSecret(text)) editor_.Remember(text);
    Line line;
    if (!ParseLine(text, &line)) {
      fmt::print("Invalid argument(s)\n");
      return true;
    }
    if (IsQuit(line)) return false;
    const std::string& command = line.words[0];
    if (line.words.size() == 1 && IsWord(command, "clear")) {
      fmt::print("\033[H\033[2J");
    } else if (IsWord(command, "help") || command == "?") {
      PrintHelp(line);
    } else {
      session_.Repeat(line.words, line.times, options_.interval_ms);
    }
    std::fflush(stdout);
    return true;
  }

  void PrintHelp(const Line& line) {
    if (line.words.size() == 1) {
      fmt::print(fmt::runtime(kGeneralHelp), Version());
      return;
    }
    const std::vector<std::string_view> topic(line.words.begin() + 1, line.words.end());
    fmt::print("{}", Docs().Help(topic));
  }

  // Asked for once it is of use, and again as long as there is no answer.
  const CommandDocs& Docs() {
    if (docs_.empty()) docs_ = CommandDocs(session_.Ask({"COMMAND", "DOCS"}));
    return docs_;
  }

  std::string Hint(std::string_view text) {
    std::vector<std::string_view> words;
    std::deque<std::string> unquoted;
    if (!SplitLine(text, &words, &unquoted) || words.empty()) return {};
    if (!text.ends_with(' ')) words.pop_back();
    return words.empty() ? std::string() : Docs().Hint(words);
  }

  const CliOptions& options_;
  Interrupt& interrupt_;
  CliSession session_;
  LineEditor editor_;
  CommandDocs docs_;
};

int RunOnce(const CliOptions& options, std::vector<std::string> words) {
  CliSession session(options.session, nullptr);
  if (!session.Connect()) return kExitFailed;
  if (options.last_from_stdin)
    words.emplace_back(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  return session.Repeat(words, options.repeat, options.interval_ms) ? kExitOk : kExitFailed;
}

}  // namespace

const CommandLineSpec& CliCommandLine() { return kCommandLine; }

int CliMain(std::span<const std::string> arguments) {
  const Result<CommandLine> line = ParseCommandLine(kCommandLine, arguments);
  if (!line) return UsageError(kCommandLine.program, line.error().message());
  if (line->help) {
    fmt::print("{}", HelpText(kCommandLine));
    return kExitOk;
  }
  Result<CliOptions> options = ReadOptions(*line);
  if (!options) return UsageError(kCommandLine.program, options.error().message());
  if (!line->words.empty()) return RunOnce(*options, line->words);
  if (!isatty(STDIN_FILENO)) {
    CliSession session(options->session, nullptr);
    return session.Connect() ? RunPipe(session, options->interval_ms) : kExitFailed;
  }
  Interrupt interrupt;
  options->session.interactive = true;
  options->session.connection.interrupt_fd = interrupt.fd();
  return Conversation(*options, interrupt).Run();
}

}  // namespace mydis
