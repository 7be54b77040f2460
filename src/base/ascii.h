// Letters of ASCII only, whatever the locale: how the Redis protocol compares words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mydis {

constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char AsciiUpper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
}

// Redis's error texts end the words they quote at a zero byte.
constexpr std::string_view UpToZero(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

constexpr bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (AsciiLower(a[i]) != AsciiLower(b[i])) return false;
  }
  return true;
}

// An order for maps whose keys are compared so.
struct LessIgnoreCase {
  using is_transparent = void;
  constexpr bool operator()(std::string_view a, std::string_view b) const {
    const size_t common = a.size() < b.size() ? a.size() : b.size();
    for (size_t i = 0; i < common; ++i) {
      const auto left = static_cast<unsigned char>(AsciiLower(a[i]));
      const auto right = static_cast<unsigned char>(AsciiLower(b[i]));
      if (left != right) return left < right;
    }
    return a.size() < b.size();
  }
};

inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = AsciiLower(c);
  return lower;
}

inline std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = AsciiUpper(c);
  return upper;
}

}  // namespace mydis
