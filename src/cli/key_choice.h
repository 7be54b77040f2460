// Which keys of a file a subcommand is about: --db and --match. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cli/command_line.h"

namespace mydis {

inline constexpr OptionSpec kDbOption = {
    "--db", "N", "only the keys of this database; several may be given", "all"};
inline constexpr OptionSpec kMatchOption = {"--match", "PATTERN",
                                            "only keys that fit this pattern, as KEYS takes it"};

struct KeyChoice {
  std::set<uint32_t> databases;  // Empty: all.
  std::optional<std::string> pattern;

  bool Wants(uint32_t db, std::string_view key) const;
};

Result<KeyChoice> ReadKeyChoice(const CommandLine& line);
// The number of a database; `option` is named in the error.
Result<uint32_t> ParseDatabase(std::string_view option, const std::string& text);

}  // namespace mydis
