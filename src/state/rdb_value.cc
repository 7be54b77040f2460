#include "state/rdb_value.h"

#include <algorithm>

#include "base/assert.h"
#include "base/crc64.h"
#include "state/rdb_types.h"

namespace mydis {
namespace {

// Version and checksum.
constexpr size_t kFooterBytes = 10;
constexpr size_t kCrcBytes = 8;
constexpr uint64_t kPackedNode = 2;

void WriteType(RdbType type, RdbWriter& out) { out.U8(static_cast<uint8_t>(type)); }

void WriteString(const Entry& entry, RdbWriter& out) {
  Entry::Scratch scratch;
  WriteType(RdbType::kString, out);
  out.String(entry.string(scratch));
}

void WriteList(const List& list, RdbWriter& out) {
  const std::vector<std::string_view> packs = list.PackBytes();
  WriteType(RdbType::kListOfListpacks, out);
  out.Length(packs.size());
  for (const std::string_view pack : packs) {
    out.Length(kPackedNode);
    out.String(pack);
  }
}

void WriteSortedSet(const SortedSet& set, RdbWriter& out) {
  if (const Listpack* pack = set.listpack(); pack != nullptr) {
    WriteType(RdbType::kSortedSetListpack, out);
    return out.String(pack->bytes());
  }
  WriteType(RdbType::kSortedSet, out);
  out.Length(set.size());
  // From the greatest, which Redis reads fastest.
  set.ForEach(set.All(), true, [&out](std::string_view member, double score) {
    out.String(member);
    out.BinaryDouble(score);
  });
}

// What has elements, as a value.
template <typename T>
std::optional<RdbValue> NotEmpty(std::optional<T> container) {
  if (!container || container->size() == 0) return std::nullopt;
  return RdbValue(std::move(*container));
}

std::optional<RdbValue> ReadString(RdbReader& in) {
  std::string text = in.String();
  return in.ok() ? std::optional<RdbValue>(std::move(text)) : std::nullopt;
}

std::optional<RdbValue> ReadStream(RdbType type, RdbReader& in) {
  auto stream = ReadRdbStream(type, in);
  return stream ? std::optional<RdbValue>(std::move(*stream)) : std::nullopt;
}

}  // namespace

uint16_t RdbVersionOf(const Entry& entry) {
  const bool timed =
      entry.type() == ValueType::kHash && entry.as<Hash>().NextDeadline() != Hash::kNoDeadline;
  return timed ? kRdbVersionTimed : kRdbVersionLowest;
}

void WriteRdbValue(const Entry& entry, RdbWriter& out, uint16_t version) {
  switch (entry.type()) {
    case ValueType::kString:
      return WriteString(entry, out);
    case ValueType::kList:
      return WriteList(entry.as<List>(), out);
    case ValueType::kSet:
      return WriteRdbSet(entry.as<Set>(), version, out);
    case ValueType::kSortedSet:
      return WriteSortedSet(entry.as<SortedSet>(), out);
    case ValueType::kStream:
      return WriteRdbStream(entry.as<Stream>(), version, out);
    case ValueType::kHash:
      return WriteRdbHash(entry.as<Hash>(), out);
  }
  MYDIS_ASSERT(false, "every type can be written");
}

std::optional<RdbValue> ReadRdbValue(uint8_t number, RdbReader& in, const EncodingLimits& limits) {
  const auto type = static_cast<RdbType>(number);
  switch (type) {
    case RdbType::kString:
      return ReadString(in);
    case RdbType::kList:
    case RdbType::kListZiplist:
    case RdbType::kListOfZiplists:
    case RdbType::kListOfListpacks:
      return NotEmpty(ReadRdbList(type, in, limits));
    case RdbType::kSet:
    case RdbType::kSetIntset:
    case RdbType::kSetListpack:
      return NotEmpty(ReadRdbSet(type, in, limits));
    case RdbType::kSortedSetOfTexts:
    case RdbType::kSortedSet:
    case RdbType::kSortedSetZiplist:
    case RdbType::kSortedSetListpack:
      return NotEmpty(ReadRdbSortedSet(type, in, limits));
    case RdbType::kHash:
    case RdbType::kHashZipmap:
    case RdbType::kHashZiplist:
    case RdbType::kHashListpack:
    case RdbType::kHashTimed:
    case RdbType::kHashListpackTimed:
      return NotEmpty(ReadRdbHash(type, in, limits));
    case RdbType::kStream:
    case RdbType::kStream2:
    case RdbType::kStream3:
      return ReadStream(type, in);
  }
  return std::nullopt;
}

void PutRdbValue(Keyspace& keyspace, uint32_t db, std::string_view key, RdbValue value, Ttl ttl) {
  if (const std::string* text = std::get_if<std::string>(&value); text != nullptr)
    return keyspace.SetString(db, key, *text, ttl);
  std::visit(
      [&]<typename T>(T& container) {
        if constexpr (!std::is_same_v<T, std::string>)
          keyspace.Put(db, key, std::move(container), ttl);
      },
      value);
}

std::string DumpPayload(const Entry& entry) {
  std::string payload;
  RdbWriter out(payload);
  WriteRdbValue(entry, out);
  AppendDumpFooter(payload, std::max(RdbVersionOf(entry), kRdbVersion));
  return payload;
}

void AppendDumpFooter(std::string& payload, uint16_t version) {
  Encoder out(payload);
  out.U16(version);
  out.U64(Crc64(payload));
}

bool IsDumpPayload(std::string_view payload) {
  if (payload.size() < kFooterBytes) return false;
  Decoder footer(payload.substr(payload.size() - kFooterBytes));
  const uint16_t version = footer.U16();
  const uint64_t crc = footer.U64();
  return version <= kRdbVersionTimed && crc == Crc64(payload.substr(0, payload.size() - kCrcBytes));
}

std::optional<RdbValue> ReadDumpPayload(std::string_view payload, const EncodingLimits& limits) {
  MemorySource source(payload.substr(0, payload.size() - kFooterBytes));
  RdbReader in(source);
  const uint8_t type = in.U8();
  return in.ok() ? ReadRdbValue(type, in, limits) : std::nullopt;
}

}  // namespace mydis
