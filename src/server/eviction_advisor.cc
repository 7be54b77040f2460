#include "server/eviction_advisor.h"

#include <algorithm>

#include "state/eviction.h"

namespace mydis {
namespace {

// The list is made anew when half of it is gone, four times as long as what went meanwhile, within
// these bounds; it shrinks by a quarter at a time. It is begun when a 64th of the limit is left.
constexpr size_t kMinList = 64;
constexpr size_t kMaxList = 4096;
constexpr uint64_t kMargin = 64;

}  // namespace

std::string EvictionAdvisor::Take(const State& state, uint64_t now_ms, Random& random) {
  const Settings& settings = state.settings;
  const uint64_t limit = settings.max_memory();
  if (limit == 0 || !settings.eviction_policy().evicts) [[likely]]
    return {};
  const uint64_t used = state.CountedBytes();
  if (advising_ || used + limit / kMargin < limit) return {};
  // As much went as goes at once, and more has to.
  const bool is_due = used > limit;
  const bool is_short =
      settings.eviction_policy().IsListed() && state.evictions.size() <= list_ / 2;
  if ((!is_due && !is_short) || !MayEvict(state.keyspace, settings)) return {};
  list_ = std::clamp(std::max(4 * evicted_, list_ - list_ / 4), kMinList, kMaxList);
  evicted_ = 0;
  std::string advice;
  ChooseCandidates(state.keyspace, settings, list_, now_ms, random).Save(advice);
  advising_ = true;
  return advice;
}

}  // namespace mydis
