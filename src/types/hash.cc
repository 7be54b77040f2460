// As saved: u8 form; bytes of the listpack, or varint count and {field, value} as bytes. With
// deadlines: u8 2, the fields as above, varint count, {varint position, varint deadline} ascending.
#include "types/hash.h"

#include <array>

#include "base/assert.h"
#include "types/value_index.h"

namespace mydis {
namespace {

// What a table takes beside its fields, what deadlines take, and one of them.
constexpr size_t kTableBytes = 128;
constexpr size_t kTimedBytes = 64;
constexpr size_t kDeadlineBytes = 20;
// Up to so many fields each of a listpack is compared with all before it.
constexpr size_t kFewFields = 12;

bool FieldsAreUnique(const Listpack& listpack) {
  if (listpack.size() <= 2 * kFewFields) {
    std::array<ListpackValue, kFewFields> fields;
    size_t count = 0;
    for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;) {
      const ListpackValue field = listpack.Read(&pos);
      pos = listpack.Next(pos);
      ListpackValue::Scratch scratch;
      const ListpackNeedle needle(field.string(scratch));
      for (size_t i = 0; i < count; ++i) {
        if (needle.Matches(fields[i])) return false;
      }
      fields[count++] = field;
    }
    return true;
  }
  ValueIndex seen(listpack.size() / 2);
  for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone;) {
    if (!seen.Add(listpack.Read(&pos))) return false;
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

std::optional<Hash> Hash::FromListpack(std::string_view bytes, const EncodingLimits& limits) {
  Hash hash;
  Listpack& pack = hash.listpack_;
  pack = Listpack::FromBytes(bytes);
  if (pack.size() % 2 != 0 || pack.size() / 2 > limits.hash_max_listpack_entries ||
      pack.byte_size() > Listpack::kMaxBytes / 2)
    return std::nullopt;
  for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) {
    if (!pack.IsCanonical(pos)) return std::nullopt;
    ListpackValue::Scratch scratch;
    if (pack.Read(&pos).string(scratch).size() > limits.hash_max_listpack_value)
      return std::nullopt;
  }
  if (!FieldsAreUnique(pack)) return std::nullopt;
  return hash;
}

Hash Hash::Clone() const {
  Hash copy;
  switch (form()) {
    case Form::kListpack:
      copy.listpack_ = listpack_.Clone();
      break;
    case Form::kTable: {
      auto* members = new MemberTable;
      members->CopyFrom(table());
      copy.set_block(members, Form::kTable);
      break;
    }
    case Form::kTimed: {
      auto* block = new TimedFields;
      block->fields = timed().fields.Clone();
      block->deadlines = timed().deadlines;
      copy.set_block(block, Form::kTimed);
    }
  }
  return copy;
}

void Hash::Free() {
  switch (form()) {
    case Form::kListpack:
      return listpack_.Clear();
    case Form::kTable:
      delete &table();
      break;
    case Form::kTimed:
      delete &timed();
  }
  set_word(0);
}

size_t Hash::size() const {
  const Hash& all = fields();
  return all.form() == Form::kTable ? all.table().size() : all.listpack_.size() / 2;
}

size_t Hash::MemoryBytes() const {
  if (form() == Form::kListpack) return listpack_.byte_size();
  if (form() == Form::kTable) return kTableBytes + table().MemoryBytes();
  return timed().fields.MemoryBytes() + kTimedBytes + kDeadlineBytes * timed().deadlines.size();
}

std::string_view Hash::EncodingName() const {
  if (!walks()) return "hashtable";
  return form() == Form::kTimed ? "listpackex" : "listpack";
}

void Hash::Save(Encoder& out) const {
  out.U8(static_cast<uint8_t>(form()));
  if (form() == Form::kListpack) return out.Bytes(listpack_.bytes());
  if (form() == Form::kTable) {
    out.Varint(table().size());
    for (uint32_t i = 0; i < table().size(); ++i) {
      const MemberTable::Record record = table().At(i);
      out.Bytes(record.member);
      out.Bytes(record.value);
    }
    return;
  }
  timed().fields.Save(out);
  const FieldDeadlines& deadlines = timed().deadlines;
  out.Varint(deadlines.size());
  for (size_t i = 0; i < size(); ++i) {
    if (deadlines.At(i) == kNoDeadline) continue;
    out.Varint(i);
    out.Varint(static_cast<uint64_t>(deadlines.At(i)));
  }
}

bool Hash::LoadUntimed(uint8_t form, Decoder& in, Hash* hash) {
  *hash = Hash();
  if (form == static_cast<uint8_t>(Form::kListpack)) {
    const std::string_view bytes = in.Bytes();
    if (!Listpack::Validate(bytes)) return false;
    hash->listpack_ = Listpack::FromBytes(bytes);
    return hash->listpack_.size() % 2 == 0 && FieldsAreUnique(hash->listpack_);
  }
  if (form != static_cast<uint8_t>(Form::kTable)) return false;
  hash->set_block(new MemberTable, Form::kTable);
  for (uint64_t n = in.Varint(); n > 0; --n) {
    const std::string_view field = in.Bytes();
    const std::string_view value = in.Bytes();
    if (!in.ok() || !hash->table().Add(field, value).fresh) return false;
  }
  return in.ok();
}

bool Hash::Load(Decoder& in, Hash* hash) {
  const uint8_t form = in.U8();
  if (form != static_cast<uint8_t>(Form::kTimed)) return LoadUntimed(form, in, hash);
  if (!LoadUntimed(in.U8(), in, hash)) return false;
  hash->ConvertToTimed();
  uint64_t beyond = 0;  // The first position that may come next.
  for (uint64_t n = in.Varint(); n > 0; --n) {
    const uint64_t position = in.Varint();
    const uint64_t deadline = in.Varint();
    if (!in.ok() || position < beyond || position >= hash->size() ||
        deadline >= static_cast<uint64_t>(kNoDeadline))
      return false;
    hash->timed().deadlines.Set(position, static_cast<int64_t>(deadline));
    beyond = position + 1;
  }
  return in.ok();
}

size_t Hash::PositionOf(std::string_view field) const {
  const Hash& all = fields();
  if (all.form() == Form::kTable) {
    const uint32_t position = all.table().Find(field);
    return position == MemberTable::kNone ? kNowhere : position;
  }
  const Listpack::Pos found = all.listpack_.Find(field, all.listpack_.First(), 1);
  if (found == Listpack::kNone) return kNowhere;
  size_t elements = 0;
  for (Listpack::Pos pos = all.listpack_.First(); pos != found; pos = all.listpack_.Next(pos))
    ++elements;
  return elements / 2;
}

std::optional<Hash::Value> Hash::Find(std::string_view field) const {
  const Hash& all = fields();
  if (all.form() == Form::kListpack) {
    const Listpack::Pos pos = all.listpack_.Find(field, all.listpack_.First(), 1);
    if (pos == Listpack::kNone) return std::nullopt;
    return all.listpack_.Get(all.listpack_.Next(pos));
  }
  const uint32_t position = all.table().Find(field);
  if (position == MemberTable::kNone) return std::nullopt;
  return Text(all.table().ValueAt(position));
}

Hash::Item Hash::At(size_t position) const {
  const Hash& all = fields();
  if (all.form() == Form::kListpack) {
    Listpack::Pos pos = all.listpack_.Seek(static_cast<int64_t>(2 * position));
    const Value field = all.listpack_.Read(&pos);
    return {field, all.listpack_.Get(pos)};
  }
  const MemberTable::Record record = all.table().At(static_cast<uint32_t>(position));
  return {Text(record.member), Text(record.value)};
}

bool Hash::SetUntimed(std::string_view field, std::string_view value,
                      const EncodingLimits& limits) {
  if (form() == Form::kListpack) {
    const Listpack::Pos pos = listpack_.Find(field, listpack_.First(), 1);
    const bool fits =
        FitsListpack(field, value, limits) && listpack_.CanTake(field.size() + value.size() + 32);
    if (fits && pos != Listpack::kNone) {
      listpack_.Replace(listpack_.Next(pos), value);
      return false;
    }
    if (fits && size() < limits.hash_max_listpack_entries) {
      listpack_.Append(field);
      listpack_.Append(value);
      return true;
    }
    ConvertToTable();
  }
  const MemberTable::Added added = table().Add(field, value);
  if (!added.fresh) table().SetValue(added.position, value);
  return added.fresh;
}

bool Hash::Set(std::string_view field, std::string_view value, const EncodingLimits& limits,
               bool keep_deadline) {
  if (form() != Form::kTimed) return SetUntimed(field, value, limits);
  const bool fresh = timed().fields.SetUntimed(field, value, limits);
  if (!fresh && !keep_deadline && timed().deadlines.size() > 0)
    timed().deadlines.Clear(PositionOf(field));
  return fresh;
}

void Hash::Expect(size_t count, const EncodingLimits& limits) {
  Hash& all = form() == Form::kTimed ? timed().fields : *this;
  if (all.form() == Form::kListpack && count > limits.hash_max_listpack_entries)
    all.ConvertToTable();
}

void Hash::RemoveAt(size_t position) {
  Hash& all = form() == Form::kTimed ? timed().fields : *this;
  const size_t last = size() - 1;
  const bool moves_up = walks();
  if (moves_up) {
    all.listpack_.Erase(all.listpack_.Seek(static_cast<int64_t>(2 * position)), 2);
  } else {
    all.table().Remove(static_cast<uint32_t>(position));
  }
  if (form() != Form::kTimed) return;
  if (moves_up) {
    timed().deadlines.MovedUp(position);
  } else {
    timed().deadlines.MovedLast(position, last);
  }
}

bool Hash::Remove(std::string_view field) {
  if (form() == Form::kListpack) {
    const Listpack::Pos pos = listpack_.Find(field, listpack_.First(), 1);
    if (pos != Listpack::kNone) listpack_.Erase(pos, 2);
    return pos != Listpack::kNone;
  }
  const size_t position = PositionOf(field);
  if (position != kNowhere) RemoveAt(position);
  return position != kNowhere;
}

int64_t Hash::DeadlineOf(std::string_view field) const {
  return form() == Form::kTimed ? timed().deadlines.At(PositionOf(field)) : kNoDeadline;
}

void Hash::SetDeadline(std::string_view field, int64_t deadline_ms) {
  const size_t position = PositionOf(field);
  MYDIS_ASSERT(position != kNowhere, "the field must be there");
  if (form() != Form::kTimed) ConvertToTimed();
  timed().deadlines.Set(position, deadline_ms);
}

bool Hash::ClearDeadline(std::string_view field) {
  return form() == Form::kTimed && timed().deadlines.Clear(PositionOf(field));
}

int64_t Hash::NextDeadline() const {
  return form() == Form::kTimed ? timed().deadlines.next() : kNoDeadline;
}

size_t Hash::RemoveDue(int64_t now_ms) {
  if (form() != Form::kTimed) return 0;
  // From the end, so that those still to be removed stay where they are.
  const std::vector<size_t> due = timed().deadlines.TakeDue(now_ms);
  for (const size_t position : due) RemoveAt(position);
  return due.size();
}

uint32_t* Hash::index_slot() const {
  return form() == Form::kTimed ? &timed().index_slot : nullptr;
}

void Hash::ConvertToTable() {
  auto* members = new MemberTable;
  ForEach([members](const Value& field, const Value& value) {
    Value::Scratch scratch[2];
    members->Add(field.string(scratch[0]), value.string(scratch[1]));
  });
  Free();
  set_block(members, Form::kTable);
}

void Hash::ConvertToTimed() {
  auto* block = new TimedFields;
  block->fields = std::move(*this);
  set_block(block, Form::kTimed);
}

void Hash::CheckInvariants() const {
  switch (form()) {
    case Form::kListpack:
      listpack_.CheckInvariants();
      MYDIS_ASSERT(listpack_.size() % 2 == 0 && FieldsAreUnique(listpack_),
                   "a field is in a hash once, with its value");
      break;
    case Form::kTable:
      table().CheckInvariants();
      break;
    case Form::kTimed:
      MYDIS_ASSERT(timed().fields.form() != Form::kTimed, "deadlines are kept once");
      timed().fields.CheckInvariants();
      timed().deadlines.CheckInvariants(size());
  }
}

}  // namespace mydis
