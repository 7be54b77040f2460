// Sets in Redis's file format.
#include "state/rdb_types.h"
#include "types/old_encodings.h"
#include "types/value_index.h"

namespace mydis {
namespace {

std::optional<Set> ReadListpack(const std::string& bytes, const EncodingLimits& limits) {
  if (!Listpack::Validate(bytes)) return std::nullopt;
  const Listpack pack = Listpack::FromBytes(bytes);
  std::vector<ListpackValue> members;
  ValueIndex seen(pack.size());
  for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) {
    members.push_back(pack.Read(&pos));
    if (!seen.Add(members.back())) return std::nullopt;
  }
  return Set::FromDistinct(members, false, limits);
}

}  // namespace

void WriteRdbSet(const Set& set, uint16_t version, RdbWriter& out) {
  const std::string_view encoding = set.EncodingName();
  // Listpacks came with Redis 7.2.
  if (encoding == "intset" || (encoding == "listpack" && version >= kRdbVersion)) {
    out.U8(
        static_cast<uint8_t>(encoding == "intset" ? RdbType::kSetIntset : RdbType::kSetListpack));
    return out.String(set.packed());
  }
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
  if (type == RdbType::kSetListpack) return ReadListpack(bytes, limits);
  std::vector<ListpackValue> members;
  if (!ReadIntset(bytes, &members)) return std::nullopt;
  Set set = Set::Integers();
  for (const ListpackValue& member : members) {
    if (!set.Add(member, limits)) return std::nullopt;
  }
  return set;
}

}  // namespace mydis
