// A four-way heap whose items are told where they are, so that one can be changed or removed in
// logarithmic time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace mydis {

// `Order` is given to every changing call: Before(a, b) says which of two items comes first, and
// Placed(item, i) is told of each new place. Not thread-safe.
template <typename Item, typename Order>
class IndexedHeap {
 public:
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  // REQUIRES: i < size().
  const Item& operator[](size_t i) const { return items_[i]; }
  // REQUIRES: !empty().
  const Item& top() const { return items_[0]; }

  void Add(const Item& item, Order order) {
    items_.push_back(item);
    Up(items_.size() - 1, item, order);
  }
  // Puts `item` in the place of the one at `i`.
  void Replace(size_t i, const Item& item, Order order) {
    if (order.Before(item, items_[i])) {
      Up(i, item, order);
    } else {
      Down(i, item, order);
    }
  }
  void Remove(size_t i, Order order) {
    const Item last = items_.back();
    items_.pop_back();
    if (i == items_.size()) return;
    if (i > 0 && order.Before(last, items_[(i - 1) / kWays])) {
      Up(i, last, order);
    } else {
      Down(i, last, order);
    }
  }
  // Changes an item in a way that does not move it.
  template <typename Change>
  void ChangeInPlace(size_t i, Change change) {
    change(items_[i]);
  }
  bool IsHeap(Order order) const {
    for (size_t i = 1; i < items_.size(); ++i) {
      if (order.Before(items_[i], items_[(i - 1) / kWays])) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kWays = 4;

  void Put(size_t i, const Item& item, Order& order) {
    items_[i] = item;
    order.Placed(item, i);
  }
  void Up(size_t i, Item item, Order& order) {
    while (i > 0) {
      const size_t parent = (i - 1) / kWays;
      if (!order.Before(item, items_[parent])) break;
      Put(i, items_[parent], order);
      i = parent;
    }
    Put(i, item, order);
  }
  void Down(size_t i, Item item, Order& order) {
    for (;;) {
      const size_t first = i * kWays + 1;
      if (first >= items_.size()) break;
      size_t best = first;
      const size_t end = std::min(first + kWays, items_.size());
      for (size_t c = first + 1; c < end; ++c) {
        if (order.Before(items_[c], items_[best])) best = c;
      }
      if (!order.Before(items_[best], item)) break;
      Put(i, items_[best], order);
      i = best;
    }
    Put(i, item, order);
  }

  std::vector<Item> items_;
};

}  // namespace mydis
