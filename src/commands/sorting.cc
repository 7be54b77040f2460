// How SORT loads, weighs and orders elements.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>

#include "base/c_locale.h"
#include "commands/sort.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sorted_set.h"

namespace mydis {
namespace {

// As strtod reads it up to the first zero byte: spaces in front, hexadecimal and infinities are
// fine; nothing behind, no NaN, and nothing that a double cannot hold.
std::optional<double> ParseWeight(std::string_view text) {
  double weight = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error == std::errc() && stop == text.data() + text.size() && std::isnormal(weight))
    return weight;
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  weight = CLocaleStrtod(copy.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(weight)) return std::nullopt;
  return weight;
}

std::optional<double> WeightOf(const ListpackValue& value) {
  return value.is_int ? static_cast<double>(value.integer) : ParseWeight(value.text);
}

int CompareBytes(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int CompareValues(const ListpackValue& a, const ListpackValue& b) {
  ListpackValue::Scratch first;
  ListpackValue::Scratch second;
  return CompareBytes(a.string(first), b.string(second));
}

}  // namespace

bool Sorting::Run(const Entry* entry) {
  if (entry == nullptr) return true;
  if (entry->type() == ValueType::kSet && !options_.sorts &&
      (options_.store || options_.in_script)) {
    // A list has an order, so a set's elements get one.
    options_.sorts = true;
    options_.alpha = true;
    options_.by.reset();
  }
  if (!options_.sorts) {
    Load(*entry);
    return true;
  }
  LoadAll(*entry);
  if (!Weigh()) return false;
  Order(WindowOf(items_.size()));
  return true;
}

Sorting::Window Sorting::WindowOf(size_t size) const {
  const auto length = static_cast<int64_t>(size);
  const int64_t first = std::clamp<int64_t>(options_.limit_start, 0, length);
  const int64_t rest = length - first;
  const int64_t count = options_.limit_count < 0 ? rest : std::min(options_.limit_count, rest);
  return {static_cast<size_t>(first), static_cast<size_t>(count)};
}

void Sorting::Load(const Entry& entry) {
  const bool from_end = options_.descending;
  if (entry.type() == ValueType::kList) {
    const List& list = entry.as<List>();
    const auto [first, count] = WindowOf(list.size());
    List::Cursor cursor(list, from_end ? list.size() - 1 - first : first, !from_end);
    for (size_t i = 0; i < count; ++i, cursor.Next()) items_.push_back({.value = cursor.value()});
  } else if (entry.type() == ValueType::kSortedSet) {
    const SortedSet& set = entry.as<SortedSet>();
    const auto [first, count] = WindowOf(set.size());
    const size_t start = from_end ? set.size() - first - count : first;
    set.ForEach({start, start + count}, from_end, [this](std::string_view member, double) {
      items_.push_back({.value = {.text = Keep(member)}});
    });
  } else {
    const Set& set = entry.as<Set>();
    const auto [first, count] = WindowOf(set.size());
    LoadAll(entry);
    items_.erase(items_.begin() + static_cast<ptrdiff_t>(first + count), items_.end());
    items_.erase(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(first));
  }
}

void Sorting::LoadAll(const Entry& entry) {
  const auto add = [this](const ListpackValue& value) {
    items_.push_back({.value = value, .place = items_.size()});
  };
  if (entry.type() == ValueType::kList) {
    const List& list = entry.as<List>();
    items_.reserve(list.size());
    for (List::Cursor cursor(list, 0); cursor.valid(); cursor.Next()) add(cursor.value());
  } else if (entry.type() == ValueType::kSortedSet) {
    entry.as<SortedSet>().ForEachUnordered(
        [&](std::string_view member, double) { add({.text = Keep(member)}); });
  } else {
    entry.as<Set>().ForEach(add);
  }
}

bool Sorting::Weigh() {
  std::string storage;
  for (Item& item : items_) {
    if (!options_.by) {
      if (options_.alpha) continue;
      const std::optional<double> weight = WeightOf(item.value);
      if (!weight) return false;
      item.weight = *weight;
      continue;
    }
    ListpackValue::Scratch scratch;
    const auto found = Look(*options_.by, item.value.string(scratch), storage);
    if (!found) continue;
    if (options_.alpha) {
      item.text_weight = Keep(*found);
    } else {
      const std::optional<double> weight = ParseWeight(*found);
      if (!weight) return false;
      item.weight = *weight;
    }
  }
  return true;
}

int Sorting::Compare(const Item& a, const Item& b) const {
  if (!options_.alpha) {
    if (a.weight != b.weight) return a.weight < b.weight ? -1 : 1;
    return CompareValues(a.value, b.value);
  }
  if (!options_.by) return CompareValues(a.value, b.value);
  if (a.text_weight && b.text_weight) return CompareBytes(*a.text_weight, *b.text_weight);
  return static_cast<int>(a.text_weight.has_value()) - static_cast<int>(b.text_weight.has_value());
}

void Sorting::Order(const Window& window) {
  // The place decides what nothing else does, so that the order is one.
  const auto before = [this](const Item& a, const Item& b) {
    const int order = options_.descending ? Compare(b, a) : Compare(a, b);
    return order != 0 ? order < 0 : a.place < b.place;
  };
  const auto end = items_.begin() + static_cast<ptrdiff_t>(window.first + window.count);
  if (end == items_.end()) {
    std::sort(items_.begin(), items_.end(), before);
  } else {
    std::partial_sort(items_.begin(), end, items_.end(), before);
    items_.erase(end, items_.end());
  }
  items_.erase(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(window.first));
}

std::optional<std::string_view> Sorting::Look(std::string_view pattern, std::string_view element,
                                              std::string& storage) const {
  if (pattern == "#") return element;
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return std::nullopt;
  const size_t arrow = pattern.find("->", star + 1);
  const bool of_hash = arrow != std::string_view::npos && arrow + 2 < pattern.size();
  const size_t key_end = of_hash ? arrow : pattern.size();
  storage.assign(pattern.substr(0, star));
  storage.append(element).append(pattern.substr(star + 1, key_end - star - 1));
  const Entry* entry = keyspace_.Find(db_, storage);
  if (entry == nullptr) return std::nullopt;
  if (of_hash) {
    if (entry->type() != ValueType::kHash) return std::nullopt;
    const auto value = entry->as<Hash>().Find(pattern.substr(arrow + 2));
    if (!value) return std::nullopt;
    ListpackValue::Scratch digits;
    return storage = value->string(digits);
  }
  if (!entry->is_string()) return std::nullopt;
  Entry::Scratch scratch;
  return storage = entry->string(scratch);
}

}  // namespace mydis
