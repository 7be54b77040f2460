#include "cli/completion.h"

#include <algorithm>

namespace mydis {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

}  // namespace

ValueShape ShapeOf(std::string_view value) {
  using Kind = ValueShape::Kind;
  if (value == "F" || value.starts_with("FILE")) return {Kind::kFile, {}};
  if (value == "DIR") return {Kind::kDirectory, {}};
  if (value == "COMMAND") return {Kind::kCommand, {}};
  if (value.find('|') != std::string_view::npos) return {Kind::kChoice, Split(value, '|')};
  return {};
}

std::vector<std::string_view> OptionNames(std::string_view names) { return Split(names, ','); }

std::string JoinWords(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) {
    if (!all.empty()) all += ' ';
    all += word;
  }
  return all;
}

}  // namespace mydis
