#include "cli/reply_scanner.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace mydis {
namespace {

constexpr int64_t kMost = int64_t{1} << 40;  // Bytes of a string, elements of a collection.

bool Number(std::string_view text, int64_t* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end && *value >= -1 && *value <= kMost;
}

}  // namespace

// `line` is without its end. The first value of a reply says of what kind it is.
ReplyScanner::Step ReplyScanner::Line(std::string_view line) {
  const bool first = std::exchange(first_, false);
  const char type = line.empty() ? '\0' : line[0];
  int64_t n = 0;
  switch (type) {
    case '+':
    case ':':
    case ',':
    case '#':
    case '(':
      return Step::kOne;
    case '_':
      if (first) kind_ = Kind::kNull;
      return Step::kOne;
    case '-':
      if (first) {
        kind_ = Kind::kError;
        error_ = line.substr(1);
      }
      return Step::kOne;
    case '$':
    case '=':
    case '!':
      if (!Number(line.substr(1), &n)) return Step::kBroken;
      if (first && type == '!') kind_ = Kind::kError;
      if (n < 0) break;
      skip_ = static_cast<uint64_t>(n) + 2;
      return Step::kString;
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      if (!Number(line.substr(1), &n)) return Step::kBroken;
      if (n < 0) break;
      // Each pair of a map is two values; an attribute stands before a value that is yet to come.
      open_ += static_cast<uint64_t>(type == '%' || type == '|' ? 2 * n : n);
      return type == '|' ? Step::kOpened : Step::kOne;
    default:
      return Step::kBroken;
  }
  if (first) kind_ = Kind::kNull;
  return Step::kOne;
}

ReplyScanner::Outcome ReplyScanner::Next(std::string_view bytes, size_t* used) {
  if (open_ == 0) {
    open_ = 1;
    first_ = true;
    kind_ = Kind::kValue;
  }
  while (true) {
    if (skip_ > 0) {
      const uint64_t n = std::min<uint64_t>(skip_, bytes.size() - *used);
      *used += n;
      skip_ -= n;
      if (skip_ > 0) return Outcome::kNeedMore;
      if (--open_ == 0) return Outcome::kReply;
    }
    const size_t end = bytes.find('\n', *used);
    if (end == std::string_view::npos) return Outcome::kNeedMore;
    std::string_view line = bytes.substr(*used, end - *used);
    if (!line.ends_with('\r')) return Outcome::kBroken;
    line.remove_suffix(1);
    const Step step = Line(line);
    if (step == Step::kBroken) return Outcome::kBroken;
    *used = end + 1;
    if (step == Step::kOne && --open_ == 0) return Outcome::kReply;
  }
}

}  // namespace mydis
