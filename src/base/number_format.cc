#include "base/number_format.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace mydis {
namespace {

constexpr double kMaxWhole = 4611686018427387904.0;  // 2^62; what is whole and less is an integer.

char* Put(char* p, std::string_view text) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

char* PutZeros(char* p, int count) {
  std::memset(p, '0', static_cast<size_t>(count));
  return p + count;
}

// The value is 0.DIGITS times ten to the power of `point`.
struct Decimal {
  char digits[kMaxDoubleText];
  int count = 0;
  int point = 0;
  std::string_view text(int from, int to) const {
    return {digits + from, static_cast<size_t>(to - from)};
  }
};

// The fewest digits of a finite value above zero.
Decimal Shortest(double value) {
  char text[kMaxDoubleText];
  const char* end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* p = text;
  for (; *p != 'e'; ++p)
    if (*p != '.') decimal.digits[decimal.count++] = *p;
  int exponent = 0;
  std::from_chars(p + (p[1] == '+' ? 2 : 1), end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

}  // namespace

char* FormatDouble(char* p, double value) {
  if (std::isnan(value)) return Put(p, "nan");
  if (std::isinf(value)) return Put(p, value > 0 ? "inf" : "-inf");
  if (std::signbit(value)) {
    *p++ = '-';
    value = -value;
  }
  if (value <= kMaxWhole) {
    const auto whole = static_cast<uint64_t>(value);
    if (static_cast<double>(whole) == value) return FormatUnsigned(p, whole);
  }
  const Decimal decimal = Shortest(value);
  const int count = decimal.count;
  const int zeros = decimal.point - count;  // Behind the digits; negative: digits after the point.
  const int exponent = decimal.point - 1;
  if (zeros >= 0 && exponent < count + 7) return PutZeros(Put(p, decimal.text(0, count)), zeros);
  if (zeros < 0 && (zeros > -7 || std::abs(exponent) < 4)) {
    if (decimal.point <= 0)
      return Put(PutZeros(Put(p, "0."), -decimal.point), decimal.text(0, count));
    p = Put(p, decimal.text(0, decimal.point));
    *p++ = '.';
    return Put(p, decimal.text(decimal.point, count));
  }
  *p++ = decimal.digits[0];
  if (count > 1) {
    *p++ = '.';
    p = Put(p, decimal.text(1, count));
  }
  p = Put(p, exponent < 0 ? "e-" : "e+");
  return FormatUnsigned(p, static_cast<uint64_t>(std::abs(exponent)));
}

}  // namespace mydis
