// Rows of figures for programs, as --bigkeys, --stat and --latency print them. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/reply_format.h"

namespace mydis {

struct Figure {
  enum class Kind { kNumber, kWord, kBytes };  // kBytes: a user's, of whatever kind.
  std::string_view name;
  std::string text;  // A number that is not known: "-", which is null in JSON.
  Kind kind = Kind::kNumber;
};

// The names above the columns, with commas for kCsv and tabs else; nothing for kJson.
std::string FigureNames(std::span<const Figure> row, ReplyStyle style);
// The same for the values; for kJson an object. One line, with its end.
std::string FigureLine(std::span<const Figure> row, ReplyStyle style);

}  // namespace mydis
