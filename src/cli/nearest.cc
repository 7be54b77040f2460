#include "cli/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mydis {
namespace {

// Letters to insert, delete or replace, and neighbours to swap, to make one of the other.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);  // The row before the last one.
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({last[j] + (a[i] == b[j] ? 0 : 1), row[j] + 1, last[j + 1] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// How many mistakes leave a word of this length recognizable.
size_t MistakesIn(size_t letters) { return letters < 2 ? 0 : std::max<size_t>(letters / 3, 1); }

}  // namespace

std::string_view NearestWord(std::string_view typed, std::span<const std::string_view> words) {
  std::string_view best;
  size_t best_distance = typed.size() + 1;
  for (const std::string_view word : words) {
    const size_t distance = EditDistance(typed, word);
    const size_t shorter = std::min(typed.size(), word.size());
    // Of few letters the first one is what people get right.
    if (shorter < 4 && !typed.empty() && !word.starts_with(typed[0])) continue;
    if (distance < best_distance && distance <= MistakesIn(shorter)) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace mydis
