#include "state/expiry_index.h"

#include <algorithm>

#include "base/assert.h"

namespace mydis {

bool ExpiryIndex::Before(const Item& a, const Item& b) {
  if (a.deadline_ms != b.deadline_ms) return a.deadline_ms < b.deadline_ms;
  if (a.db() != b.db()) return a.db() < b.db();
  return a.entry()->key() < b.entry()->key();
}

void ExpiryIndex::Put(size_t i, const Item& item) {
  heap_[i] = item;
  item.entry()->expiry_slot_ = static_cast<uint32_t>(i);
}

void ExpiryIndex::Up(size_t i, Item item) {
  while (i > 0) {
    const size_t parent = (i - 1) / 4;
    if (!Before(item, heap_[parent])) break;
    Put(i, heap_[parent]);
    i = parent;
  }
  Put(i, item);
}

void ExpiryIndex::Down(size_t i, Item item) {
  for (;;) {
    const size_t first = i * 4 + 1;
    if (first >= heap_.size()) break;
    size_t best = first;
    const size_t end = std::min(first + 4, heap_.size());
    for (size_t c = first + 1; c < end; ++c) {
      if (Before(heap_[c], heap_[best])) best = c;
    }
    if (!Before(heap_[best], item)) break;
    Put(i, heap_[best]);
    i = best;
  }
  Put(i, item);
}

void ExpiryIndex::Set(Entry* entry, uint32_t db, int64_t deadline_ms) {
  if (!entry->has_expiry()) {
    MYDIS_ASSERT(heap_.size() < Entry::kNoExpiry, "too many expiring keys");
    Item item{deadline_ms, static_cast<uint64_t>(db) << 48};
    item.set_entry(entry);
    heap_.push_back(item);
    Up(heap_.size() - 1, item);
    return;
  }
  const size_t i = entry->expiry_slot_;
  Item item = heap_[i];
  const bool sooner = deadline_ms < item.deadline_ms;
  item.deadline_ms = deadline_ms;
  if (sooner) {
    Up(i, item);
  } else {
    Down(i, item);
  }
}

void ExpiryIndex::Remove(Entry* entry) {
  const size_t i = entry->expiry_slot_;
  entry->expiry_slot_ = Entry::kNoExpiry;
  const Item last = heap_.back();
  heap_.pop_back();
  if (i == heap_.size()) return;
  if (i > 0 && Before(last, heap_[(i - 1) / 4])) {
    Up(i, last);
  } else {
    Down(i, last);
  }
}

void ExpiryIndex::Rebuild() {
  for (size_t i = heap_.size(); i-- > 0;) Down(i, heap_[i]);
}

void ExpiryIndex::DropDatabase(uint32_t db) {
  std::erase_if(heap_, [db](const Item& item) { return item.db() == db; });
  Rebuild();
}

void ExpiryIndex::SwapDatabases(uint32_t a, uint32_t b) {
  constexpr uint64_t kAddress = (uint64_t{1} << 48) - 1;
  for (Item& item : heap_) {
    const uint32_t db = item.db();
    if (db != a && db != b) continue;
    item.word = (item.word & kAddress) | static_cast<uint64_t>(db == a ? b : a) << 48;
  }
  Rebuild();
}

void ExpiryIndex::CheckInvariants() const {
  for (size_t i = 0; i < heap_.size(); ++i) {
    MYDIS_ASSERT(heap_[i].entry()->expiry_slot_ == i, "an entry knows its place in the index");
    MYDIS_ASSERT(i == 0 || !Before(heap_[i], heap_[(i - 1) / 4]), "parents expire first");
  }
}

}  // namespace mydis
