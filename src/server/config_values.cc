// Reading the values of settings as Redis reads them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "server/config_table.h"

namespace mydis {
namespace {

std::unexpected<Status> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

template <typename Number>
std::optional<Number> Parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Redis's memory units: 1k is 1000 bytes, 1kb is 1024.
std::optional<int64_t> ParseBytes(std::string_view text) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"", 1},        {"b", 1},        {"k", 1000},       {"kb", 1024},
      {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30}};
  const size_t digits = std::min(text.find_first_not_of("-0123456789"), text.size());
  const auto number = Parse<int64_t>(text.substr(0, digits));
  const std::string unit = ToLower(text.substr(digits));
  for (const auto& [name, scale] : kUnits) {
    int64_t bytes = 0;
    if (number && unit == name && !__builtin_mul_overflow(*number, scale, &bytes)) return bytes;
  }
  return std::nullopt;
}

Result<std::string> Ranged(const ConfigSpec& spec, int64_t number) {
  if (number < spec.min || number > spec.max)
    return Invalid(fmt::format("argument must be between {} and {} inclusive", spec.min, spec.max));
  return fmt::format("{}", number);
}

// A share of maxmemory. The table has the largest as the negative minimum, as Redis does.
Result<std::string> Percent(const ConfigSpec& spec, std::string_view value) {
  const auto percent = Parse<int64_t>(value.substr(0, value.size() - 1));
  if (!percent || *percent < 0) return Invalid("argument must be a memory or percent value");
  if (*percent > -spec.min)
    return Invalid(fmt::format("percentage argument must be less or equal to {}", -spec.min));
  return std::string(value);
}

Result<std::string> Choice(const ConfigSpec& spec, std::string_view value) {
  const auto choices = Split(spec.choices, '|');
  const auto words = spec.kind == ConfigSpec::Kind::kWords ? Split(value, ' ')
                                                           : std::vector<std::string_view>{value};
  std::string canonical;
  for (std::string_view word : words) {
    const auto found = std::find_if(choices.begin(), choices.end(), [word](std::string_view one) {
      return EqualsIgnoreCase(one, word);
    });
    if (found == choices.end()) {
      return Invalid(
          fmt::format("argument(s) must be one of the following: {}", fmt::join(choices, ", ")));
    }
    canonical += (canonical.empty() ? "" : " ") + std::string(*found);
  }
  return canonical;
}

Result<std::string> Save(std::string_view value) {
  const auto words = Split(value, ' ');
  bool valid = words.size() % 2 == 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto number = Parse<int64_t>(words[i]);
    valid &= number && *number >= (i % 2 == 0 ? 1 : 0);
  }
  if (!valid) return Invalid("Invalid save parameters");
  return fmt::format("{}", fmt::join(words, " "));
}

constexpr std::array<std::string_view, 3> kClasses = {"normal", "slave", "pubsub"};

Result<std::string> OutputLimits(std::string_view current, std::string_view value) {
  const auto words = Split(value, ' ');
  if (words.empty() || words.size() % 4 != 0)
    return Invalid("Wrong number of arguments in buffer limit configuration.");
  auto now = Split(current, ' ');
  std::vector<std::string> limits(now.begin(), now.end());
  for (size_t i = 0; i < words.size(); i += 4) {
    std::string name = ToLower(words[i]);
    if (name == "replica") name = "slave";
    const auto found = std::find(kClasses.begin(), kClasses.end(), name);
    if (found == kClasses.end())
      return Invalid("Invalid client class specified in buffer limit configuration.");
    const size_t at = static_cast<size_t>(found - kClasses.begin()) * 4;
    const auto hard = ParseBytes(words[i + 1]);
    const auto soft = ParseBytes(words[i + 2]);
    const auto seconds = Parse<int64_t>(words[i + 3]);
    if (!hard || !soft || !seconds || *hard < 0 || *soft < 0 || *seconds < 0)
      return Invalid("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    limits[at + 1] = fmt::format("{}", *hard);
    limits[at + 2] = fmt::format("{}", *soft);
    limits[at + 3] = fmt::format("{}", *seconds);
  }
  return fmt::format("{}", fmt::join(limits, " "));
}

Result<std::string> Percentiles(std::string_view value) {
  std::vector<std::string> shortest;
  for (std::string_view word : Split(value, ' ')) {
    const auto number = Parse<double>(word);
    if (!number || *number < 0 || *number > 100)
      return Invalid("latency-tracking-info-percentiles should contain a list of percentiles");
    shortest.push_back(fmt::format("{}", *number));
  }
  return fmt::format("{}", fmt::join(shortest, " "));
}

}  // namespace

Result<std::string> CanonicalConfig(const ConfigSpec& spec, std::string_view current,
                                    std::string_view value) {
  switch (spec.kind) {
    case ConfigSpec::Kind::kBool:
      if (EqualsIgnoreCase(value, "yes") || EqualsIgnoreCase(value, "no")) return ToLower(value);
      return Invalid("argument must be 'yes' or 'no'");
    case ConfigSpec::Kind::kInteger:
      if (const auto number = Parse<int64_t>(value)) return Ranged(spec, *number);
      return Invalid("argument couldn't be parsed into an integer");
    case ConfigSpec::Kind::kBytes:
      if (spec.min < 0 && value.ends_with('%')) return Percent(spec, value);
      if (const auto bytes = ParseBytes(value)) return Ranged(spec, *bytes);
      return Invalid("argument must be a memory value");
    case ConfigSpec::Kind::kEnum:
    case ConfigSpec::Kind::kWords:
      return Choice(spec, value);
    case ConfigSpec::Kind::kText:
      return std::string(value);
    case ConfigSpec::Kind::kSave:
      return Save(value);
    case ConfigSpec::Kind::kOutputLimits:
      return OutputLimits(current, value);
    case ConfigSpec::Kind::kPercentiles:
      return Percentiles(value);
  }
  return Fail(ErrorCode::kInternal, "unknown kind of setting");
}

OutputLimit OutputLimitOf(std::string_view client_class, std::string_view canonical) {
  const auto words = Split(canonical, ' ');
  for (size_t i = 0; i + 4 <= words.size(); i += 4) {
    if (words[i] != client_class) continue;
    return {Parse<uint64_t>(words[i + 1]).value_or(0), Parse<uint64_t>(words[i + 2]).value_or(0),
            Parse<uint64_t>(words[i + 3]).value_or(0)};
  }
  return {};
}

}  // namespace mydis
