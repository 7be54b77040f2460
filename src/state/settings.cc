#include "state/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/assert.h"

namespace mydis {
namespace {

using Kind = SettingSpec::Kind;

constexpr SettingSpec kSpecs[] = {
    {.name = "maxmemory",
     .kind = Kind::kBytes,
     .initial = "0",
     .min = 0,
     .max = INT64_MAX,
     .summary = "How many bytes the data may take; beyond that commands that add data are refused "
                "with -OOM. 0: no limit."},
    {.name = "proto-max-bulk-len",
     .kind = Kind::kBytes,
     .initial = "536870912",
     .min = 1048576,
     .max = 536870912,
     .summary = "The longest string or argument, in bytes."},
    {.name = "write-consistency",
     .kind = Kind::kEnum,
     .initial = "eventual",
     .choices = "eventual|strong",
     .summary = "The least that a write of any client waits for: eventual (a majority has it) or "
                "strong (all instances have applied it)."},
};

const SettingSpec* FindSpec(std::string_view name) {
  for (const SettingSpec& spec : kSpecs) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Redis's memory units: 1k is 1000 bytes, 1kb is 1024.
int64_t UnitOf(std::string_view unit) {
  if (unit.empty() || unit == "b") return 1;
  if (unit == "k") return 1000;
  if (unit == "kb") return 1024;
  if (unit == "m") return 1000 * 1000;
  if (unit == "mb") return 1024 * 1024;
  if (unit == "g") return 1000LL * 1000 * 1000;
  if (unit == "gb") return 1024LL * 1024 * 1024;
  return 0;
}

bool IsChoice(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    const size_t bar = choices.find('|');
    if (choices.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) break;
    choices.remove_prefix(bar + 1);
  }
  return false;
}

Result<std::string> CanonicalNumber(const SettingSpec& spec, const std::string& word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const std::string_view unit(end, static_cast<size_t>(word.data() + word.size() - end));
  const int64_t scale = spec.kind == Kind::kBytes ? UnitOf(unit) : (unit.empty() ? 1 : 0);
  int64_t value = 0;
  if (error != std::errc() || scale == 0 || __builtin_mul_overflow(number, scale, &value) ||
      value < spec.min || value > spec.max) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} must be a number between {} and {}{}", spec.name, spec.min,
                            spec.max, spec.kind == Kind::kBytes ? " (bytes)" : ""));
  }
  return fmt::format("{}", value);
}

Result<std::string> Canonical(std::string_view name, std::string_view value) {
  const SettingSpec* spec = FindSpec(name);
  if (spec == nullptr) {
    std::string known;
    for (const SettingSpec& s : kSpecs) known += (known.empty() ? "" : ", ") + std::string(s.name);
    return Fail(ErrorCode::kNotFound,
                fmt::format("there is no setting '{}' (there are: {})", name, known));
  }
  std::string word = Lower(value);
  switch (spec->kind) {
    case Kind::kEnum:
      if (IsChoice(spec->choices, word)) return word;
      return Fail(ErrorCode::kInvalid, fmt::format("{} must be one of {}", name, spec->choices));
    case Kind::kBool:
      if (word == "yes" || word == "no") return word;
      return Fail(ErrorCode::kInvalid, fmt::format("{} must be yes or no", name));
    case Kind::kInteger:
    case Kind::kBytes:
      return CanonicalNumber(*spec, word);
  }
  return Fail(ErrorCode::kInternal, "unknown kind of setting");
}

}  // namespace

std::span<const SettingSpec> SettingSpecs() { return kSpecs; }

Settings::Settings() {
  for (const SettingSpec& spec : kSpecs) values_[std::string(spec.name)] = spec.initial;
  Cache();
}

const std::string* Settings::Find(std::string_view name) const {
  auto it = values_.find(name);
  return it == values_.end() ? nullptr : &it->second;
}

Status Settings::Check(std::string_view name, std::string_view value) {
  auto canonical = Canonical(name, value);
  return canonical ? Status::Ok() : canonical.error();
}

Status Settings::Set(std::string_view name, std::string_view value) {
  auto canonical = Canonical(name, value);
  if (!canonical) return canonical.error();
  values_[std::string(name)] = *std::move(canonical);
  Cache();
  return Status::Ok();
}

void Settings::Cache() {
  strong_writes_ = values_["write-consistency"] == "strong";
  const auto number = [this](const char* name) {
    const std::string& text = values_[name];
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  max_memory_ = number("maxmemory");
  proto_max_bulk_len_ = number("proto-max-bulk-len");
}

void Settings::Save(Encoder& out) const {
  out.Varint(values_.size());
  for (const auto& [name, value] : values_) {
    out.Bytes(name);
    out.Bytes(value);
  }
}

// A setting that this program does not know (a newer one wrote it) is kept as it is.
bool Settings::Load(Decoder& in) {
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    std::string name(in.Bytes());
    values_[std::move(name)] = std::string(in.Bytes());
  }
  Cache();
  return in.ok();
}

}  // namespace mydis
