#include "cli/text_table.h"

#include <fmt/core.h>

#include <algorithm>

namespace mydis {

std::string TextTable(const std::vector<std::vector<std::string>>& rows, bool people) {
  if (rows.empty()) return {};
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      out += people && !last ? fmt::format("{:<{}}", row[i], widths[i]) : row[i];
      out += last ? "\n" : people ? "  " : "\t";
    }
  }
  return out;
}

}  // namespace mydis
