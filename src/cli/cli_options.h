// The command line of `mydis cli`. Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cli_session.h"
#include "cli/command_line.h"

namespace mydis {

// What to do instead of running commands.
enum class CliMode { kCommands, kScan, kBigKeys, kStat, kLatency, kPipe, kEval };

struct CliOptions {
  CliSession::Options session;
  CliMode mode = CliMode::kCommands;
  int64_t repeat = 1;  // -1: until Ctrl-C.
  int64_t interval_ms = 0;
  bool last_from_stdin = false;
  std::string stdin_tag;           // Not empty: the word that standard input takes the place of.
  std::vector<std::string> words;  // The command, or what kEval gives to the script.
  // Which keys kScan and kBigKeys look at.
  std::string pattern;        // Empty: all.
  std::string type;           // Empty: all.
  int64_t scan_count = 1000;  // How many at a time.
  std::string script;         // kEval: its file.
};

// An error is one line for people.
Result<CliOptions> ReadCliOptions(const CommandLine& line);

}  // namespace mydis
