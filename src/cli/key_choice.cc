#include "cli/key_choice.h"

#include <fmt/core.h>

#include <charconv>

#include "base/glob.h"

namespace mydis {

bool KeyChoice::Wants(uint32_t db, std::string_view key) const {
  if (!databases.empty() && !databases.contains(db)) return false;
  return !pattern || GlobMatches(*pattern, key);
}

Result<uint32_t> ParseDatabase(std::string_view option, const std::string& text) {
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end)
    return Fail(ErrorCode::kInvalid, fmt::format("{} takes the number of a database", option));
  return number;
}

Result<KeyChoice> ReadKeyChoice(const CommandLine& line) {
  KeyChoice choice;
  if (const auto found = line.values.find("db"); found != line.values.end()) {
    for (const std::string& text : found->second) {
      const Result<uint32_t> db = ParseDatabase("--db", text);
      if (!db) return Fail(db.error());
      choice.databases.insert(*db);
    }
  }
  if (line.Has("match")) choice.pattern = line.Get("match");
  return choice;
}

}  // namespace mydis
