// A hash of fields and values in one of three forms: a listpack (field, value, field …), a table,
// or a table with deadlines of single fields. The order of fields is part of the state.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "types/limits.h"
#include "types/listpack.h"
#include "types/member_table.h"

namespace mydis {

struct TimedFields;  // hash.cc: the table with deadlines.

// One word: the address of the form's block, and the form in its low bits. Const calls: any thread
// that holds the state's lock shared. Others: the applying thread alone. Views are good until the
// next change; those given to a changing call must not point in here.
class Hash {
 public:
  using Value = ListpackValue;
  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

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
  bool walks() const { return form() == Form::kListpack; }
  // Calls visit(field, value) in the order of the state.
  template <typename Visit>
  void ForEach(Visit visit) const {
    if (form() != Form::kListpack) {
      for (uint32_t i = 0; i < table().size(); ++i) {
        const Item item = At(i);
        visit(item.field, item.value);
      }
      return;
    }
    for (Listpack::Pos pos = listpack().First(); pos != Listpack::kNone;) {
      const Value field = listpack().Read(&pos);
      visit(field, listpack().Read(&pos));
    }
  }
  // One step of HSCAN; the small form goes in one step. See MemberTable::Scan.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, uint64_t count, Visit visit) const {
    if (form() == Form::kListpack) {
      ForEach(visit);
      return 0;
    }
    return table().Scan(cursor, count, [&](uint32_t position) {
      const Item item = At(position);
      visit(item.field, item.value);
    });
  }

  // Gives the field this value; true if the field is new. Its deadline goes, unless it is kept.
  bool Set(std::string_view field, std::string_view value, const EncodingLimits& limits,
           bool keep_deadline = false);
  // False if it was not there.
  bool Remove(std::string_view field);

  // --- Deadlines of fields, Unix ms ---
  // kNoDeadline for a field without one. REQUIRES: the field is there.
  int64_t DeadlineOf(std::string_view field) const;
  void SetDeadline(std::string_view field, int64_t deadline_ms, const EncodingLimits& limits);
  // False if it had none.
  bool ClearDeadline(std::string_view field);
  // The soonest, or kNoDeadline.
  int64_t NextDeadline() const;
  // Removes all fields whose deadline is at or before `now_ms`; gives how many.
  size_t RemoveDue(int64_t now_ms);

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
  // REQUIRES (each): form() is that one; table() takes both that have one.
  const Listpack& listpack() const { return listpack_; }
  Listpack& listpack() { return listpack_; }
  TimedFields& timed() const { return *reinterpret_cast<TimedFields*>(word() & ~kFormMask); }
  MemberTable& table() const;

  void ConvertToTable();
  void ConvertToTimed(bool compact);
  void Free();

  Listpack listpack_;
};
static_assert(sizeof(Hash) == 8);

}  // namespace mydis
