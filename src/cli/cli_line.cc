#include "cli/cli_line.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <deque>

#include "base/split_line.h"

namespace mydis {

bool ParseLine(std::string_view text, CliLine* line) {
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

bool IsQuit(const CliLine& line) {
  return line.words.size() == 1 && (IsWord(line.words[0], "quit") || IsWord(line.words[0], "exit"));
}

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

}  // namespace mydis
