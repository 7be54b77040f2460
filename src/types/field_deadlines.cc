#include "types/field_deadlines.h"

#include <functional>

#include "base/assert.h"

namespace mydis {

void FieldDeadlines::Set(size_t position, int64_t deadline_ms) {
  if (position >= slots_.size()) slots_.resize(position + 1, kNoSlot);
  const Item item{deadline_ms, static_cast<uint32_t>(position)};
  if (slots_[position] == kNoSlot) {
    heap_.Add(item, order());
  } else {
    heap_.Replace(slots_[position], item, order());
  }
}

bool FieldDeadlines::Clear(size_t position) {
  if (!Has(position)) return false;
  const uint32_t slot = slots_[position];
  slots_[position] = kNoSlot;
  heap_.Remove(slot, order());
  return true;
}

void FieldDeadlines::MovedLast(size_t position, size_t last) {
  Clear(position);
  if (position != last && Has(last)) {
    slots_[position] = slots_[last];
    heap_.ChangeInPlace(slots_[position],
                        [&](Item& item) { item.position = static_cast<uint32_t>(position); });
  }
  if (slots_.size() > last) slots_.resize(last);
}

void FieldDeadlines::MovedUp(size_t position) {
  Clear(position);
  if (position >= slots_.size()) return;
  slots_.erase(slots_.begin() + static_cast<ptrdiff_t>(position));
  for (size_t p = position; p < slots_.size(); ++p) {
    if (slots_[p] != kNoSlot) heap_.ChangeInPlace(slots_[p], [](Item& item) { --item.position; });
  }
}

std::vector<size_t> FieldDeadlines::TakeDue(int64_t now_ms) {
  std::vector<size_t> due;
  while (next() <= now_ms) {
    due.push_back(heap_.top().position);
    Clear(due.back());
  }
  std::sort(due.begin(), due.end(), std::greater<>());
  return due;
}

void FieldDeadlines::CheckInvariants(size_t fields) const {
  MYDIS_ASSERT(slots_.size() <= fields, "only fields have deadlines");
  size_t count = 0;
  for (size_t p = 0; p < slots_.size(); ++p) {
    if (!Has(p)) continue;
    ++count;
    MYDIS_ASSERT(slots_[p] < heap_.size() && heap_[slots_[p]].position == p,
                 "a field knows its place in the heap");
  }
  MYDIS_ASSERT(count == heap_.size(), "every deadline is of a field");
  std::vector<uint32_t> unused;
  MYDIS_ASSERT(heap_.IsHeap({unused}), "the soonest come first");
}

}  // namespace mydis
