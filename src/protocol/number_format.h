// Numbers to decimal text, fast and the same in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace mydis {

inline constexpr char kTwoDigits[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4"
    "7484950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939"
    "4"
    "9596979899";

inline constexpr size_t kMaxIntegerText = 20;  // "-9223372036854775808"
inline constexpr size_t kMaxDoubleText = 32;

// Writes the digits of `value` at `p`, which has room for kMaxIntegerText; gives their end.
inline char* FormatUnsigned(char* p, uint64_t value) {
  if (value < 10) {
    *p = static_cast<char>('0' + value);
    return p + 1;
  }
  char text[kMaxIntegerText];
  char* begin = text + sizeof text;
  while (value >= 100) {
    begin -= 2;
    std::memcpy(begin, kTwoDigits + 2 * (value % 100), 2);
    value /= 100;
  }
  if (value >= 10) {
    begin -= 2;
    std::memcpy(begin, kTwoDigits + 2 * value, 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const auto size = static_cast<size_t>(text + sizeof text - begin);
  std::memcpy(p, begin, size);
  return p + size;
}

inline char* FormatInteger(char* p, int64_t value) {
  if (value >= 0) return FormatUnsigned(p, static_cast<uint64_t>(value));
  *p = '-';
  return FormatUnsigned(p + 1, uint64_t{0} - static_cast<uint64_t>(value));
}

// As Redis 7.0 prints doubles in replies: %.17g, "inf", "-inf", "nan". `p` has room for
// kMaxDoubleText; gives the end.
inline char* FormatDouble(char* p, double value) {
  const auto text = [p](const char* t) {
    const size_t size = std::strlen(t);
    std::memcpy(p, t, size);
    return p + size;
  };
  if (std::isnan(value)) return text("nan");
  if (std::isinf(value)) return text(value > 0 ? "inf" : "-inf");
  // Most scores are small whole numbers.
  if (std::abs(value) < 1e15 && value != 0) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) return FormatInteger(p, whole);
  }
  return std::to_chars(p, p + kMaxDoubleText, value, std::chars_format::general, 17).ptr;
}

}  // namespace mydis
