// Compares records with what Redis declares about the same commands (tests/facts, made by
// tools/redis_facts).
#pragma once

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "commands/grammar.h"
#include "commands/introspection.h"

namespace mydis {

class RedisFacts {
 public:
  // By full name: the columns behind it.
  static std::map<std::string, std::vector<std::string>, std::less<>> Load() {
    std::map<std::string, std::vector<std::string>, std::less<>> facts;
    std::ifstream file(MYDIS_SOURCE_DIR "/tests/facts/redis-7.2-commands.tsv");
    for (std::string line; std::getline(file, line);) {
      std::vector<std::string> columns;
      ForEachPart(line, '\t', [&](std::string_view part) { columns.emplace_back(part); });
      columns.resize(kColumns.size() + 1);
      std::string name = columns[0];
      columns.erase(columns.begin());
      facts[std::move(name)] = std::move(columns);
    }
    return facts;
  }

  // A line for each column in which a command that Redis knows differs from Redis's.
  static std::vector<std::string> Differences(const CommandTable& table) {
    const auto facts = Load();
    std::vector<std::string> differences;
    const auto compare = [&](const CommandSpec& spec) {
      const std::string name = table.FullName(spec);
      const auto known = facts.find(name);
      if (known == facts.end()) return;
      const std::vector<std::string> ours = ColumnsOf(spec);
      for (size_t i = 0; i < kColumns.size(); ++i) {
        if (ours[i] == known->second[i]) continue;
        if (kColumns[i] == "arguments" && SameArguments(spec, known->second[i])) continue;
        differences.push_back(
            fmt::format("{} {}: {} instead of {}", name, kColumns[i], ours[i], known->second[i]));
      }
    };
    for (const CommandSpec* spec : table.all()) {
      compare(*spec);
      for (const CommandSpec& sub : spec->subcommands) compare(sub);
    }
    return differences;
  }

 private:
  static constexpr std::array<std::string_view, 12> kColumns = {
      "arity", "flags", "categories", "first key", "last key",   "step",
      "tips",  "keys",  "group",      "since",     "deprecated", "arguments"};

  static std::string Joined(const std::vector<std::string_view>& parts, std::string_view mark) {
    return fmt::format("{}", fmt::join(parts, mark));
  }

  static std::string KeySpecText(const KeySpec& spec) {
    const std::string flags = ToUpper(Joined(KeyFlagNames(spec.flags), "+"));
    std::string where = "unknown";
    if (spec.begin == KeySpec::Begin::kIndex) where = fmt::format("index {}", spec.index);
    if (spec.begin == KeySpec::Begin::kKeyword)
      where = fmt::format("keyword {} {}", spec.keyword, spec.start_from);
    std::string how = "unknown";
    if (spec.find == KeySpec::Find::kRange)
      how = fmt::format("range {} {} {}", spec.last, spec.step, spec.limit);
    if (spec.find == KeySpec::Find::kKeyNum)
      how = fmt::format("keynum {} {} {}", spec.count_index, spec.first_key, spec.step);
    return fmt::format("{} {} {}", flags, where, how);
  }

  static std::vector<std::string> ColumnsOf(const CommandSpec& spec) {
    std::vector<std::string_view> categories;
    for (size_t i = 0; i < CategoryNames().size(); ++i) {
      if ((CategoriesOf(spec) >> i & 1) != 0) categories.push_back(CategoryNames()[i]);
    }
    std::vector<std::string> keys;
    for (const KeySpec& key_spec : spec.keys) keys.push_back(KeySpecText(key_spec));
    const LegacyKeys legacy = LegacyKeysOf(spec);
    return {
        std::to_string(spec.arity),
        Joined(FlagNames(spec), ","),
        Joined(categories, ","),
        std::to_string(legacy.first),
        std::to_string(legacy.last),
        std::to_string(legacy.step),
        std::string(spec.tips),
        fmt::format("{}", fmt::join(keys, ";")),
        std::string(GroupName(spec.group)),
        std::string(spec.since),
        std::string(spec.deprecated.substr(0, spec.deprecated.find('|'))),
        std::string(spec.arguments),
    };
  }

  // Whether both spellings say the same, apart from the versions that single words came with.
  static bool SameArguments(const CommandSpec& spec, std::string_view redis) {
    const auto ours = ParseGrammar(spec.arguments, spec.keys.size());
    const auto theirs = ParseGrammar(redis, spec.keys.size());
    return ours && theirs && *ours == *theirs;
  }
};

}  // namespace mydis
