// As saved: u8 form; bytes of the listpack or intset, or varint count and bytes of each member.
#include "types/set.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "types/value_index.h"

namespace mydis {
namespace {

// What a table takes beside its members.
constexpr size_t kTableBytes = 128;
// Up to so many elements a listpack's duplicates are looked for by walking it.
constexpr size_t kFewElements = 12;

uint64_t MaxIntset(const EncodingLimits& limits) {
  return std::min(limits.set_max_intset_entries, Intset::kMaxEntries);
}

size_t DigitsOf(int64_t value) {
  char digits[24];
  return static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits);
}

bool HasDuplicates(const Listpack& listpack) {
  if (listpack.size() <= kFewElements) {
    for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;) {
      ListpackValue::Scratch scratch;
      const ListpackValue value = listpack.Read(&pos);
      if (listpack.Find(value.string(scratch), pos) != Listpack::kNone) return true;
    }
    return false;
  }
  ValueIndex seen(listpack.size());
  for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;) {
    if (!seen.Add(listpack.Read(&pos))) return true;
  }
  return false;
}

}  // namespace

Set Set::Integers() {
  Set set;
  set.set_intset(Intset(nullptr));
  return set;
}

Set Set::ForSize(std::string_view first, size_t count, const EncodingLimits& limits) {
  if (count <= MaxIntset(limits) && ParseCanonicalInteger(first)) return Integers();
  Set set;
  if (count > limits.set_max_listpack_entries) set.set_table(new MemberTable);
  return set;
}

Set Set::FromDistinct(std::span<const Value> members, bool as_table, const EncodingLimits& limits) {
  Set set;
  if (!as_table && members.size() <= limits.set_max_listpack_entries) {
    size_t bytes = Listpack::kEmptyBytes;
    const auto fits = [&](const Value& member) {
      Value::Scratch scratch;
      const std::string_view text = member.string(scratch);
      const bool room = bytes + text.size() <= Listpack::kMaxBytes;
      bytes += Listpack::ElementBytes(text);
      return room && text.size() <= limits.set_max_listpack_value;
    };
    if (std::ranges::all_of(members, fits)) {
      set.listpack().Reserve(bytes);
      for (const Value& member : members)
        member.is_int ? set.listpack().AppendInteger(member.integer)
                      : set.listpack().Append(member.text);
      return set;
    }
  }
  auto* table = new MemberTable;
  set.set_table(table);
  for (const Value& member : members) {
    Value::Scratch scratch;
    table->Add(member.string(scratch));
  }
  return set;
}

Set Set::Clone() const {
  Set copy;
  switch (form()) {
    case Form::kListpack:
      copy.listpack() = listpack().Clone();
      break;
    case Form::kIntset:
      copy.set_intset(Intset::FromBytes(intset().bytes()));
      break;
    case Form::kTable: {
      auto* members = new MemberTable;
      members->CopyFrom(table());
      copy.set_table(members);
    }
  }
  return copy;
}

void Set::Free() {
  switch (form()) {
    case Form::kListpack:
      listpack().Clear();
      break;
    case Form::kIntset:
      intset().Free();
      break;
    case Form::kTable:
      delete &table();
  }
  set_word(0);
}

size_t Set::size() const {
  if (form() == Form::kListpack) return listpack().size();
  return form() == Form::kIntset ? intset().size() : table().size();
}

size_t Set::MemoryBytes() const {
  if (form() == Form::kListpack) return listpack().byte_size();
  return form() == Form::kIntset ? intset().bytes().size() : kTableBytes + table().MemoryBytes();
}

std::string_view Set::EncodingName() const {
  if (form() == Form::kListpack) return "listpack";
  return form() == Form::kIntset ? "intset" : "hashtable";
}

void Set::Save(Encoder& out) const {
  out.U8(static_cast<uint8_t>(form()));
  if (form() == Form::kListpack) return out.Bytes(listpack().bytes());
  if (form() == Form::kIntset) return out.Bytes(intset().bytes());
  out.Varint(table().size());
  for (uint32_t i = 0; i < table().size(); ++i) out.Bytes(table().MemberAt(i));
}

bool Set::Load(Decoder& in, Set* set) {
  *set = Set();
  const uint8_t form = in.U8();
  if (form == static_cast<uint8_t>(Form::kTable)) {
    auto* members = new MemberTable;
    set->set_table(members);
    for (uint64_t n = in.Varint(); n > 0; --n) {
      const std::string_view member = in.Bytes();
      if (!in.ok() || !members->Add(member).fresh) return false;
    }
    return in.ok();
  }
  const std::string_view bytes = in.Bytes();
  if (form == static_cast<uint8_t>(Form::kListpack)) {
    if (!Listpack::Validate(bytes)) return false;
    set->listpack() = Listpack::FromBytes(bytes);
    return !HasDuplicates(set->listpack());
  }
  if (form != static_cast<uint8_t>(Form::kIntset) || !Intset::Validate(bytes)) return false;
  set->set_intset(Intset::FromBytes(bytes));
  return true;
}

bool Set::Contains(std::string_view member) const {
  if (form() == Form::kTable) return table().Contains(member);
  if (form() == Form::kListpack) return listpack().Find(member) != Listpack::kNone;
  const std::optional<int64_t> integer = ParseCanonicalInteger(member);
  return integer && intset().Find(*integer) != Intset::kNone;
}

bool Set::Contains(const Value& member) const {
  if (form() == Form::kIntset && member.is_int)
    return intset().Find(member.integer) != Intset::kNone;
  Value::Scratch scratch;
  return Contains(member.string(scratch));
}

Set::Value Set::At(size_t position) const {
  switch (form()) {
    case Form::kListpack:
      return listpack().Get(listpack().Seek(static_cast<int64_t>(position)));
    case Form::kIntset:
      return {.is_int = true, .integer = intset().At(position), .text = {}};
    case Form::kTable:
      break;
  }
  return {.is_int = false, .integer = 0, .text = table().MemberAt(static_cast<uint32_t>(position))};
}

void Set::Expect(size_t count, const EncodingLimits& limits) {
  if ((form() == Form::kListpack && count > limits.set_max_listpack_entries) ||
      (form() == Form::kIntset && count > MaxIntset(limits)))
    ConvertToTable();
}

bool Set::AddInteger(int64_t value, const EncodingLimits& limits) {
  Intset integers = intset();
  const bool added = integers.Add(value);
  set_intset(integers);
  if (added && integers.size() > MaxIntset(limits)) ConvertToTable();
  return added;
}

bool Set::Add(std::string_view member, const EncodingLimits& limits) {
  switch (form()) {
    case Form::kIntset:
      if (const std::optional<int64_t> integer = ParseCanonicalInteger(member))
        return AddInteger(*integer, limits);
      AddToIntset(member, limits);
      return true;
    case Form::kListpack:
      if (listpack().Find(member) != Listpack::kNone) return false;
      if (listpack().size() < limits.set_max_listpack_entries &&
          member.size() <= limits.set_max_listpack_value && listpack().CanTake(member.size())) {
        listpack().Append(member);
        return true;
      }
      ConvertToTable();
      break;
    case Form::kTable:
      break;
  }
  return table().Add(member).fresh;
}

// A member that is no integer ends the sorted form.
void Set::AddToIntset(std::string_view member, const EncodingLimits& limits) {
  const Intset integers = intset();
  const size_t count = integers.size();
  const size_t longest =
      count == 0 ? 0 : std::max(DigitsOf(integers.At(0)), DigitsOf(integers.At(count - 1)));
  if (count < limits.set_max_listpack_entries && member.size() <= limits.set_max_listpack_value &&
      longest <= limits.set_max_listpack_value) {
    ConvertToListpack();
    if (listpack().CanTake(member.size())) {
      listpack().Append(member);
      return;
    }
  }
  ConvertToTable();
  table().Add(member);
}

bool Set::Add(const Value& member, const EncodingLimits& limits) {
  if (member.is_int && form() == Form::kIntset) return AddInteger(member.integer, limits);
  Value::Scratch scratch;
  return Add(member.string(scratch), limits);
}

bool Set::Remove(std::string_view member) {
  switch (form()) {
    case Form::kTable:
      return table().Erase(member);
    case Form::kListpack: {
      const Listpack::Pos pos = listpack().Find(member);
      if (pos != Listpack::kNone) listpack().Erase(pos);
      return pos != Listpack::kNone;
    }
    case Form::kIntset:
      break;
  }
  const std::optional<int64_t> integer = ParseCanonicalInteger(member);
  const size_t position = integer ? intset().Find(*integer) : Intset::kNone;
  if (position != Intset::kNone) RemoveAt(position);
  return position != Intset::kNone;
}

bool Set::Remove(const Value& member) {
  Value::Scratch scratch;
  return Remove(member.string(scratch));
}

void Set::RemoveAt(size_t position) {
  switch (form()) {
    case Form::kListpack:
      listpack().Erase(listpack().Seek(static_cast<int64_t>(position)));
      break;
    case Form::kIntset: {
      Intset integers = intset();
      integers.EraseAt(position);
      set_intset(integers);
      break;
    }
    case Form::kTable:
      table().Remove(static_cast<uint32_t>(position));
  }
}

void Set::ConvertToTable() {
  auto* members = new MemberTable;
  ForEach([members](const Value& value) {
    Value::Scratch scratch;
    members->Add(value.string(scratch));
  });
  Free();
  set_table(members);
}

void Set::ConvertToListpack() {
  Listpack small;
  ForEach([&small](const Value& value) { small.AppendInteger(value.integer); });
  Free();
  listpack() = std::move(small);
}

void Set::TryIntset(const EncodingLimits& limits) {
  if (form() == Form::kIntset || size() > MaxIntset(limits)) return;
  Intset integers(nullptr);
  bool all = true;
  ForEach([&](const Value& value) {
    if (!all) return;
    const std::optional<int64_t> integer =
        value.is_int ? value.integer : ParseCanonicalInteger(value.text);
    all = integer.has_value();
    if (all) integers.Add(*integer);
  });
  if (!all) return integers.Free();
  Free();
  set_intset(integers);
}

void Set::CheckInvariants() const {
  switch (form()) {
    case Form::kListpack:
      listpack().CheckInvariants();
      MYDIS_ASSERT(!HasDuplicates(listpack()), "a member is in a set once");
      break;
    case Form::kIntset:
      intset().CheckInvariants();
      break;
    case Form::kTable:
      table().CheckInvariants();
  }
}

}  // namespace mydis
