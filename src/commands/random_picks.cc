#include "commands/random_picks.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/assert.h"
#include "commands/arg_parser.h"
#include "commands/errors.h"

namespace mydis {
namespace {

// More repetitions than any client could take: the reply would fill the memory.
constexpr int64_t kMostRepeated = 100'000'000;

}  // namespace

std::vector<uint32_t> PickDistinct(Random& random, size_t size, size_t count) {
  MYDIS_ASSERT(count <= size, "there are not as many elements");
  std::vector<uint32_t> picked;
  picked.reserve(count);
  if (count * 3 > size) {
    // Many: each position has its chance, given how many are still wanted and left.
    for (size_t position = 0; picked.size() < count; ++position) {
      if (random.Chance(count - picked.size(), size - position))
        picked.push_back(static_cast<uint32_t>(position));
    }
    return picked;
  }
  // Few: what is picked twice is picked again.
  while (picked.size() < count) {
    const size_t sorted = picked.size();
    while (picked.size() < count) picked.push_back(static_cast<uint32_t>(random.Below(size)));
    const auto middle = picked.begin() + static_cast<ptrdiff_t>(sorted);
    std::sort(middle, picked.end());
    std::inplace_merge(picked.begin(), middle, picked.end());
    picked.erase(std::unique(picked.begin(), picked.end()), picked.end());
  }
  return picked;
}

std::optional<int64_t> ReadPickCount(std::string_view word, int64_t most, Reply& reply) {
  const std::optional<int64_t> count = ParseInteger(word);
  if (!count) {
    reply.Error(kErrNotInteger);
    return std::nullopt;
  }
  if (*count == std::numeric_limits<int64_t>::min()) {
    reply.Error(
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807");
    return std::nullopt;
  }
  if (*count > most || *count < -most || *count < -kMostRepeated) {
    reply.Error("ERR value is out of range");
    return std::nullopt;
  }
  return count;
}

}  // namespace mydis
