#include "base/split_line.h"

namespace mydis {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// Inside a word fewer characters count as blanks than between words.
bool EndsWord(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads from after the opening quote to after the closing one.
bool ReadDoubleQuoted(std::string_view line, size_t* i, std::string* out) {
  for (; *i < line.size(); ++*i) {
    const char c = line[*i];
    if (c == '"') {
      ++*i;
      return *i == line.size() || IsBlank(line[*i]);
    }
    if (c == '\\' && *i + 3 < line.size() && line[*i + 1] == 'x' && HexDigit(line[*i + 2]) >= 0 &&
        HexDigit(line[*i + 3]) >= 0) {
      out->push_back(static_cast<char>(HexDigit(line[*i + 2]) * 16 + HexDigit(line[*i + 3])));
      *i += 3;
    } else if (c == '\\' && *i + 1 < line.size()) {
      out->push_back(Unescape(line[++*i]));
    } else {
      out->push_back(c);
    }
  }
  return false;
}

bool ReadSingleQuoted(std::string_view line, size_t* i, std::string* out) {
  for (; *i < line.size(); ++*i) {
    const char c = line[*i];
    if (c == '\'') {
      ++*i;
      return *i == line.size() || IsBlank(line[*i]);
    }
    if (c == '\\' && *i + 1 < line.size() && line[*i + 1] == '\'') ++*i;
    out->push_back(line[*i]);
  }
  return false;
}

}  // namespace

bool SplitLine(std::string_view line, std::vector<std::string_view>* args,
               std::deque<std::string>* unquoted) {
  size_t i = 0;
  while (true) {
    while (i < line.size() && IsBlank(line[i])) ++i;
    if (i == line.size()) return true;
    const size_t begin = i;
    while (i < line.size() && !EndsWord(line[i]) && line[i] != '"' && line[i] != '\'') ++i;
    if (i == line.size() || EndsWord(line[i])) {
      args->push_back(line.substr(begin, i - begin));
      continue;
    }
    // A quoted part ends its word, whatever came before it in the same word.
    std::string word(line.substr(begin, i - begin));
    const char quote = line[i++];
    if (!(quote == '"' ? ReadDoubleQuoted(line, &i, &word) : ReadSingleQuoted(line, &i, &word)))
      return false;
    unquoted->push_back(std::move(word));
    args->push_back(unquoted->back());
  }
}

}  // namespace mydis
