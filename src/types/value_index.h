// Finds values among others by hash: a temporary index for operations that would else walk a
// listpack, or a small set's, once for each member of another. Nothing of it is kept, and nothing
// that users see depends on it but the order in which values were added.
#pragma once

#include <cstddef>
#include <cstdint>
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
  size_t size() const { return items_.size(); }
  // The value that was added at this place in the order; an integer if it can be one.
  // REQUIRES: place < size().
  ListpackValue At(size_t place) const {
    const Item& item = items_[place];
    if (item.size == kInteger)
      return {.is_int = true, .integer = static_cast<int64_t>(item.word), .text = {}};
    return {.is_int = false,
            .integer = 0,
            .text = {reinterpret_cast<const char*>(item.word), item.size}};
  }

 private:
  // An integer, or a text's address and size: two words, which registers can hold.
  static constexpr uint64_t kInteger = ~uint64_t{0};
  struct Item {
    uint64_t word;
    uint64_t size;
  };
  // A place in items_ plus one, zero for none, and half of the value's hash, so that most others
  // need no look at the value itself.
  struct Slot {
    uint32_t place;
    uint32_t tag;
  };
  static Item ItemOf(const ListpackValue& value);
  static bool Same(Item a, Item b);
  uint64_t HashOf(Item item) const;
  // The slot of an equal value, or the empty one where it belongs.
  size_t Find(Item item, uint64_t hash) const;
  void Grow();

  uint64_t seed_;
  std::vector<Item> items_;
  std::vector<Slot> slots_;  // A power of two, never more than half full.
};

}  // namespace mydis
