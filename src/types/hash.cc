// As saved: u8 form; bytes of the listpack; or varint count and {field, value} as bytes; with
// deadlines before that u8 compact, and in each item also varint deadline + 1, or 0.
#include "types/hash.h"

#include <map>
#include <set>

#include "base/assert.h"

namespace mydis {

struct TimedFields {
  MemberTable table;
  std::map<std::string, int64_t, std::less<>> deadlines;
  std::set<std::pair<int64_t, std::string>> order;  // The same, soonest first.
  bool compact = true;                              // It would be a listpack without deadlines.
  size_t key_bytes = 0;                             // Of the fields in `deadlines`.

  bool Forget(std::string_view field) {
    const auto it = deadlines.find(field);
    if (it == deadlines.end()) return false;
    order.erase({it->second, it->first});
    key_bytes -= it->first.size();
    deadlines.erase(it);
    return true;
  }
  void Remember(std::string_view field, int64_t deadline_ms) {
    Forget(field);
    deadlines.emplace(field, deadline_ms);
    order.emplace(deadline_ms, field);
    key_bytes += field.size();
  }
};

namespace {

// What a table takes beside its fields, and a deadline beside its field's name (twice).
constexpr size_t kTableBytes = 128;
constexpr size_t kDeadlineBytes = 160;

bool FieldsAreUnique(const Listpack& listpack) {
  MemberTable seen;
  for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;) {
    ListpackValue::Scratch scratch;
    if (!seen.Add(listpack.Read(&pos).string(scratch)).fresh) return false;
    listpack.Read(&pos);
  }
  return true;
}

ListpackValue Text(std::string_view text) { return {.is_int = false, .integer = 0, .text = text}; }

bool FitsListpack(std::string_view field, std::string_view value, const EncodingLimits& limits) {
  return field.size() <= limits.hash_max_listpack_value &&
         value.size() <= limits.hash_max_listpack_value;
}

}  // namespace

MemberTable& Hash::table() const {
  if (form() == Form::kTimed) return timed().table;
  return *reinterpret_cast<MemberTable*>(word() & ~kFormMask);
}

Hash Hash::Clone() const {
  Hash copy;
  if (form() == Form::kListpack) {
    copy.listpack() = listpack().Clone();
  } else if (form() == Form::kTable) {
    auto* fields = new MemberTable;
    fields->CopyFrom(table());
    copy.set_block(fields, Form::kTable);
  } else {
    auto* fields = new TimedFields;
    fields->table.CopyFrom(table());
    fields->deadlines = timed().deadlines;
    fields->order = timed().order;
    fields->compact = timed().compact;
    fields->key_bytes = timed().key_bytes;
    copy.set_block(fields, Form::kTimed);
  }
  return copy;
}

void Hash::Free() {
  switch (form()) {
    case Form::kListpack:
      listpack().Clear();
      break;
    case Form::kTable:
      delete &table();
      break;
    case Form::kTimed:
      delete &timed();
  }
  set_word(0);
}

size_t Hash::size() const {
  return form() == Form::kListpack ? listpack().size() / 2 : table().size();
}

size_t Hash::MemoryBytes() const {
  if (form() == Form::kListpack) return listpack().byte_size();
  size_t bytes = kTableBytes + table().MemoryBytes();
  if (form() == Form::kTimed)
    bytes += kDeadlineBytes * timed().deadlines.size() + 2 * timed().key_bytes;
  return bytes;
}

std::string_view Hash::EncodingName() const {
  if (form() == Form::kListpack) return "listpack";
  return form() == Form::kTimed && timed().compact ? "listpackex" : "hashtable";
}

void Hash::Save(Encoder& out) const {
  out.U8(static_cast<uint8_t>(form()));
  if (form() == Form::kListpack) return out.Bytes(listpack().bytes());
  const bool with_deadlines = form() == Form::kTimed;
  if (with_deadlines) out.U8(timed().compact ? 1 : 0);
  out.Varint(table().size());
  for (uint32_t i = 0; i < table().size(); ++i) {
    const MemberTable::Record record = table().At(i);
    out.Bytes(record.member);
    out.Bytes(record.value);
    if (!with_deadlines) continue;
    const auto it = timed().deadlines.find(record.member);
    out.Varint(it == timed().deadlines.end() ? 0 : static_cast<uint64_t>(it->second) + 1);
  }
}

bool Hash::Load(Decoder& in, Hash* hash) {
  *hash = Hash();
  const uint8_t form = in.U8();
  if (form == static_cast<uint8_t>(Form::kListpack)) {
    const std::string_view bytes = in.Bytes();
    if (!Listpack::Validate(bytes)) return false;
    hash->listpack() = Listpack::FromBytes(bytes);
    return hash->listpack().size() % 2 == 0 && FieldsAreUnique(hash->listpack());
  }
  if (form > static_cast<uint8_t>(Form::kTimed)) return false;
  const bool with_deadlines = form == static_cast<uint8_t>(Form::kTimed);
  if (with_deadlines) {
    hash->set_block(new TimedFields, Form::kTimed);
    hash->timed().compact = in.U8() != 0;
  } else {
    hash->set_block(new MemberTable, Form::kTable);
  }
  for (uint64_t n = in.Varint(); n > 0; --n) {
    const std::string_view field = in.Bytes();
    const std::string_view value = in.Bytes();
    const uint64_t deadline = with_deadlines ? in.Varint() : 0;
    if (!in.ok() || deadline > static_cast<uint64_t>(kNoDeadline) ||
        !hash->table().Add(field, value).fresh)
      return false;
    if (deadline != 0) hash->timed().Remember(field, static_cast<int64_t>(deadline - 1));
  }
  return in.ok();
}

std::optional<Hash::Value> Hash::Find(std::string_view field) const {
  if (form() == Form::kListpack) {
    const Listpack::Pos pos = listpack().Find(field, listpack().First(), 1);
    if (pos == Listpack::kNone) return std::nullopt;
    return listpack().Get(listpack().Next(pos));
  }
  const uint32_t position = table().Find(field);
  if (position == MemberTable::kNone) return std::nullopt;
  return Text(table().ValueAt(position));
}

Hash::Item Hash::At(size_t position) const {
  if (form() == Form::kListpack) {
    Listpack::Pos pos = listpack().Seek(static_cast<int64_t>(2 * position));
    const Value field = listpack().Read(&pos);
    return {field, listpack().Get(pos)};
  }
  const MemberTable::Record record = table().At(static_cast<uint32_t>(position));
  return {Text(record.member), Text(record.value)};
}

bool Hash::Set(std::string_view field, std::string_view value, const EncodingLimits& limits,
               bool keep_deadline) {
  if (form() == Form::kListpack) {
    const Listpack::Pos pos = listpack().Find(field, listpack().First(), 1);
    const bool fits =
        FitsListpack(field, value, limits) && listpack().CanTake(field.size() + value.size() + 32);
    if (fits && pos != Listpack::kNone) {
      listpack().Replace(listpack().Next(pos), value);
      return false;
    }
    if (fits && size() < limits.hash_max_listpack_entries) {
      listpack().Append(field);
      listpack().Append(value);
      return true;
    }
    ConvertToTable();
  }
  if (form() == Form::kTimed) {
    timed().compact &= FitsListpack(field, value, limits);
    if (!keep_deadline) timed().Forget(field);
  }
  const MemberTable::Added added = table().Add(field, value);
  if (!added.fresh) table().SetValue(added.position, value);
  if (form() == Form::kTimed) timed().compact &= size() <= limits.hash_max_listpack_entries;
  return added.fresh;
}

bool Hash::Remove(std::string_view field) {
  if (form() == Form::kListpack) {
    const Listpack::Pos pos = listpack().Find(field, listpack().First(), 1);
    if (pos != Listpack::kNone) listpack().Erase(pos, 2);
    return pos != Listpack::kNone;
  }
  if (form() == Form::kTimed) timed().Forget(field);
  return table().Erase(field);
}

int64_t Hash::DeadlineOf(std::string_view field) const {
  if (form() != Form::kTimed) return kNoDeadline;
  const auto it = timed().deadlines.find(field);
  return it == timed().deadlines.end() ? kNoDeadline : it->second;
}

void Hash::SetDeadline(std::string_view field, int64_t deadline_ms, const EncodingLimits&) {
  if (form() != Form::kTimed) ConvertToTimed(form() == Form::kListpack);
  timed().Remember(field, deadline_ms);
}

bool Hash::ClearDeadline(std::string_view field) {
  return form() == Form::kTimed && timed().Forget(field);
}

int64_t Hash::NextDeadline() const {
  if (form() != Form::kTimed || timed().order.empty()) return kNoDeadline;
  return timed().order.begin()->first;
}

size_t Hash::RemoveDue(int64_t now_ms) {
  size_t removed = 0;
  for (; NextDeadline() <= now_ms; ++removed) {
    const std::string field = timed().order.begin()->second;
    timed().Forget(field);
    table().Erase(field);
  }
  return removed;
}

void Hash::ConvertToTable() {
  auto* fields = new MemberTable;
  ForEach([fields](const Value& field, const Value& value) {
    Value::Scratch scratch[2];
    fields->Add(field.string(scratch[0]), value.string(scratch[1]));
  });
  Free();
  set_block(fields, Form::kTable);
}

void Hash::ConvertToTimed(bool compact) {
  auto* fields = new TimedFields;
  fields->compact = compact;
  ForEach([fields](const Value& field, const Value& value) {
    Value::Scratch scratch[2];
    fields->table.Add(field.string(scratch[0]), value.string(scratch[1]));
  });
  Free();
  set_block(fields, Form::kTimed);
}

void Hash::CheckInvariants() const {
  if (form() == Form::kListpack) {
    listpack().CheckInvariants();
    MYDIS_ASSERT(listpack().size() % 2 == 0 && FieldsAreUnique(listpack()),
                 "a field is in a hash once, with its value");
    return;
  }
  table().CheckInvariants();
  if (form() != Form::kTimed) return;
  const TimedFields& fields = timed();
  MYDIS_ASSERT(fields.order.size() == fields.deadlines.size(), "both know the same deadlines");
  size_t bytes = 0;
  for (const auto& [field, deadline] : fields.deadlines) {
    bytes += field.size();
    MYDIS_ASSERT(fields.table.Contains(field) && fields.order.contains({deadline, field}),
                 "a deadline is of a field that is there");
  }
  MYDIS_ASSERT(bytes == fields.key_bytes, "names are counted");
}

}  // namespace mydis
