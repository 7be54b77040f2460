// One key with its value, in one allocation.
//
//   0   revision (48 bits), type (8 bits), encoding (8 bits)
//   8   expiry slot: position in the keyspace's expiry index, or kNoExpiry
//   12  access: this instance's own note of use (base/use_clock.h); not part of the state
//   16  key size
//   20  value size (inline strings), else zero
//   24  key bytes, then the value area: the string's bytes, 8 bytes of integer or pointer, or (at
//   the
//       next multiple of 8) the 8 bytes of a container
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "base/use_clock.h"
#include "types/container.h"

namespace mydis {

// Redis's types. The numbers are part of the snapshot format.
enum class ValueType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSet = 3,
  kHash = 4,
  kStream = 5,
};
inline constexpr size_t kValueTypes = 6;

// How the value is kept.
enum class ValueEncoding : uint8_t {
  kInteger = 0,    // The string is the canonical decimal form of an int64, kept as 8 bytes.
  kInline = 1,     // Bytes inside the entry.
  kHeap = 2,       // A std::string of its own.
  kContainer = 3,  // A container of src/types, for every type but strings.
};

// Owned by its Keyspace; only Keyspace makes, changes, moves and frees entries. Any thread that
// holds the state's lock shared may read.
class Entry {
 public:
  static constexpr uint32_t kNoExpiry = 0xffffffff;
  static constexpr size_t kHeaderSize = 24;

  uint64_t revision() const { return word_ & kRevisionMask; }
  ValueType type() const { return static_cast<ValueType>((word_ >> 48) & 0xff); }
  ValueEncoding encoding() const { return static_cast<ValueEncoding>((word_ >> 56) & 0x7f); }
  // Edited in place: OBJECT ENCODING answers "raw" whatever the length.
  bool raw() const { return (word_ >> 63) != 0; }
  std::string_view key() const { return {bytes(), key_size_}; }
  bool has_expiry() const { return expiry_slot_ != kNoExpiry; }

  bool is_string() const { return type() == ValueType::kString; }
  bool is_integer() const { return is_string() && encoding() == ValueEncoding::kInteger; }
  // REQUIRES: is_integer().
  int64_t integer() const {
    int64_t v;
    std::memcpy(&v, area(), sizeof v);
    return v;
  }
  // The bytes of a string that is not an integer. REQUIRES: is_string() && !is_integer().
  std::string_view text() const {
    if (encoding() == ValueEncoding::kHeap) return *heap_string();
    return {area(), value_size_};
  }
  // The string's bytes in any encoding; `scratch` holds the digits of an integer.
  struct Scratch {
    char digits[24];
  };
  std::string_view string(Scratch& scratch) const;
  // Length of the string in bytes, in any encoding.
  size_t string_size() const;

  // The container of any type but strings. REQUIRES: T is the class that keeps type().
  template <typename T>
  const T& as() const {
    return *std::launder(static_cast<const T*>(container_word()));
  }
  // The eight bytes that are the container. REQUIRES: !is_string().
  const void* container_word() const { return bytes() + ContainerOffset(key_size_); }

  // Notes on this instance alone that the key was used, for OBJECT IDLETIME and eviction: a hint
  // beside the state, not part of it, so readers may leave it while they share the lock.
  void NoteUse(const UseClock& clock) const {
    if (clock.now_ms == 0) return;
    const uint32_t before = use_word();
    set_use_word(clock.rule.frequency ? CountUse(before, clock.rule, clock.now_ms)
                                      : WordOfUse(clock.now_ms));
  }
  // What is noted, as base/use_clock.h has it.
  uint32_t use_word() const { return __atomic_load_n(&access_, __ATOMIC_RELAXED); }
  void set_use_word(uint32_t word) const {
    if (use_word() != word) __atomic_store_n(&access_, word, __ATOMIC_RELAXED);
  }

 private:
  template <Container T>
  friend class ContainerEdit;
  friend class Keyspace;
  friend struct KeyExpirySlot;
  static constexpr uint64_t kRevisionMask = (uint64_t{1} << 48) - 1;
  const char* bytes() const { return reinterpret_cast<const char*>(this) + kHeaderSize; }
  char* bytes() { return reinterpret_cast<char*>(this) + kHeaderSize; }
  // Of a container in the entry, counted from the key's first byte: entries are aligned to 8.
  static size_t ContainerOffset(size_t key_size) { return (key_size + 7) & ~size_t{7}; }
  template <typename T>
  T& as() {
    return *std::launder(static_cast<T*>(container_word()));
  }
  void* container_word() { return bytes() + ContainerOffset(key_size_); }
  const char* area() const { return bytes() + key_size_; }
  char* area() { return bytes() + key_size_; }
  std::string* heap_string() const {
    std::string* s;
    std::memcpy(&s, area(), sizeof s);
    return s;
  }
  void set_revision(uint64_t revision) { word_ = (word_ & ~kRevisionMask) | revision; }
  void set_kind(ValueType type, ValueEncoding encoding, bool raw) {
    word_ = revision() | static_cast<uint64_t>(type) << 48 | static_cast<uint64_t>(encoding) << 56 |
            static_cast<uint64_t>(raw) << 63;
  }

  uint64_t word_;
  uint32_t expiry_slot_;
  mutable uint32_t access_;
  uint32_t key_size_;
  uint32_t value_size_;
};
static_assert(sizeof(Entry) == Entry::kHeaderSize);

}  // namespace mydis
