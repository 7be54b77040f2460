// A set of byte strings in one of three forms, as Redis 7.2 chooses them: sorted integers, a
// listpack, or a table. The order of members is part of the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/codec.h"
#include "types/intset.h"
#include "types/limits.h"
#include "types/listpack.h"
#include "types/member_table.h"

namespace mydis {

// One word: the address of the form's block, and the form in its low bits. Const calls: any thread
// that holds the state's lock shared. Others: the applying thread alone. Views are good until the
// next change; those given to a changing call must not point in here.
class Set {
 public:
  // A member as it is kept: an integer or text. The same bytes may come as either.
  using Value = ListpackValue;

  Set() = default;
  Set(Set&& other) noexcept = default;
  Set& operator=(Set&& other) noexcept {
    if (this != &other) {
      Free();
      listpack_ = std::move(other.listpack_);
    }
    return *this;
  }
  ~Set() { Free(); }
  Set Clone() const;
  // An empty one that takes sorted integers, or of the form that Redis chooses for about `count`
  // members, `first` being one.
  static Set Integers();
  static Set ForSize(std::string_view first, size_t count, const EncodingLimits& limits);
  // These members in this order, of which no two are equal: a table, or a listpack if they may be
  // one and `as_table` does not forbid it.
  static Set FromDistinct(std::span<const Value> members, bool as_table,
                          const EncodingLimits& limits);

  size_t size() const;
  size_t MemoryBytes() const;
  std::string_view EncodingName() const;
  void Save(Encoder& out) const;
  static bool Load(Decoder& in, Set* set);
  void CheckInvariants() const;
  // The bytes of the listpack or of the sorted integers. REQUIRES: it is no table.
  std::string_view packed() const {
    return form() == Form::kListpack ? listpack().bytes() : intset().bytes();
  }

  bool Contains(std::string_view member) const;
  bool Contains(const Value& member) const;
  // The member at a place in the order; constant time but in a listpack. REQUIRES: there is one.
  Value At(size_t position) const;
  // Whether At() has to walk.
  bool walks() const { return form() == Form::kListpack; }
  template <typename Visit>
  void ForEach(Visit visit) const {
    if (form() == Form::kListpack) {
      for (Listpack::Pos pos = listpack().First(); pos != Listpack::kNone;)
        visit(listpack().Read(&pos));
      return;
    }
    const size_t count = size();
    for (size_t i = 0; i < count; ++i) visit(At(i));
  }
  // One step of SSCAN; small forms go in one step. See MemberTable::Scan.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, uint64_t count, Visit visit) const {
    if (form() == Form::kTable) {
      return table().Scan(cursor, count, [&](uint32_t position) { visit(At(position)); });
    }
    ForEach(visit);
    return 0;
  }

  // False if it was there already.
  bool Add(std::string_view member, const EncodingLimits& limits);
  bool Add(const Value& member, const EncodingLimits& limits);
  // Becomes a table now if about `count` more members are too many for a small form.
  void Expect(size_t count, const EncodingLimits& limits);
  // False if it was not there.
  bool Remove(std::string_view member);
  bool Remove(const Value& member);
  void RemoveAt(size_t position);
  // Becomes sorted integers if all members are integers and not too many.
  void TryIntset(const EncodingLimits& limits);

 private:
  enum class Form : uintptr_t { kListpack = 0, kIntset = 1, kTable = 2 };
  static constexpr uintptr_t kFormMask = 3;

  // The address of what is no listpack is kept where a listpack keeps its own, marked.
  uintptr_t word() const {
    uintptr_t word;
    std::memcpy(&word, &listpack_, sizeof word);
    return word;
  }
  void set_word(uintptr_t word) { std::memcpy(static_cast<void*>(&listpack_), &word, sizeof word); }
  Form form() const { return static_cast<Form>(word() & kFormMask); }
  // REQUIRES (each): form() is that one.
  const Listpack& listpack() const { return listpack_; }
  Listpack& listpack() { return listpack_; }
  Intset intset() const { return Intset(reinterpret_cast<char*>(word() & ~kFormMask)); }
  void set_intset(Intset set) {
    // lint: pointer-order-ok a tag, no order
    set_word(reinterpret_cast<uintptr_t>(set.block()) | static_cast<uintptr_t>(Form::kIntset));
  }
  MemberTable& table() const { return *reinterpret_cast<MemberTable*>(word() & ~kFormMask); }
  void set_table(MemberTable* table) {
    // lint: pointer-order-ok a tag, no order
    set_word(reinterpret_cast<uintptr_t>(table) | static_cast<uintptr_t>(Form::kTable));
  }

  bool AddInteger(int64_t value, const EncodingLimits& limits);
  void AddToIntset(std::string_view member, const EncodingLimits& limits);
  void ConvertToTable();
  void ConvertToListpack();
  void Free();

  Listpack listpack_;
};
static_assert(sizeof(Set) == 8);

}  // namespace mydis
