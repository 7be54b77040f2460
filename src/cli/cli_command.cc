// `mydis cli`: one command, commands from a pipe, a conversation on a terminal, and what else it
// does with an instance.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/cli_line.h"
#include "cli/cli_modes.h"
#include "cli/cli_options.h"
#include "cli/conversation.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

// In the stream of answers each line has its own, as redis-cli has it.
void PrintBadLine(ReplyStyle style, int64_t number) {
  RespValue error;
  error.type = RespValue::Type::kError;
  error.text = "ERR Invalid argument(s)";
  const bool json = style == ReplyStyle::kJson;
  fmt::print("{}", json ? FormatReply(error, style) : "Invalid argument(s)\n");
  std::fflush(stdout);
  fmt::print(stderr, "mydis cli: line {}: a quote is not closed; the line was not sent\n", number);
}

int RunPipe(CliSession& session, ReplyStyle style, int64_t interval_ms) {
  bool good = true;
  int64_t number = 0;
  for (std::string text; std::getline(std::cin, text);) {
    ++number;
    CliLine line;
    if (!ParseLine(text, &line)) {
      PrintBadLine(style, number);
      good = false;
      continue;
    }
    if (line.words.empty()) continue;
    if (IsQuit(line)) break;
    const bool done = session.Repeat(line.words, line.times, interval_ms);
    good &= done;
    std::fflush(stdout);
    // Its answer is lost, or nobody is there any more.
    if (!done && !session.connected()) {
      fmt::print(stderr, "mydis cli: stopped at line {}; the lines after it were not sent\n",
                 number);
      return kExitFailed;
    }
  }
  return good ? kExitOk : kExitFailed;
}

// REQUIRES: the tag that stands for standard input, if there is one, is among the words.
int RunOnce(CliOptions options, std::vector<std::string> words) {
  options.session.errors_apart = true;
  CliSession session(options.session, nullptr);
  if (!session.Connect()) return kExitFailed;
  if (options.last_from_stdin || !options.stdin_tag.empty()) {
    std::string input{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    if (options.last_from_stdin) words.emplace_back();
    (options.last_from_stdin ? words.back() : *std::ranges::find(words, options.stdin_tag)) =
        std::move(input);
  }
  return session.Repeat(words, options.repeat, options.interval_ms) ? kExitOk : kExitFailed;
}

// The keys stand before a comma that is a word of its own, the other arguments behind it.
Result<std::vector<std::string>> EvalWords(const std::string& path,
                                           const std::vector<std::string>& words) {
  std::ifstream file(path);
  std::string script((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad())
    return Fail(ErrorCode::kInvalid,
                fmt::format("--eval: {} cannot be read: {}", path, std::strerror(errno)));
  std::vector<std::string> command = {"EVAL", std::move(script), ""};
  size_t keys = 0;
  bool comma = false;
  for (const std::string& word : words) {
    if (word == "," && !comma) {
      comma = true;
      continue;
    }
    keys += comma ? 0 : 1;
    command.push_back(word);
  }
  command[2] = std::to_string(keys);
  return command;
}

int RunCommands(CliOptions options, const std::vector<std::string>& words) {
  if (!words.empty()) return RunOnce(options, words);
  if (!isatty(STDIN_FILENO)) {
    CliSession session(options.session, nullptr);
    return session.Connect() ? RunPipe(session, options.session.style, options.interval_ms)
                             : kExitFailed;
  }
  Interrupt interrupt;
  options.session.interactive = true;
  options.session.retrying.goes_on_unrestored = true;
  options.session.retrying.connection.interrupt_fd = interrupt.fd();
  return RunConversation(options, interrupt);
}

}  // namespace

int CliMain(const CommandLine& line) {
  const CommandLineSpec& spec = CliCommandLine();
  const Result<CliOptions> options = ReadCliOptions(line);
  if (!options) return UsageError(spec.program, options.error().message());
  switch (options->mode) {
    case CliMode::kCommands:
      return RunCommands(*options, options->words);
    case CliMode::kScan:
      return RunScan(*options);
    case CliMode::kBigKeys:
      return RunBigKeys(*options);
    case CliMode::kStat:
      return RunStat(*options);
    case CliMode::kLatency:
      return RunLatency(*options, options->words);
    case CliMode::kPipe:
      return RunRawPipe(*options);
    case CliMode::kEval:
      break;
  }
  const Result<std::vector<std::string>> command = EvalWords(options->script, options->words);
  if (!command) {
    fmt::print(stderr, "{}: {}\n", spec.program, command.error().message());
    return kExitFailed;
  }
  return RunOnce(*options, *command);
}

}  // namespace mydis
