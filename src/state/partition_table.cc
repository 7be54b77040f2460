#include "state/partition_table.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace mydis {

PartitionTable::~PartitionTable() { delete[] slots_; }

PartitionTable::PartitionTable(PartitionTable&& other) noexcept
    : slots_(std::exchange(other.slots_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mask_(std::exchange(other.mask_, 0)) {}

PartitionTable& PartitionTable::operator=(PartitionTable&& other) noexcept {
  if (this != &other) {
    delete[] slots_;
    slots_ = std::exchange(other.slots_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mask_ = std::exchange(other.mask_, 0);
  }
  return *this;
}

Entry* PartitionTable::Find(std::string_view key, uint64_t hash) const {
  if (size_ == 0) return nullptr;
  const uint64_t tag = TagOf(hash);
  for (uint32_t i = HomeOf(hash);; i = (i + 1) & mask_) {
    const uint64_t slot = slots_[i];
    if (slot == 0) return nullptr;
    if (slot >> 48 == tag) {
      Entry* entry = EntryIn(slot);
      if (entry->key() == key) return entry;
    }
  }
}

void PartitionTable::PrefetchEntry(uint64_t hash) const {
  if (size_ == 0) return;
  const uint64_t tag = TagOf(hash);
  for (uint32_t i = HomeOf(hash);; i = (i + 1) & mask_) {
    const uint64_t slot = slots_[i];
    if (slot == 0) return;
    if (slot >> 48 == tag) {
      // Key and value of a short string: two cache lines.
      const char* entry = reinterpret_cast<const char*>(EntryIn(slot));
      __builtin_prefetch(entry);
      __builtin_prefetch(entry + 64);
      return;
    }
  }
}

uint32_t PartitionTable::HomeOfSlot(uint64_t slot, uint64_t seed) const {
  if (mask_ <= 0xffff) return static_cast<uint32_t>(slot >> 48) & mask_;
  return HomeOf(Hash64(EntryIn(slot)->key(), seed));
}

void PartitionTable::Grow(uint64_t seed) {
  const uint32_t old_capacity = capacity();
  const uint32_t new_capacity = old_capacity == 0 ? 4 : old_capacity * 2;
  uint64_t* old = slots_;
  slots_ = new uint64_t[new_capacity]();
  mask_ = new_capacity - 1;
  for (uint32_t i = 0; i < old_capacity; ++i) {
    if (old[i] == 0) continue;
    uint32_t at = HomeOfSlot(old[i], seed);
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = old[i];
  }
  delete[] old;
}

void PartitionTable::Insert(Entry* entry, uint64_t hash, uint64_t seed) {
  if (slots_ == nullptr || uint64_t{size_ + 1} * 8 > uint64_t{capacity()} * 7) Grow(seed);
  uint32_t at = HomeOf(hash);
  while (slots_[at] != 0) at = (at + 1) & mask_;
  slots_[at] = SlotFor(entry, hash);
  ++size_;
}

uint32_t PartitionTable::IndexOf(const Entry* entry, uint64_t hash) const {
  const uint64_t wanted = SlotFor(entry, hash);
  uint32_t i = HomeOf(hash);
  while (slots_[i] != wanted) {
    MYDIS_ASSERT(slots_[i] != 0, "the entry must be in the table");
    i = (i + 1) & mask_;
  }
  return i;
}

void PartitionTable::Replace(Entry* old, Entry* fresh, uint64_t hash) {
  slots_[IndexOf(old, hash)] = SlotFor(fresh, hash);
}

void PartitionTable::Remove(Entry* entry, uint64_t hash, uint64_t seed) {
  uint32_t hole = IndexOf(entry, hash);
  --size_;
  // Shift back what probed over the hole, so that no tombstones are needed.
  for (uint32_t i = (hole + 1) & mask_; slots_[i] != 0; i = (i + 1) & mask_) {
    const uint32_t home = HomeOfSlot(slots_[i], seed);
    if (((i - home) & mask_) >= ((i - hole) & mask_)) {
      slots_[hole] = slots_[i];
      hole = i;
    }
  }
  slots_[hole] = 0;
  if (size_ == 0) {
    delete[] slots_;
    slots_ = nullptr;
    mask_ = 0;
  }
}

void PartitionTable::Collect(std::vector<Entry*>& out) const {
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (slots_[i] != 0) out.push_back(EntryIn(slots_[i]));
  }
}

void PartitionTable::CollectSorted(uint16_t first_tag, std::vector<Entry*>& out) const {
  std::vector<uint64_t> found;
  found.reserve(size_);
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (slots_[i] != 0 && slots_[i] >> 48 >= first_tag) found.push_back(slots_[i]);
  }
  std::sort(found.begin(), found.end(), [](uint64_t a, uint64_t b) {
    if (a >> 48 != b >> 48) return a >> 48 < b >> 48;
    return EntryIn(a)->key() < EntryIn(b)->key();
  });
  for (uint64_t slot : found) out.push_back(EntryIn(slot));
}

Entry* PartitionTable::Nth(uint32_t n) const {
  std::vector<uint64_t> found;
  found.reserve(size_);
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (slots_[i] != 0) found.push_back(slots_[i]);
  }
  const auto tag = [](uint64_t slot) { return slot >> 48; };
  const auto nth = found.begin() + n;
  std::ranges::nth_element(found, nth, {}, tag);
  const uint64_t wanted = tag(*nth);
  std::vector<Entry*> alike;
  uint32_t before = 0;
  for (const uint64_t slot : found) {
    if (tag(slot) == wanted) alike.push_back(EntryIn(slot));
    if (tag(slot) < wanted) ++before;
  }
  std::ranges::sort(alike, {}, [](const Entry* entry) { return entry->key(); });
  return alike[n - before];
}

void PartitionTable::CheckInvariants(uint64_t seed) const {
  uint32_t count = 0;
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (slots_[i] == 0) continue;
    ++count;
    Entry* entry = EntryIn(slots_[i]);
    const uint64_t hash = Hash64(entry->key(), seed);
    MYDIS_ASSERT(slots_[i] == SlotFor(entry, hash), "a slot's tag is that of its key");
    MYDIS_ASSERT(Find(entry->key(), hash) == entry, "every entry can be found by its key");
  }
  MYDIS_ASSERT(count == size_, "the size counts the entries");
}

}  // namespace mydis
