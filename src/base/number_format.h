// Numbers to decimal text, fast and the same in every locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

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

// As Redis 7.2 prints doubles in replies: "inf", "-inf", "nan"; whole numbers up to 2^62 in full;
// others with the fewest digits that read back as the same double, with an exponent ("1.5e-7",
// "1e+20") where it is shorter by Redis's rules. `p` has room for kMaxDoubleText; gives the end.
char* FormatDouble(char* p, double value);

}  // namespace mydis
