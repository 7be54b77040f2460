// Sets in Redis's file format.
#include <algorithm>

#include "state/rdb_types.h"
#include "types/intset.h"
#include "types/old_encodings.h"

namespace mydis {
namespace {

void WriteIntset(const Set& set, RdbWriter& out) {
  Intset integers(nullptr);
  set.ForEach([&integers](const Set::Value& member) { integers.Add(member.integer); });
  out.U8(static_cast<uint8_t>(RdbType::kSetIntset));
  out.String(integers.bytes());
  integers.Free();
}

void WriteListpack(const Set& set, RdbWriter& out) {
  Listpack pack;
  Set::Value::Scratch scratch;
  set.ForEach([&](const Set::Value& member) { pack.Append(member.string(scratch)); });
  out.U8(static_cast<uint8_t>(RdbType::kSetListpack));
  out.String(pack.bytes());
}

}  // namespace

void WriteRdbSet(const Set& set, RdbWriter& out) {
  const std::string_view encoding = set.EncodingName();
  if (encoding == "intset") return WriteIntset(set, out);
  if (encoding == "listpack") return WriteListpack(set, out);
  out.U8(static_cast<uint8_t>(RdbType::kSet));
  out.Length(set.size());
  Set::Value::Scratch scratch;
  set.ForEach([&](const Set::Value& member) { out.String(member.string(scratch)); });
}

std::optional<Set> ReadRdbSet(RdbType type, RdbReader& in, const EncodingLimits& limits) {
  if (type == RdbType::kSet) {
    const uint64_t count = in.Length();
    Set set = count <= limits.set_max_intset_entries ? Set::Integers() : Set();
    if (count > limits.set_max_intset_entries) set.Expect(count, limits);
    for (uint64_t n = count; n > 0; --n) {
      const std::string member = in.String();
      if (!in.ok() || !set.Add(member, limits)) return std::nullopt;
    }
    return in.ok() ? std::optional(std::move(set)) : std::nullopt;
  }
  const std::string bytes = in.String();
  if (!in.ok()) return std::nullopt;
  std::vector<ListpackValue> members;
  Set set = type == RdbType::kSetIntset ? Set::Integers() : Set();
  if (type == RdbType::kSetIntset) {
    if (!ReadIntset(bytes, &members)) return std::nullopt;
  } else {
    if (!Listpack::Validate(bytes)) return std::nullopt;
    const Listpack pack = Listpack::FromBytes(bytes);
    set.Expect(pack.size(), limits);
    for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) {
      if (!set.Add(pack.Read(&pos), limits)) return std::nullopt;
    }
  }
  for (const ListpackValue& member : members) {
    if (!set.Add(member, limits)) return std::nullopt;
  }
  return set;
}

}  // namespace mydis
