#include "commands/arg_parser.h"

#include <cerrno>
#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "base/c_locale.h"

namespace mydis {
namespace {

// The longest text that Redis reads as a long double.
constexpr size_t kMaxLongDoubleText = 5 * 1024 - 1;

// What strtod and strtold accept, minus leading space, trailing bytes, NaN and results that do not
// fit. Both libraries' functions want a terminated string, hence the copy.
template <typename T>
std::optional<T> ParseWith(T (*convert)(const char*, char**), std::string_view text, size_t limit) {
  if (text.empty() || text.size() > limit) return std::nullopt;
  if (std::string_view(" \t\n\v\f\r").find(text[0]) != std::string_view::npos) return std::nullopt;
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  const T value = convert(copy.c_str(), &end);
  if (static_cast<size_t>(end - copy.c_str()) != text.size()) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  if (std::isnan(value)) return std::nullopt;
  return value;
}

}  // namespace

bool EqualsUpper(std::string_view word, std::string_view upper) {
  if (word.size() != upper.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (AsciiUpper(word[i]) != upper[i]) return false;
  }
  return true;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  // from_chars takes leading zeros and "-0", which are not canonical.
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && std::isfinite(value) && value != 0) return value;
  // Signs, hexadecimal, infinities, zeros and whatever is wrong take the slow way.
  return ParseWith<double>(CLocaleStrtod, text, std::string_view::npos);
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseWith<long double>(CLocaleStrtold, text, kMaxLongDoubleText);
}

}  // namespace mydis
