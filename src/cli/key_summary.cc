#include "cli/key_summary.h"

#include <fmt/core.h>

#include "cli/progress.h"
#include "cli/text_table.h"

namespace mydis {

std::string KeysText(uint64_t count) {
  return fmt::format("{} key{}", count, count == 1 ? "" : "s");
}

std::string LibrariesText(uint64_t count) {
  return fmt::format("{} function librar{}", count, count == 1 ? "y" : "ies");
}

void KeySummary::Add(uint32_t db, std::string_view type, bool expires, uint64_t bytes) {
  Sum& sum = sums_[{db, std::string(type)}];
  ++sum.keys;
  sum.expiring += expires ? 1 : 0;
  sum.bytes += bytes;
  ++keys_;
}

std::string KeySummary::Table(bool people) const {
  if (sums_.empty()) return {};
  std::vector<std::vector<std::string>> rows = {{"DATABASE", "TYPE", "KEYS", "EXPIRING", "BYTES"}};
  for (const auto& [place, sum] : sums_) {
    rows.push_back({std::to_string(place.first), place.second, std::to_string(sum.keys),
                    std::to_string(sum.expiring),
                    people ? BytesText(sum.bytes) : std::to_string(sum.bytes)});
  }
  return TextTable(rows, people);
}

}  // namespace mydis
