// An open-addressing table of entries: the keys of one partition in one database.
//
// A slot is one 64-bit word: the entry's address in the low 48 bits, a 16-bit tag of its hash in
// the high bits; zero is empty. Linear probing, backward-shift deletion, a power of two of slots,
// at most 7/8 full. The tag gives the home slot of tables up to 65,536 slots, so that growing and
// deleting touch no entry.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "state/entry.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread.
class PartitionTable {
 public:
  PartitionTable() = default;
  ~PartitionTable();
  PartitionTable(PartitionTable&& other) noexcept;
  PartitionTable& operator=(PartitionTable&& other) noexcept;
  PartitionTable(const PartitionTable&) = delete;
  PartitionTable& operator=(const PartitionTable&) = delete;

  static uint16_t TagOf(uint64_t hash) { return static_cast<uint16_t>(hash >> 18); }

  uint32_t size() const { return size_; }
  uint32_t capacity() const { return slots_ == nullptr ? 0 : mask_ + 1; }
  Entry* Find(std::string_view key, uint64_t hash) const;
  void Prefetch(uint64_t hash) const {
    if (slots_ != nullptr) __builtin_prefetch(&slots_[HomeOf(hash)]);
  }
  // Prefetches the entry that the home slot (or the next with the same tag) points to.
  void PrefetchEntry(uint64_t hash) const;
  // REQUIRES: no entry with this key is here. `seed` is the keyspace's hash seed.
  void Insert(Entry* entry, uint64_t hash, uint64_t seed);
  // Puts `fresh` in the place of `old`. REQUIRES: `old` is here; same key.
  void Replace(Entry* old, Entry* fresh, uint64_t hash);
  // REQUIRES: `entry` is here.
  void Remove(Entry* entry, uint64_t hash, uint64_t seed);
  // Appends all entries in the order of the slots, which depends on history.
  void Collect(std::vector<Entry*>& out) const;
  // Appends the entries with tag >= `first_tag`, sorted by tag, then key.
  void CollectSorted(uint16_t first_tag, std::vector<Entry*>& out) const;
  // The n-th of CollectSorted(0), without sorting all. REQUIRES: n < size().
  Entry* Nth(uint32_t n) const;
  void CheckInvariants(uint64_t seed) const;

 private:
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
  static Entry* EntryIn(uint64_t slot) { return reinterpret_cast<Entry*>(slot & kAddressMask); }
  static uint64_t SlotFor(const Entry* entry, uint64_t hash) {
    return reinterpret_cast<uint64_t>(entry) | static_cast<uint64_t>(TagOf(hash)) << 48;
  }
  uint32_t HomeOf(uint64_t hash) const { return static_cast<uint32_t>(hash >> 18) & mask_; }
  // The home of what `slot` holds; asks the entry only in tables larger than the tag can tell.
  uint32_t HomeOfSlot(uint64_t slot, uint64_t seed) const;
  uint32_t IndexOf(const Entry* entry, uint64_t hash) const;
  void Grow(uint64_t seed);

  uint64_t* slots_ = nullptr;
  uint32_t size_ = 0;
  uint32_t mask_ = 0;
};
static_assert(sizeof(PartitionTable) == 16);

}  // namespace mydis
