#include "types/value_index.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/hash.h"

namespace mydis {
namespace {

constexpr size_t kLeastSlots = 16;
constexpr size_t kMaxValues = UINT32_MAX / 2;

// The form in which equal bytes are equal values.
ListpackValue Normal(const ListpackValue& value) {
  if (value.is_int) return value;
  const std::optional<int64_t> integer = ParseCanonicalInteger(value.text);
  if (!integer) return value;
  return {.is_int = true, .integer = *integer, .text = {}};
}

// REQUIRES: the value is normal. Seeded, since users choose the members.
uint64_t HashOf(const ListpackValue& value) {
  const uint64_t seed = TableHashSeed();
  if (!value.is_int) return Hash64(value.text, seed);
  return Hash64({reinterpret_cast<const char*>(&value.integer), sizeof value.integer}, ~seed);
}

uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

bool Same(const ListpackValue& a, const ListpackValue& b) {
  return a.is_int == b.is_int && (a.is_int ? a.integer == b.integer : a.text == b.text);
}

}  // namespace

ValueIndex::ValueIndex(size_t expected)
    : slots_(std::max(kLeastSlots, std::bit_ceil(2 * expected)), Slot{0, 0}) {
  values_.reserve(expected);
}

size_t ValueIndex::Find(const ListpackValue& value, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.place == 0) return i;
    if (slot.tag == TagOf(hash) && Same(values_[slot.place - 1], value)) return i;
  }
}

bool ValueIndex::Add(const ListpackValue& value) {
  if (2 * (values_.size() + 1) > slots_.size()) Grow();
  const ListpackValue normal = Normal(value);
  const uint64_t hash = HashOf(normal);
  Slot& slot = slots_[Find(normal, hash)];
  if (slot.place != 0) return false;
  values_.push_back(normal);
  slot = {static_cast<uint32_t>(values_.size()), TagOf(hash)};
  return true;
}

bool ValueIndex::Contains(const ListpackValue& value) const {
  const ListpackValue normal = Normal(value);
  return slots_[Find(normal, HashOf(normal))].place != 0;
}

void ValueIndex::Grow() {
  MYDIS_ASSERT(values_.size() < kMaxValues, "places fit 32 bits");
  slots_.assign(2 * slots_.size(), Slot{0, 0});
  for (size_t i = 0; i < values_.size(); ++i) {
    const uint64_t hash = HashOf(values_[i]);
    slots_[Find(values_[i], hash)] = {static_cast<uint32_t>(i + 1), TagOf(hash)};
  }
}

}  // namespace mydis
