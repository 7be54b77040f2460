// Hashes in Redis's file format.
//
// Since 7.4 fields may expire: the soonest deadline stands before the fields, zero for none, and
// each field has its own: what it is behind the soonest, plus one, zero for none; in a listpack,
// where it is the third element of each, in full.
#include "state/rdb_types.h"
#include "types/old_encodings.h"

namespace mydis {
namespace {

using Values = std::vector<ListpackValue>;

// False if the field is there already.
bool AddField(Hash& hash, std::string_view field, std::string_view value, int64_t deadline_ms,
              const EncodingLimits& limits) {
  if (!hash.Set(field, value, limits)) return false;
  if (deadline_ms != Hash::kNoDeadline) hash.SetDeadline(field, deadline_ms);
  return true;
}

// Fields and values by turns, with a deadline behind each if `timed`.
std::optional<Hash> HashOf(const Values& values, bool timed, const EncodingLimits& limits) {
  const size_t width = timed ? 3 : 2;
  if (values.size() % width != 0) return std::nullopt;
  Hash hash;
  ListpackValue::Scratch field;
  ListpackValue::Scratch value;
  for (size_t i = 0; i < values.size(); i += width) {
    int64_t deadline_ms = Hash::kNoDeadline;
    if (timed) {
      if (!values[i + 2].is_int || values[i + 2].integer < 0) return std::nullopt;
      if (values[i + 2].integer > 0) deadline_ms = values[i + 2].integer;
    }
    if (!AddField(hash, values[i].string(field), values[i + 1].string(value), deadline_ms, limits))
      return std::nullopt;
  }
  return hash;
}

std::optional<Hash> ReadPack(RdbType type, const std::string& bytes, const EncodingLimits& limits) {
  Values values;
  if (type == RdbType::kHashZipmap || type == RdbType::kHashZiplist) {
    const bool read =
        type == RdbType::kHashZipmap ? ReadZipmap(bytes, &values) : ReadZiplist(bytes, &values);
    return read ? HashOf(values, false, limits) : std::nullopt;
  }
  if (!Listpack::Validate(bytes)) return std::nullopt;
  if (type == RdbType::kHashListpack) {
    std::optional<Hash> hash = Hash::FromListpack(bytes, limits);
    if (hash) return hash;
  }
  const Listpack pack = Listpack::FromBytes(bytes);
  for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) values.push_back(pack.Read(&pos));
  return HashOf(values, type == RdbType::kHashListpackTimed, limits);
}

void WriteTimed(const Hash& hash, RdbWriter& out) {
  const int64_t soonest_ms = hash.NextDeadline();
  out.U8(static_cast<uint8_t>(RdbType::kHashTimed));
  out.U64(static_cast<uint64_t>(soonest_ms));
  out.Length(hash.size());
  ListpackValue::Scratch scratch;
  hash.ForEach([&](const Hash::Value& field, const Hash::Value& value) {
    const std::string name(field.string(scratch));
    const int64_t deadline_ms = hash.DeadlineOf(name);
    const bool expires = deadline_ms != Hash::kNoDeadline;
    out.Length(expires ? static_cast<uint64_t>(deadline_ms - soonest_ms) + 1 : 0);
    out.String(name);
    out.String(value.string(scratch));
  });
}

}  // namespace

void WriteRdbHash(const Hash& hash, RdbWriter& out) {
  if (hash.NextDeadline() != Hash::kNoDeadline) return WriteTimed(hash, out);
  if (const Listpack* pack = hash.listpack(); pack != nullptr) {
    out.U8(static_cast<uint8_t>(RdbType::kHashListpack));
    return out.String(pack->bytes());
  }
  ListpackValue::Scratch scratch;
  out.U8(static_cast<uint8_t>(RdbType::kHash));
  out.Length(hash.size());
  hash.ForEach([&](const Hash::Value& field, const Hash::Value& value) {
    out.String(field.string(scratch));
    out.String(value.string(scratch));
  });
}

std::optional<Hash> ReadRdbHash(RdbType type, RdbReader& in, const EncodingLimits& limits) {
  const bool timed = type == RdbType::kHashTimed || type == RdbType::kHashListpackTimed;
  const auto soonest_ms = timed ? static_cast<int64_t>(in.U64()) : 0;
  if (type != RdbType::kHash && type != RdbType::kHashTimed) {
    const std::string bytes = in.String();
    return in.ok() ? ReadPack(type, bytes, limits) : std::nullopt;
  }
  Hash hash;
  for (uint64_t n = in.Length(); n > 0; --n) {
    const uint64_t behind = timed ? in.Length() : 0;
    const std::string field = in.String();
    const std::string value = in.String();
    int64_t deadline_ms = Hash::kNoDeadline;
    if (behind > 0) {
      if (soonest_ms < 0 || behind > static_cast<uint64_t>(INT64_MAX - soonest_ms))
        return std::nullopt;
      deadline_ms = soonest_ms + static_cast<int64_t>(behind) - 1;
    }
    if (!in.ok() || !AddField(hash, field, value, deadline_ms, limits)) return std::nullopt;
  }
  return in.ok() ? std::optional(std::move(hash)) : std::nullopt;
}

}  // namespace mydis
