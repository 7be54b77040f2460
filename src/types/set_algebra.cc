#include "types/set_algebra.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

// Beyond so many members an index of them all would take too much memory beside the result.
constexpr size_t kMostIndexed = size_t{1} << 17;

// To walk a listpack so often takes longer than to make an index of it.
constexpr size_t kWorthIndex = 4;

size_t SizeOf(const Set* set) { return set == nullptr ? 0 : set->size(); }

size_t SizeOfAll(std::span<const Set* const> sets) {
  size_t size = 0;
  for (const Set* set : sets) size += SizeOf(set);
  return size;
}

// All members of the first set, less those of each other in turn.
SetResult TakeAway(const Sets& sets, const EncodingLimits& limits) {
  SetResult result(SIZE_MAX, true, limits);
  sets[0]->ForEach([&](const Set::Value& member) { result.Add(member); });
  Set& left = result.set();
  for (size_t i = 1; i < sets.size() && left.size() > 0; ++i) {
    if (sets[i] == nullptr) continue;
    sets[i]->ForEach([&](const Set::Value& member) { left.Remove(member); });
  }
  return result;
}

}  // namespace

SetProbe::SetProbe(const Set& set, size_t questions) : set_(&set) {
  if (questions < kWorthIndex || !set.walks()) return;
  index_.emplace(set.size());
  set.ForEach([this](const Set::Value& member) { index_->Add(member); });
}

SetResult::SetResult(size_t most, bool distinct, const EncodingLimits& limits)
    : limits_(limits),
      distinct_(distinct),
      in_set_(most > kMostIndexed),
      index_(in_set_ || distinct ? 0 : most) {}

bool SetResult::AddToSet(const Set::Value& member) {
  if (in_set_ || member.is_int || ParseCanonicalInteger(member.text)) {
    set_.Add(member, limits_);
    if (in_set_ || set_.EncodingName() == "intset") return true;
    // The integers have become too many, this one being the last of them.
    collected_ = true;
    set_.ForEach([this](const Set::Value& value) { Collect(value); });
    return true;
  }
  collected_ = true;
  set_.ForEach([this](const Set::Value& value) { Collect(value); });
  return false;
}

void SetResult::Collect(const Set::Value& member) {
  if (distinct_) {
    values_.push_back(member);
  } else {
    index_.Add(member);
  }
}

Set SetResult::Take() {
  if (!collected_) return std::exchange(set_, Set::Integers());
  // Integers that became too many are a table however few of them a listpack could hold.
  const bool as_table = set_.EncodingName() != "intset";
  for (size_t i = 0; i < index_.size(); ++i) values_.push_back(index_.At(i));
  Set result = Set::FromDistinct(values_, as_table, limits_);
  return result;
}

SetResult UnionOf(const Sets& sets, const EncodingLimits& limits) {
  SetResult result(SizeOfAll(sets), false, limits);
  for (const Set* set : sets) {
    if (set != nullptr) set->ForEach([&](const Set::Value& member) { result.Add(member); });
  }
  return result;
}

SetResult DifferenceOf(const Sets& sets, const EncodingLimits& limits) {
  const Set* first = sets[0];
  const std::span others = std::span(sets).subspan(1);
  if (first == nullptr || std::ranges::count(others, first) > 0) return {0, true, limits};
  const size_t asking = first->size() * others.size() / 2;
  // Many small sets: taking their members away is less work than asking each.
  if (asking > first->size() + SizeOfAll(others)) return TakeAway(sets, limits);
  std::vector<SetProbe> probes;
  for (const Set* other : others) {
    if (other != nullptr) probes.emplace_back(*other, first->size());
  }
  SetResult result(first->size(), true, limits);
  first->ForEach([&](const Set::Value& member) {
    for (const SetProbe& probe : probes) {
      if (probe.Contains(member)) return;
    }
    result.Add(member);
  });
  return result;
}

bool PrepareIntersection(Sets& sets) {
  if (std::ranges::count(sets, nullptr) > 0) return false;
  std::ranges::stable_sort(sets, {}, [](const Set* set) { return set->size(); });
  return true;
}

Set IntersectionOf(Sets sets, const EncodingLimits& limits) {
  Set result;
  if (!PrepareIntersection(sets)) return result;
  if (sets[0]->EncodingName() == "intset") {
    result = Set::Integers();
    Intersect(sets, [&](const Set::Value& member) {
      result.Add(member, limits);
      return true;
    });
  } else {
    std::vector<Set::Value> members;
    Intersect(sets, [&](const Set::Value& member) {
      members.push_back(member);
      return true;
    });
    result = Set::FromDistinct(members, false, limits);
  }
  result.TryIntset(limits);
  return result;
}

}  // namespace mydis
