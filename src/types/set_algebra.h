// Several sets at once: union, difference, intersection. The members of a result come in the order,
// and a result that is kept in the form, that adding them one by one to a new set would give.
#pragma once

#include <optional>
#include <vector>

#include "types/set.h"
#include "types/value_index.h"

namespace mydis {

// Asks a set for members: a listpack through an index, if there are more than a few questions. One
// thread; the set does not change meanwhile.
class SetProbe {
 public:
  SetProbe(const Set& set, size_t questions);
  bool Contains(const Set::Value& member) const {
    return index_ ? index_->Contains(member) : set_->Contains(member);
  }

 private:
  const Set* set_;
  std::optional<ValueIndex> index_;
};

// Members that are collected, to be sent or to become a set. Sorted as long as they are integers,
// and not too many, as Set::Integers() is. What the members point to outlives it. One thread.
class SetResult {
 public:
  // For at most `most` members; `distinct`: none comes twice.
  SetResult(size_t most, bool distinct, const EncodingLimits& limits);
  void Add(const Set::Value& member) {
    if (collected_ || !AddToSet(member)) Collect(member);
  }
  size_t size() const { return collected_ ? values_.size() + index_.size() : set_.size(); }
  template <typename Visit>
  void ForEach(Visit visit) const {
    if (!collected_) return set_.ForEach(visit);
    for (const Set::Value& member : values_) visit(member);
    for (size_t i = 0; i < index_.size(); ++i) visit(index_.At(i));
  }
  // The result as a set. REQUIRES: nothing is asked of this afterwards.
  Set Take();

  // REQUIRES: nothing was collected yet, so that there is a set; `most` was kept in one.
  Set& set() { return set_; }

 private:
  // False if the member has to be collected.
  bool AddToSet(const Set::Value& member);
  void Collect(const Set::Value& member);

  const EncodingLimits& limits_;
  const bool distinct_;
  const bool in_set_;       // Too many for an index: the set takes them all.
  bool collected_ = false;  // From here on, below; set_ keeps what they point to.
  Set set_ = Set::Integers();
  std::vector<Set::Value> values_;  // If they are distinct.
  ValueIndex index_;                // If they may not be.
};

// In the following nullptr stands for an empty set, and no set changes as long as a result is used.
using Sets = std::vector<const Set*>;

SetResult UnionOf(const Sets& sets, const EncodingLimits& limits);
// The members of the first set that are in none of the others.
SetResult DifferenceOf(const Sets& sets, const EncodingLimits& limits);
Set IntersectionOf(Sets sets, const EncodingLimits& limits);

// Sorts by size for Intersect(). False if a set is empty, so that nothing is left.
bool PrepareIntersection(Sets& sets);

// Calls visit(member) for what is in all sets until it returns false. REQUIRES: the sets were
// prepared.
template <typename Visit>
void Intersect(const Sets& sets, Visit visit) {
  std::vector<SetProbe> others;
  others.reserve(sets.size() - 1);
  for (size_t i = 1; i < sets.size(); ++i) {
    if (sets[i] != sets[0]) others.emplace_back(*sets[i], sets[0]->size());
  }
  bool more = true;
  sets[0]->ForEach([&](const Set::Value& member) {
    if (!more) return;
    for (const SetProbe& other : others) {
      if (!other.Contains(member)) return;
    }
    more = visit(member);
  });
}

}  // namespace mydis
