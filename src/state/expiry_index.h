// The keys that expire, soonest first: a four-way heap ordered by deadline, then database, then
// key, so that keys due at the same time go in an order that does not depend on history. An entry
// knows its position in the heap, so changing a deadline is logarithmic and reading one is
// constant.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "state/entry.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread.
class ExpiryIndex {
 public:
  size_t size() const { return heap_.size(); }
  // REQUIRES: entry.has_expiry().
  int64_t DeadlineOf(const Entry& entry) const { return heap_[entry.expiry_slot_].deadline_ms; }
  uint32_t DatabaseOf(const Entry& entry) const { return heap_[entry.expiry_slot_].db(); }
  // Sets or changes the deadline.
  void Set(Entry* entry, uint32_t db, int64_t deadline_ms);
  // REQUIRES: entry->has_expiry().
  void Remove(Entry* entry);
  // The entry has moved to another address (its slot number moved along).
  void Moved(Entry* entry) { heap_[entry->expiry_slot_].set_entry(entry); }
  struct Item {
    int64_t deadline_ms;
    uint64_t word;  // Entry's address in the low 48 bits, database above.
    Entry* entry() const { return reinterpret_cast<Entry*>(word & ((uint64_t{1} << 48) - 1)); }
    uint32_t db() const { return static_cast<uint32_t>(word >> 48); }
    void set_entry(Entry* e) {
      word = reinterpret_cast<uint64_t>(e) | static_cast<uint64_t>(db()) << 48;
    }
  };
  // The next to expire. REQUIRES: size() > 0.
  const Item& top() const { return heap_[0]; }
  // Forgets all entries of a database without touching them (they are about to be freed).
  void DropDatabase(uint32_t db);
  void SwapDatabases(uint32_t a, uint32_t b);
  void CheckInvariants() const;

 private:
  static bool Before(const Item& a, const Item& b);
  void Put(size_t i, const Item& item);
  void Up(size_t i, Item item);
  void Down(size_t i, Item item);
  void Rebuild();

  std::vector<Item> heap_;
};

}  // namespace mydis
