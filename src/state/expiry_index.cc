#include "state/expiry_index.h"

#include "base/assert.h"
#include "types/hash.h"

namespace mydis {

uint32_t& FieldExpirySlot::Of(const Entry& entry) { return *entry.as<Hash>().index_slot(); }

template <typename Slot>
bool DeadlineIndex<Slot>::Order::Before(const Item& a, const Item& b) {
  if (a.deadline_ms != b.deadline_ms) return a.deadline_ms < b.deadline_ms;
  return a.entry->key() < b.entry->key();
}

template <typename Slot>
void DeadlineIndex<Slot>::Set(Entry* entry, int64_t deadline_ms) {
  const Item item{deadline_ms, entry};
  if (Slot::Of(*entry) != kNoSlot) return heap_.Replace(Slot::Of(*entry), item, Order());
  MYDIS_ASSERT(heap_.size() < kNoSlot, "too many deadlines");
  heap_.Add(item, Order());
}

template <typename Slot>
void DeadlineIndex<Slot>::Remove(Entry* entry) {
  const uint32_t slot = Slot::Of(*entry);
  Slot::Of(*entry) = kNoSlot;
  heap_.Remove(slot, Order());
}

template <typename Slot>
void DeadlineIndex<Slot>::CheckInvariants() const {
  for (size_t i = 0; i < heap_.size(); ++i)
    MYDIS_ASSERT(Slot::Of(*heap_[i].entry) == i, "an entry knows its place in the index");
  MYDIS_ASSERT(heap_.IsHeap(Order()), "parents expire first");
}

template class DeadlineIndex<KeyExpirySlot>;
template class DeadlineIndex<FieldExpirySlot>;

}  // namespace mydis
