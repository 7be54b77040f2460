// SORT and SORT_RO: the elements of a list, set or sorted set in the order of weights, which may be
// kept under other keys, and what other keys hold about them. The records are in sort_family.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/spec.h"
#include "types/listpack.h"

namespace mydis {

std::span<const CommandSpec> SortFamily();

void SortCommand(WriteContext& context);
void SortRoCommand(ReadContext& context);

struct SortOptions {
  bool descending = false;
  bool alpha = false;  // By bytes instead of by number.
  int64_t limit_start = 0;
  int64_t limit_count = -1;            // Negative: all.
  std::optional<std::string_view> by;  // A pattern whose `*` stands for the element.
  std::vector<std::string_view> gets;  // Likewise; `#` is the element itself.
  std::optional<std::string_view> store;
  // A BY without a `*` names no weights: the elements come in the order in which they are kept.
  bool sorts = true;
  bool in_script = false;  // Where an unsorted set comes sorted, as in Redis.
};

// nullopt if they are wrong; then the error has been sent.
std::optional<SortOptions> ReadSortOptions(Args args, bool may_store, Reply& reply);

// The elements of one key, sorted and cut. Lives while nothing changes in the keyspace.
class Sorting {
 public:
  Sorting(const Keyspace& keyspace, uint32_t db, SortOptions options)
      : keyspace_(keyspace), db_(db), options_(std::move(options)) {}

  // False if a weight is no number. `entry` may be nullptr; otherwise it is a list, a set or a
  // sorted set.
  bool Run(const Entry* entry);
  // What there is to give: elements, or for each as many values as there are GETs.
  size_t result_size() const {
    return items_.size() * (options_.gets.empty() ? 1 : options_.gets.size());
  }
  // Calls visit(std::optional<std::string_view>) for each, nothing for what is not there.
  template <typename Visit>
  void ForEachResult(const Visit& visit) const {
    ListpackValue::Scratch scratch;
    std::string storage;
    for (const Item& item : items_) {
      const std::string_view element = item.value.string(scratch);
      if (options_.gets.empty()) visit(std::optional(element));
      for (const std::string_view pattern : options_.gets) visit(Look(pattern, element, storage));
    }
  }

 private:
  struct Item {
    ListpackValue value;
    double weight = 0;
    std::optional<std::string_view> text_weight;  // Of BY with ALPHA.
    size_t place = 0;                             // Before the sorting.
  };
  // The elements that LIMIT leaves of `size`.
  struct Window {
    size_t first;
    size_t count;
  };
  Window WindowOf(size_t size) const;
  // What LIMIT leaves, in the order in which the key has it.
  void Load(const Entry& entry);
  void LoadAll(const Entry& entry);
  // Keeps bytes that will not stay where they are.
  std::string_view Keep(std::string_view bytes) { return kept_.emplace_back(bytes); }
  bool Weigh();
  void Order(const Window& window);
  int Compare(const Item& a, const Item& b) const;
  // The value that a pattern stands for; in `storage` if need be.
  std::optional<std::string_view> Look(std::string_view pattern, std::string_view element,
                                       std::string& storage) const;

  const Keyspace& keyspace_;
  const uint32_t db_;
  SortOptions options_;
  std::vector<Item> items_;
  std::deque<std::string> kept_;
};

}  // namespace mydis
