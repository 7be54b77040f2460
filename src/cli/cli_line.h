// A line of a user or a script, as words. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// An optional number of repetitions and a command.
struct CliLine {
  std::vector<std::string> words;
  int64_t times = 1;
};

// False: the line's quotes are not closed. No words: there is nothing to do.
bool ParseLine(std::string_view text, CliLine* line);

// Whether `word` is `name`, in any case.
bool IsWord(const std::string& word, const char* name);

// Whether the user wants to leave.
bool IsQuit(const CliLine& line);

// Whether a line may hold a password. Rather one line too few in the history than one too many.
bool IsSecret(std::string_view text);

}  // namespace mydis
