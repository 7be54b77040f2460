// Finds values among others by hash: a temporary index for operations that would else walk a
// listpack, or a small set's, once for each member of another. Nothing of it is kept, and nothing
// that users see depends on it but the order in which values were added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "types/listpack.h"

namespace mydis {

// Used by one thread at a time. What the values point to outlives it.
class ValueIndex {
 public:
  // For about so many values; it takes more.
  explicit ValueIndex(size_t expected);

  // False if an equal value is here already: the same bytes, whether kept as integer or as text.
  bool Add(const ListpackValue& value);
  bool Contains(const ListpackValue& value) const;
  // In the order in which they were added.
  std::span<const ListpackValue> values() const { return values_; }

 private:
  // A place in values_ plus one, zero for none, and half of the value's hash, so that most others
  // need no look at the value itself.
  struct Slot {
    uint32_t place;
    uint32_t tag;
  };
  // The slot of an equal value, or the empty one where it belongs.
  size_t Find(const ListpackValue& value, uint64_t hash) const;
  void Grow();

  std::vector<ListpackValue> values_;  // Each as an integer if it can be one.
  std::vector<Slot> slots_;            // A power of two, never more than half full.
};

}  // namespace mydis
