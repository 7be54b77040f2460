// A hash of fields and values: a listpack (field, value, field …) or a table, and either of them
// beside the deadlines of single fields, once there has been one. The order of fields is part of
// the state.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "types/field_deadlines.h"
#include "types/limits.h"
#include "types/listpack.h"
#include "types/member_table.h"

namespace mydis {

struct TimedFields;  // Fields with deadlines; below.

// One word: the address of the form's block, and the form in its low bits. Const calls: any thread
// that holds the state's lock shared. Others: the applying thread alone. Views are good until the
// next change; those given to a changing call must not point in here.
class Hash {
 public:
  using Value = ListpackValue;
  static constexpr int64_t kNoDeadline = FieldDeadlines::kNone;

  Hash() = default;
  Hash(Hash&& other) noexcept = default;
  Hash& operator=(Hash&& other) noexcept {
    if (this != &other) {
      Free();
      listpack_ = std::move(other.listpack_);
    }
    return *this;
  }
  ~Hash() { Free(); }
  Hash Clone() const;

  size_t size() const;
  size_t MemoryBytes() const;
  std::string_view EncodingName() const;
  void Save(Encoder& out) const;
  static bool Load(Decoder& in, Hash* hash);
  // The hash that a listpack of fields and values is as it stands. nullopt if it is none, or one
  // that setting the fields one by one would not give. REQUIRES: Listpack::Validate(bytes).
  static std::optional<Hash> FromListpack(std::string_view bytes, const EncodingLimits& limits);
  void CheckInvariants() const;

  // nullopt if there is no such field.
  std::optional<Value> Find(std::string_view field) const;
  bool Contains(std::string_view field) const { return Find(field).has_value(); }
  struct Item {
    Value field;
    Value value;
  };
  // The field at a place in the order; constant time but in a listpack. REQUIRES: there is one.
  Item At(size_t position) const;
  // Whether At() has to walk.
  bool walks() const { return fields().form() == Form::kListpack; }
  // The listpack of fields and values; nullptr if they are a table, or one has a deadline.
  const Listpack* listpack() const { return form() == Form::kListpack ? &listpack_ : nullptr; }
  // Calls visit(field, value) in the order of the state.
  template <typename Visit>
  void ForEach(Visit visit) const {
    const Hash& all = fields();
    if (all.form() == Form::kTable) {
      for (uint32_t i = 0; i < all.table().size(); ++i) {
        const Item item = all.At(i);
        visit(item.field, item.value);
      }
      return;
    }
    for (Listpack::Pos pos = all.listpack_.First(); pos != Listpack::kNone;) {
      const Value field = all.listpack_.Read(&pos);
      visit(field, all.listpack_.Read(&pos));
    }
  }
  // One step of HSCAN; the small form goes in one step. See MemberTable::Scan.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, uint64_t count, Visit visit) const {
    if (walks()) {
      ForEach(visit);
      return 0;
    }
    return fields().table().Scan(cursor, count, [&](uint32_t position) {
      const Item item = At(position);
      visit(item.field, item.value);
    });
  }

  // Gives the field this value; true if the field is new. Its deadline goes, unless it is kept.
  bool Set(std::string_view field, std::string_view value, const EncodingLimits& limits,
           bool keep_deadline = false);
  // Becomes a table now if `count` fields to come are too many for the small form.
  void Expect(size_t count, const EncodingLimits& limits);
  // False if it was not there.
  bool Remove(std::string_view field);

  // --- Deadlines of fields, Unix ms ---
  // kNoDeadline for a field without one. REQUIRES: the field is there.
  int64_t DeadlineOf(std::string_view field) const;
  void SetDeadline(std::string_view field, int64_t deadline_ms);
  // False if it had none.
  bool ClearDeadline(std::string_view field);
  // The soonest, or kNoDeadline.
  int64_t NextDeadline() const;
  // Removes all fields whose deadline is at or before `now_ms`; gives how many.
  size_t RemoveDue(int64_t now_ms);
  // The keyspace's note where its index of hashes with deadlines has this one; no part of the
  // value: a copy has none. nullptr if no field ever had a deadline.
  uint32_t* index_slot() const;

 private:
  enum class Form : uintptr_t { kListpack = 0, kTable = 1, kTimed = 2 };
  static constexpr uintptr_t kFormMask = 3;

  // The address of what is no listpack is kept where a listpack keeps its own, marked.
  uintptr_t word() const {
    uintptr_t word;
    std::memcpy(&word, &listpack_, sizeof word);
    return word;
  }
  void set_word(uintptr_t word) { std::memcpy(static_cast<void*>(&listpack_), &word, sizeof word); }
  template <typename T>
  void set_block(T* block, Form form) {
    // lint: pointer-order-ok a tag, no order
    set_word(reinterpret_cast<uintptr_t>(block) | static_cast<uintptr_t>(form));
  }
  Form form() const { return static_cast<Form>(word() & kFormMask); }
  // REQUIRES (both): form() is that one.
  TimedFields& timed() const { return *reinterpret_cast<TimedFields*>(word() & ~kFormMask); }
  MemberTable& table() const { return *reinterpret_cast<MemberTable*>(word() & ~kFormMask); }
  // What holds the fields: this, or what stands beside the deadlines.
  const Hash& fields() const;

  // The place of the field in the order, or kNowhere.
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  size_t PositionOf(std::string_view field) const;
  void RemoveAt(size_t position);
  // REQUIRES (both): form() is not kTimed.
  bool SetUntimed(std::string_view field, std::string_view value, const EncodingLimits& limits);
  static bool LoadUntimed(uint8_t form, Decoder& in, Hash* hash);
  void ConvertToTable();
  void ConvertToTimed();
  void Free();

  Listpack listpack_;
};
static_assert(sizeof(Hash) == 8);

struct TimedFields {
  static constexpr uint32_t kNoSlot = 0xffffffff;
  Hash fields;  // Without deadlines of its own.
  FieldDeadlines deadlines;
  uint32_t index_slot = kNoSlot;
};

inline const Hash& Hash::fields() const { return form() == Form::kTimed ? timed().fields : *this; }

}  // namespace mydis
