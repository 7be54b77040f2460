#include "script/pattern.h"

#include <cstring>

#include "script/vm.h"

namespace mydis {
namespace {

constexpr char kEscape = '%';

// ASCII alone, whatever the locale.
bool IsClass(int c, int letter) {
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool digit = c >= '0' && c <= '9';
  bool is = false;
  switch (letter | 0x20) {
    case 'a':
      is = lower || upper;
      break;
    case 'c':
      is = c < 0x20 || c == 0x7f;
      break;
    case 'd':
      is = digit;
      break;
    case 'l':
      is = lower;
      break;
    case 'p':
      is = c > 0x20 && c < 0x7f && !lower && !upper && !digit;
      break;
    case 's':
      is = c == ' ' || (c >= '\t' && c <= '\r');
      break;
    case 'u':
      is = upper;
      break;
    case 'w':
      is = lower || upper || digit;
      break;
    case 'x':
      is = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      break;
    case 'z':
      is = c == 0;
      break;
    default:
      return letter == c;
  }
  const bool negated = letter >= 'A' && letter <= 'Z';
  return is != negated;
}

int Byte(const char* p) { return static_cast<unsigned char>(*p); }

}  // namespace

void PatternMatcher::Settle() {
  const uint32_t steps = steps_;
  steps_ = 0;
  LuaVm::Of(L_).Charge(L_, steps);
}

const char* PatternMatcher::Match(const char* at) {
  level_ = 0;
  depth_ = 0;
  return Try(at, pattern_);
}

const char* PatternMatcher::Try(const char* s, const char* p) {
  if (++depth_ > kMaxDepth) luaL_error(L_, "pattern too complex");
  const char* end = TryItems(s, p);
  --depth_;
  return end;
}

const char* PatternMatcher::TryItems(const char* s, const char* p) {
  for (;;) {
    Step();
    if (p == pattern_end_) return s;
    if (*p == '(') {
      if (p + 1 < pattern_end_ && p[1] == ')') return Open(s, p + 2, kPosition);
      return Open(s, p + 1, kUnfinished);
    }
    if (*p == ')') return Close(s, p + 1);
    if (*p == '$' && p + 1 == pattern_end_) return s == end_ ? s : nullptr;
    if (*p == kEscape && p + 1 < pattern_end_) {
      if (p[1] == 'b') {
        s = Balanced(s, p + 2);
        if (s == nullptr) return nullptr;
        p += 4;
        continue;
      }
      if (p[1] == 'f') {
        p += 2;
        if (p >= pattern_end_ || *p != '[') luaL_error(L_, "missing '[' after '%%f' in pattern");
        const char* set_end = ItemEnd(p);
        if (!Frontier(s, p, set_end)) return nullptr;
        p = set_end;
        continue;
      }
      if (p[1] >= '0' && p[1] <= '9') {
        s = Back(s, p[1]);
        if (s == nullptr) return nullptr;
        p += 2;
        continue;
      }
    }
    const char* item_end = ItemEnd(p);
    const char suffix = item_end < pattern_end_ ? *item_end : '\0';
    const bool one = s < end_ && Single(s, p, item_end);
    if (suffix == '?') {
      if (one) {
        const char* end = Try(s + 1, item_end + 1);
        if (end != nullptr) return end;
      }
      p = item_end + 1;
      continue;
    }
    if (suffix == '*') return Most(s, p, item_end);
    if (suffix == '+') return one ? Most(s + 1, p, item_end) : nullptr;
    if (suffix == '-') return Fewest(s, p, item_end);
    if (!one) return nullptr;
    ++s;
    p = item_end;
  }
}

const char* PatternMatcher::Most(const char* s, const char* p, const char* item_end) {
  ptrdiff_t count = 0;
  while (s + count < end_ && Single(s + count, p, item_end)) {
    Step();
    ++count;
  }
  for (; count >= 0; --count) {
    const char* end = Try(s + count, item_end + 1);
    if (end != nullptr) return end;
  }
  return nullptr;
}

const char* PatternMatcher::Fewest(const char* s, const char* p, const char* item_end) {
  for (;;) {
    const char* end = Try(s, item_end + 1);
    if (end != nullptr) return end;
    if (s == end_ || !Single(s, p, item_end)) return nullptr;
    ++s;
  }
}

const char* PatternMatcher::Open(const char* s, const char* p, ptrdiff_t what) {
  if (level_ >= kMaxCaptures) luaL_error(L_, "too many captures");
  captures_[level_] = {s, what};
  ++level_;
  const char* end = Try(s, p);
  if (end == nullptr) --level_;
  return end;
}

const char* PatternMatcher::Close(const char* s, const char* p) {
  int open = level_ - 1;
  while (open >= 0 && captures_[open].size != kUnfinished) --open;
  if (open < 0) luaL_error(L_, "invalid pattern capture");
  captures_[open].size = s - captures_[open].begin;
  const char* end = Try(s, p);
  if (end == nullptr) captures_[open].size = kUnfinished;
  return end;
}

const char* PatternMatcher::Balanced(const char* s, const char* p) {
  if (p + 1 >= pattern_end_) luaL_error(L_, "unbalanced pattern");
  if (s >= end_ || *s != p[0]) return nullptr;
  int depth = 1;
  while (++s < end_) {
    Step();
    if (*s == p[1]) {
      if (--depth == 0) return s + 1;
    } else if (*s == p[0]) {
      ++depth;
    }
  }
  return nullptr;
}

int PatternMatcher::CheckedCapture(int mark) const {
  const int i = mark - '1';
  if (i < 0 || i >= level_ || captures_[i].size == kUnfinished)
    luaL_error(L_, "invalid capture index");
  return i;
}

const char* PatternMatcher::Back(const char* s, int mark) {
  const Capture& capture = captures_[CheckedCapture(mark)];
  if (capture.size < 0 || end_ - s < capture.size) return nullptr;
  const auto size = static_cast<size_t>(capture.size);
  steps_ += static_cast<uint32_t>(size / 16);
  return std::memcmp(capture.begin, s, size) == 0 ? s + size : nullptr;
}

bool PatternMatcher::Single(const char* s, const char* p, const char* item_end) const {
  const int c = Byte(s);
  switch (*p) {
    case '.':
      return true;
    case kEscape:
      return IsClass(c, Byte(p + 1));
    case '[':
      return Set(c, p, item_end - 1);
    default:
      return Byte(p) == c;
  }
}

// `p` stands on the '[', `last` on the ']'.
bool PatternMatcher::Set(int c, const char* p, const char* last) const {
  bool found = true;
  if (p[1] == '^') {
    found = false;
    ++p;
  }
  while (++p < last) {
    if (*p == kEscape) {
      ++p;
      if (IsClass(c, Byte(p))) return found;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (Byte(p - 2) <= c && c <= Byte(p)) return found;
    } else if (Byte(p) == c) {
      return found;
    }
  }
  return !found;
}

bool PatternMatcher::Frontier(const char* s, const char* p, const char* set_end) const {
  const int before = s == begin_ ? 0 : Byte(s - 1);
  const int after = s == end_ ? 0 : Byte(s);
  return !Set(before, p, set_end - 1) && Set(after, p, set_end - 1);
}

const char* PatternMatcher::ItemEnd(const char* p) const {
  const char first = *p++;
  if (first == kEscape) {
    if (p == pattern_end_) luaL_error(L_, "malformed pattern (ends with '%%')");
    return p + 1;
  }
  if (first != '[') return p;
  if (p < pattern_end_ && *p == '^') ++p;
  // The first character of a set may be a ']'.
  do {
    if (p == pattern_end_) luaL_error(L_, "malformed pattern (missing ']')");
    if (*p++ == kEscape && p < pattern_end_) ++p;
  } while (p == pattern_end_ || *p != ']');
  return p + 1;
}

void PatternMatcher::PushCapture(int i, const char* from, const char* to) {
  if (i >= level_) {
    if (i != 0) luaL_error(L_, "invalid capture index");
    lua_pushlstring(L_, from, static_cast<size_t>(to - from));
    return;
  }
  const Capture& capture = captures_[i];
  if (capture.size == kUnfinished) luaL_error(L_, "unfinished capture");
  if (capture.size == kPosition) {
    lua_pushinteger(L_, capture.begin - begin_ + 1);
  } else {
    lua_pushlstring(L_, capture.begin, static_cast<size_t>(capture.size));
  }
}

int PatternMatcher::PushCaptures(const char* from, const char* to) {
  const int count = level_ == 0 && from != nullptr ? 1 : level_;
  luaL_checkstack(L_, count, "too many captures");
  for (int i = 0; i < count; ++i) PushCapture(i, from, to);
  return count;
}

}  // namespace mydis
