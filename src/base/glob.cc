#include "base/glob.h"

#include <cstddef>
#include <utility>

#include "base/ascii.h"

namespace mydis {
namespace {

constexpr size_t kNone = std::string_view::npos;
// Redis gives up on patterns with more `*` than this (one at the end does not count).
constexpr int kMaxStars = 1000;

char Fold(char c, bool ignore_case) { return ignore_case ? AsciiLower(c) : c; }

// A byte as ranges order it, which is as Redis does on its common platforms: those above 0x7f are
// negative, but without regard to case positive, apart from 0xff.
int RangeValue(char c, bool ignore_case) {
  const int value = static_cast<signed char>(c);
  if (!ignore_case || value == -1) return value;
  return static_cast<unsigned char>(AsciiLower(c));
}

bool InRange(char start, char end, char c, bool ignore_case) {
  if (static_cast<signed char>(start) > static_cast<signed char>(end)) std::swap(start, end);
  const int value = RangeValue(c, ignore_case);
  return RangeValue(start, ignore_case) <= value && value <= RangeValue(end, ignore_case);
}

// Matches `c` with the class whose `[` stands at `at`, and moves `at` behind the class.
bool MatchClass(std::string_view pattern, size_t& at, char c, bool ignore_case) {
  ++at;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  while (at < pattern.size()) {
    const size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      found |= pattern[at + 1] == c;
      at += 2;
    } else if (pattern[at] == ']') {
      ++at;
      break;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      found |= InRange(pattern[at], pattern[at + 2], c, ignore_case);
      at += 3;
    } else {
      found |= Fold(pattern[at], ignore_case) == Fold(c, ignore_case);
      ++at;
    }
  }
  return found != negated;
}

// Matches `c` with the pattern's element at `at`, which is no `*`, and moves `at` behind it.
bool MatchOne(std::string_view pattern, size_t& at, char c, bool ignore_case) {
  if (pattern[at] == '?') {
    ++at;
    return true;
  }
  if (pattern[at] == '[') return MatchClass(pattern, at, c, ignore_case);
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return Fold(pattern[at++], ignore_case) == Fold(c, ignore_case);
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text, bool ignore_case) {
  if (text.empty()) return pattern.empty();
  size_t at = 0;
  size_t next = 0;
  // Where to go on after a mismatch: behind the last `*`, with one more byte given to it. Earlier
  // ones need not be tried again: whatever follows them has matched as early as it could.
  size_t after_star = kNone;
  size_t star_text = 0;
  int stars = 0;
  while (next < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      while (at < pattern.size() && pattern[at] == '*') ++at;
      if (at == pattern.size()) return true;
      if (++stars > kMaxStars) return false;
      after_star = at;
      star_text = next;
    }
    size_t behind = at;
    if (at < pattern.size() && MatchOne(pattern, behind, text[next], ignore_case)) {
      at = behind;
      ++next;
    } else if (after_star != kNone) {
      at = after_star;
      next = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

bool GlobIsLiteral(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") == std::string_view::npos;
}

}  // namespace mydis
