#include "types/lcs.h"

#include <algorithm>

namespace mydis {
namespace {

// Fills the table of lengths row by row, keeping one row of it; `visit(i, j, up)` is told for every
// pair of bytes that differ whether the prefixes without a's byte have more in common than those
// without b's.
template <class Visit>
uint32_t FillTable(std::string_view a, std::string_view b, Visit visit) {
  std::vector<uint32_t> row(b.size() + 1, 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    uint32_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const uint32_t above = row[j];
      if (a[i - 1] == b[j - 1]) {
        row[j] = diagonal + 1;
      } else {
        const bool up = above > row[j - 1];
        if (!up) row[j] = row[j - 1];
        visit(i, j, up);
      }
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

uint32_t CommonSubsequenceLength(std::string_view a, std::string_view b) {
  return FillTable(a, b, [](size_t, size_t, bool) {});
}

CommonSubsequence FindCommonSubsequence(std::string_view a, std::string_view b) {
  // One bit per pair says where the way back leads; pairs of equal bytes lead to both.
  std::vector<uint64_t> steps((a.size() * b.size() + 63) / 64, 0);
  const auto index = [&](size_t i, size_t j) { return (i - 1) * b.size() + (j - 1); };
  const uint32_t length = FillTable(a, b, [&](size_t i, size_t j, bool up) {
    steps[index(i, j) / 64] |= static_cast<uint64_t>(up) << (index(i, j) % 64);
  });

  CommonSubsequence result;
  result.text.reserve(length);
  size_t i = a.size();
  size_t j = b.size();
  bool in_range = false;
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      result.text.push_back(a[i]);
      const auto a_at = static_cast<uint32_t>(i);
      const auto b_at = static_cast<uint32_t>(j);
      if (in_range) {
        result.ranges.back().a_first = a_at;
        result.ranges.back().b_first = b_at;
      } else {
        result.ranges.push_back({a_at, a_at, b_at, b_at});
      }
      in_range = true;
      continue;
    }
    in_range = false;
    if ((steps[index(i, j) / 64] >> (index(i, j) % 64)) & 1) {
      --i;
    } else {
      --j;
    }
  }
  std::reverse(result.text.begin(), result.text.end());
  return result;
}

}  // namespace mydis
