#include "server/config.h"

#include <fmt/format.h>

#include <charconv>

#include "base/glob.h"

namespace mydis {
namespace {

using Checker = std::function<Result<std::string>(std::string_view)>;

Result<std::string> AnyText(std::string_view value) { return std::string(value); }

// Redis's memory units: 1k is 1000 bytes, 1kb is 1024.
Result<std::string> Bytes(std::string_view value) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  std::string unit(end, static_cast<size_t>(value.data() + value.size() - end));
  for (char& c : unit) c = static_cast<char>(c | 0x20);
  const std::pair<std::string_view, uint64_t> units[] = {
      {"", 1},        {"b", 1},        {"k", 1000},       {"kb", 1024},
      {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30}};
  for (const auto& [name, scale] : units) {
    if (error == std::errc() && unit == name) return fmt::format("{}", number * scale);
  }
  return Fail(ErrorCode::kInvalid, "argument must be a memory value");
}

Checker Integer(int64_t least, int64_t most) {
  return [least, most](std::string_view value) -> Result<std::string> {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size())
      return Fail(ErrorCode::kInvalid, "argument couldn't be parsed into an integer");
    if (number < least || number > most) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("argument must be between {} and {} inclusive", least, most));
    }
    return fmt::format("{}", number);
  };
}

std::function<void(const std::string&)> Store(std::atomic<uint64_t>& target) {
  return [&target](const std::string& value) {
    uint64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    target = number;
  };
}

}  // namespace

Config::Config(const ServerOptions& options) {
  const Checker fixed;
  Add("bind", options.bind_address, true, fixed, nullptr);
  Add("port", fmt::format("{}", options.redis_port), true, fixed, nullptr);
  Add("dir", options.data_dir, true, fixed, nullptr);
  Add("databases", "16", true, fixed, nullptr);
  Add("io-threads", fmt::format("{}", options.io_threads), true, fixed, nullptr);
  Add("appendonly", "yes", true, fixed, nullptr);
  Add("appendfsync", options.durability == DurabilityMode::kCommit ? "always" : "everysec", true,
      fixed, nullptr);
  Add("save", "", false, AnyText, nullptr);
  Add("maxclients", "10000", false, Integer(1, INT32_MAX), Store(max_clients));
  Add("timeout", "0", false, Integer(0, INT32_MAX), Store(idle_timeout_s));
  Add("client-query-buffer-limit", "1073741824", false, Bytes, Store(query_buffer_limit));
}

void Config::Add(std::string name, std::string value, bool fixed, Checker check,
                 std::function<void(const std::string&)> apply) {
  settings_[std::move(name)] = {std::move(value), fixed, std::move(check), std::move(apply)};
}

std::vector<std::pair<std::string, std::string>> Config::Get(std::string_view pattern) const {
  std::lock_guard guard(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, setting] : settings_) {
    if (GlobMatches(pattern, name, true)) out.emplace_back(name, setting.value);
  }
  return out;
}

bool Config::Knows(std::string_view name) const {
  std::lock_guard guard(mutex_);
  return settings_.contains(name);
}

Status Config::Check(std::string_view name, std::string_view value) const {
  std::lock_guard guard(mutex_);
  auto it = settings_.find(name);
  if (it == settings_.end())
    return Status(ErrorCode::kNotFound, fmt::format("there is no setting '{}'", name));
  if (it->second.fixed) return Status(ErrorCode::kInvalid, "can't set immutable config");
  auto canonical = it->second.check(value);
  return canonical ? Status::Ok() : canonical.error();
}

Status Config::Set(std::string_view name, std::string_view value) {
  if (Status status = Check(name, value); !status.ok()) return status;
  std::lock_guard guard(mutex_);
  Setting& setting = settings_.find(name)->second;
  setting.value = *setting.check(value);
  if (setting.apply) setting.apply(setting.value);
  return Status::Ok();
}

}  // namespace mydis
