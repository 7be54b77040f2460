#include "base/duration.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

namespace mydis {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr Unit kUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr double kLongestMs = 1e15;

}  // namespace

Result<int64_t> ParseDuration(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string_view unit(end, text.data() + text.size() - end);
  if (error == std::errc() && number >= 0) {
    if (number == 0 && unit.empty()) return 0;
    for (const Unit& u : kUnits) {
      if (unit != u.name) continue;
      const double ms = number * static_cast<double>(u.ms);
      if (ms <= kLongestMs && ms == std::floor(ms)) return static_cast<int64_t>(ms);
    }
  }
  return Fail(
      ErrorCode::kInvalid,
      fmt::format("{} is not a length of time; write a number and ms, s, m, h or d, like 10s",
                  text));
}

std::string FormatDuration(int64_t ms) {
  const Unit* best = &kUnits[0];
  for (const Unit& u : kUnits) {
    if (ms != 0 && ms % u.ms == 0) best = &u;
  }
  return fmt::format("{}{}", ms / best->ms, best->name);
}

}  // namespace mydis
