#include "cli/conversation.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <deque>

#include "base/split_line.h"
#include "base/version.h"
#include "cli/cli_line.h"
#include "cli/command_docs.h"
#include "cli/line_editor.h"

namespace mydis {
namespace {

std::string HistoryPath() {
  if (const char* path = std::getenv("MYDIS_HISTFILE"))
    return std::string_view(path) == "/dev/null" ? "" : path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : fmt::format("{}/.mydis_history", home);
}

constexpr std::string_view kGeneralHelp =
    "mydis cli {}\n"
    "  help COMMAND    what a command does and takes; Tab completes its name\n"
    "  help @GROUP     every command of a group: @string, @list, @hash, ...\n"
    "  N COMMAND       run the command N times\n"
    "  clear           clear the screen\n"
    "  quit, exit      leave; so does Ctrl-D. Ctrl-C drops the line or stops the command\n"
    "STRONG before a read asks a majority, before a write it waits for all instances; MYDIS STATUS "
    "shows\n"
    "the cluster.\n";

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
    CliLine line;
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

  void PrintHelp(const CliLine& line) {
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

}  // namespace

int RunConversation(const CliOptions& options, Interrupt& interrupt) {
  return Conversation(options, interrupt).Run();
}

}  // namespace mydis
