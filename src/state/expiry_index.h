// Entries of one database that something is to happen to at a time, soonest first: a heap ordered
// by deadline, then key, so that what is due at the same time goes in an order that does not depend
// on history. An entry knows its place in the heap, so changing a deadline is logarithmic and
// reading one is constant. A database that is flushed takes its index along.
#pragma once

#include <cstdint>

#include "base/indexed_heap.h"
#include "state/entry.h"

namespace mydis {

// `Slot` says where an entry keeps its place: Of(entry) refers to a uint32_t, kNoSlot if it has
// none. Const calls: any thread that holds the state's lock shared. Others: the applying thread.
template <typename Slot>
class DeadlineIndex {
 public:
  static constexpr uint32_t kNoSlot = 0xffffffff;

  size_t size() const { return heap_.size(); }
  bool empty() const { return heap_.empty(); }
  // REQUIRES: the entry is here.
  int64_t DeadlineOf(const Entry& entry) const { return heap_[Slot::Of(entry)].deadline_ms; }
  // Whether the entry is here, and not in the index of another database.
  bool Contains(const Entry& entry) const {
    const uint32_t slot = Slot::Of(entry);
    return slot < heap_.size() && heap_[slot].entry == &entry;
  }
  // Sets or changes the deadline.
  void Set(Entry* entry, int64_t deadline_ms);
  // REQUIRES: the entry is here.
  void Remove(Entry* entry);
  // The entry has moved to another address (its place moved along).
  void Moved(Entry* entry) {
    heap_.ChangeInPlace(Slot::Of(*entry), [entry](Item& item) { item.entry = entry; });
  }
  struct Item {
    int64_t deadline_ms;
    Entry* entry;
  };
  // The next one. REQUIRES: !empty().
  const Item& top() const { return heap_.top(); }
  void CheckInvariants() const;

 private:
  struct Order {
    static bool Before(const Item& a, const Item& b);
    static void Placed(const Item& item, size_t i) {
      Slot::Of(*item.entry) = static_cast<uint32_t>(i);
    }
  };
  IndexedHeap<Item, Order> heap_;
};

// The place of a key that expires is in its entry.
struct KeyExpirySlot {
  static uint32_t& Of(Entry& entry) { return entry.expiry_slot_; }
  static uint32_t Of(const Entry& entry) { return entry.expiry_slot_; }
};
// That of a hash, by the soonest deadline of its fields, is beside those. REQUIRES: it is a hash
// that had such a field.
struct FieldExpirySlot {
  static uint32_t& Of(const Entry& entry);
};

// The keys that expire.
using ExpiryIndex = DeadlineIndex<KeyExpirySlot>;
// The hashes that have fields which expire.
using FieldExpiryIndex = DeadlineIndex<FieldExpirySlot>;

}  // namespace mydis
