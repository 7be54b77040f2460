// The deadlines of a hash's fields, by the fields' positions in its order: a heap, soonest first,
// and for each position its place in the heap. 20 bytes for a deadline, and no copy of its field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/indexed_heap.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
class FieldDeadlines {
 public:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

  size_t size() const { return heap_.size(); }
  // Unix ms; kNone for a field without one.
  int64_t At(size_t position) const {
    return Has(position) ? heap_[slots_[position]].deadline_ms : kNone;
  }
  // The soonest, or kNone.
  int64_t next() const { return heap_.empty() ? kNone : heap_.top().deadline_ms; }

  void Set(size_t position, int64_t deadline_ms);
  // False if it had none.
  bool Clear(size_t position);
  // The field at `position` has gone: the one at `last` took its place, or all behind moved up.
  void MovedLast(size_t position, size_t last);
  void MovedUp(size_t position);
  // Clears all deadlines at or before `now_ms` and gives their positions, the last first.
  std::vector<size_t> TakeDue(int64_t now_ms);
  void CheckInvariants(size_t fields) const;

 private:
  static constexpr uint32_t kNoSlot = 0xffffffff;
  struct Item {
    int64_t deadline_ms;
    uint32_t position;
  };
  struct Order {
    std::vector<uint32_t>& slots;
    static bool Before(const Item& a, const Item& b) { return a.deadline_ms < b.deadline_ms; }
    void Placed(const Item& item, size_t i) const {
      slots[item.position] = static_cast<uint32_t>(i);
    }
  };

  bool Has(size_t position) const {
    return position < slots_.size() && slots_[position] != kNoSlot;
  }
  Order order() { return {slots_}; }

  IndexedHeap<Item, Order> heap_;
  std::vector<uint32_t> slots_;  // By position, as far as the last one with a deadline needs.
};

}  // namespace mydis
