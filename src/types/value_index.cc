#include "types/value_index.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/codec.h"
#include "base/hash.h"

namespace mydis {
namespace {

constexpr size_t kLeastSlots = 16;
constexpr size_t kMaxValues = UINT32_MAX / 2;

uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
constexpr size_t kShort = 16;

// Of up to 16 bytes, which most members have: two words that hold them all, multiplied.
uint64_t HashShort(std::string_view text, uint64_t seed) {
  const char* const p = text.data();
  const size_t n = text.size();
  uint64_t a = 0;
  uint64_t b = 0;
  if (n >= 4) {
    const size_t step = n / 8 * 4;
    a = uint64_t{LoadLittle<uint32_t>(p)} << 32 | LoadLittle<uint32_t>(p + step);
    b = uint64_t{LoadLittle<uint32_t>(p + n - 4)} << 32 | LoadLittle<uint32_t>(p + n - 4 - step);
  } else if (n > 0) {
    a = static_cast<uint64_t>(static_cast<uint8_t>(p[0])) << 16 |
        static_cast<uint64_t>(static_cast<uint8_t>(p[n / 2])) << 8 | static_cast<uint8_t>(p[n - 1]);
  }
  return Mix(a ^ seed ^ n, b ^ seed * kOdd);
}

uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

ValueIndex::ValueIndex(size_t expected)
    : seed_(TableHashSeed()),
      slots_(std::max(kLeastSlots, std::bit_ceil(2 * expected)), Slot{0, 0}) {
  items_.reserve(expected);
}

// Equal bytes give equal items.
inline ValueIndex::Item ValueIndex::ItemOf(const ListpackValue& value) {
  if (value.is_int) return {static_cast<uint64_t>(value.integer), kInteger};
  if (!value.text.empty() && value.text[0] <= '9') {
    const std::optional<int64_t> integer = ParseCanonicalInteger(value.text);
    if (integer) return {static_cast<uint64_t>(*integer), kInteger};
  }
  // lint: pointer-order-ok an address kept, not compared
  return {reinterpret_cast<uint64_t>(value.text.data()), value.text.size()};
}

inline bool ValueIndex::Same(Item a, Item b) {
  if (a.size != b.size) return false;
  if (a.size == kInteger) return a.word == b.word;
  return a.size == 0 || std::memcmp(reinterpret_cast<const char*>(a.word),
                                    reinterpret_cast<const char*>(b.word), a.size) == 0;
}

// Seeded, since users choose the members.
inline uint64_t ValueIndex::HashOf(Item item) const {
  if (item.size == kInteger) return Mix(item.word ^ seed_, ~seed_ * kOdd);
  const std::string_view text(reinterpret_cast<const char*>(item.word), item.size);
  return text.size() <= kShort ? HashShort(text, seed_) : Hash64(text, seed_);
}

inline size_t ValueIndex::Find(Item item, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot slot = slots_[i];
    if (slot.place == 0) return i;
    if (slot.tag == TagOf(hash) && Same(items_[slot.place - 1], item)) return i;
  }
}

bool ValueIndex::Add(const ListpackValue& value) {
  if (2 * (items_.size() + 1) > slots_.size()) Grow();
  const Item item = ItemOf(value);
  const uint64_t hash = HashOf(item);
  Slot& slot = slots_[Find(item, hash)];
  if (slot.place != 0) return false;
  items_.push_back(item);
  slot = {static_cast<uint32_t>(items_.size()), TagOf(hash)};
  return true;
}

bool ValueIndex::Contains(const ListpackValue& value) const {
  const Item item = ItemOf(value);
  return slots_[Find(item, HashOf(item))].place != 0;
}

void ValueIndex::Grow() {
  MYDIS_ASSERT(items_.size() < kMaxValues, "places fit 32 bits");
  slots_.assign(2 * slots_.size(), Slot{0, 0});
  for (size_t i = 0; i < items_.size(); ++i) {
    const uint64_t hash = HashOf(items_[i]);
    slots_[Find(items_[i], hash)] = {static_cast<uint32_t>(i + 1), TagOf(hash)};
  }
}

}  // namespace mydis
