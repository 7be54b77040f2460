// Streams in Redis's file format.
//
//   nodes, each { master ID as a string of 16 bytes, high bytes first | listpack } | length |
//   last ID | [first ID | largest deleted ID | entries added]                 from kStream2 on
//   groups, each:
//     name | last ID | [entries read] | pending, each { ID of 16 bytes | u64 time | deliveries } |
//     consumers, each { name | u64 seen | [u64 active, from kStream3 on] | its pending IDs }
#include <algorithm>
#include <vector>

#include "state/rdb_types.h"

namespace mydis {
namespace {

constexpr size_t kIdBytes = 16;

std::string IdBytes(StreamId id) {
  std::string bytes;
  Encoder out(bytes);
  out.U64(__builtin_bswap64(id.ms));
  out.U64(__builtin_bswap64(id.seq));
  return bytes;
}

StreamId IdOf(std::string_view bytes) {
  return {__builtin_bswap64(LoadLittle<uint64_t>(bytes.data())),
          __builtin_bswap64(LoadLittle<uint64_t>(bytes.data() + 8))};
}

StreamId ReadRawId(RdbReader& in) {
  const uint64_t ms = __builtin_bswap64(in.U64());
  return {ms, __builtin_bswap64(in.U64())};
}

StreamId ReadId(RdbReader& in) {
  const uint64_t ms = in.Length();
  return {ms, in.Length()};
}

void WriteId(StreamId id, RdbWriter& out) {
  out.Length(id.ms);
  out.Length(id.seq);
}

// A pending entry, which the consumers that come later say themselves to be theirs.
struct Pending {
  StreamId id;
  int64_t time_ms;
  int64_t deliveries;
  StreamConsumer* consumer;
};

bool ReadPending(RdbReader& in, std::vector<Pending>* pending) {
  for (uint64_t n = in.Length(); n > 0; --n) {
    const StreamId id = ReadRawId(in);
    const auto time_ms = static_cast<int64_t>(in.U64());
    const auto deliveries = static_cast<int64_t>(in.Length());
    if (!in.ok() || (!pending->empty() && id <= pending->back().id)) return false;
    pending->push_back({id, time_ms, deliveries, nullptr});
  }
  return in.ok();
}

bool ReadConsumer(RdbType type, RdbReader& in, StreamGroup& group, std::vector<Pending>& pending) {
  const std::string name = in.String();
  const auto seen_ms = static_cast<int64_t>(in.U64());
  const auto active_ms = type >= RdbType::kStream3 ? static_cast<int64_t>(in.U64()) : seen_ms;
  if (!in.ok() || group.FindConsumer(name) != nullptr) return false;
  StreamConsumer& consumer = group.CreateConsumer(name, seen_ms);
  consumer.active_time_ms = active_ms;
  for (uint64_t n = in.Length(); n > 0; --n) {
    const StreamId id = ReadRawId(in);
    const auto found = std::ranges::lower_bound(pending, id, {}, &Pending::id);
    if (!in.ok() || found == pending.end() || found->id != id || found->consumer != nullptr)
      return false;
    found->consumer = &consumer;
  }
  return in.ok();
}

bool ReadGroup(RdbType type, RdbReader& in, Stream& stream) {
  const std::string name = in.String();
  const StreamId last_id = ReadId(in);
  const int64_t entries_read =
      type >= RdbType::kStream2
          ? static_cast<int64_t>(in.Length())
          : stream.EntriesUpTo(last_id).value_or(StreamGroup::kUnknownEntriesRead);
  if (!in.ok() || stream.FindGroup(name) != nullptr) return false;
  StreamGroup& group = stream.CreateGroup(name);
  group.last_id = last_id;
  group.entries_read = entries_read;
  std::vector<Pending> pending;
  if (!ReadPending(in, &pending)) return false;
  for (uint64_t n = in.Length(); n > 0; --n) {
    if (!ReadConsumer(type, in, group, pending)) return false;
  }
  for (const Pending& entry : pending) {
    if (entry.consumer == nullptr) return false;
    group.AddPending(entry.id, *entry.consumer, entry.time_ms, entry.deliveries);
  }
  return in.ok();
}

void WriteGroup(RdbType type, std::string_view name, const StreamGroup& group, RdbWriter& out) {
  out.String(name);
  WriteId(group.last_id, out);
  out.Length(static_cast<uint64_t>(group.entries_read));
  out.Length(group.pending().size());
  for (auto at = group.pending().Begin(); at.valid(); at.Next()) {
    out.Raw(IdBytes(at->id));
    out.U64(static_cast<uint64_t>(at->delivery_time_ms));
    out.Length(static_cast<uint64_t>(at->deliveries));
  }
  out.Length(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    out.String(consumer_name);
    out.U64(static_cast<uint64_t>(consumer.seen_time_ms));
    if (type == RdbType::kStream3) out.U64(static_cast<uint64_t>(consumer.active_time_ms));
    out.Length(consumer.pending.size());
    for (auto at = consumer.pending.Begin(); at.valid(); at.Next()) out.Raw(IdBytes(at->id));
  }
}

}  // namespace

void WriteRdbStream(const Stream& stream, uint16_t version, RdbWriter& out) {
  const RdbType type = version >= kRdbVersion ? RdbType::kStream3 : RdbType::kStream2;
  out.U8(static_cast<uint8_t>(type));
  out.Length(stream.nodes().size());
  for (auto at = stream.nodes().Begin(); at.valid(); at.Next()) {
    out.String(IdBytes(at->id));
    out.String(at->entries.bytes());
  }
  out.Length(stream.size());
  WriteId(stream.last_id(), out);
  WriteId(stream.first_id(), out);
  WriteId(stream.max_deleted_id(), out);
  out.Length(stream.entries_added());
  out.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) WriteGroup(type, name, group, out);
}

std::optional<Stream> ReadRdbStream(RdbType type, RdbReader& in) {
  Stream stream;
  for (uint64_t n = in.Length(); n > 0; --n) {
    const std::string master = in.String();
    const std::string listpack = in.String();
    if (!in.ok() || master.size() != kIdBytes || !stream.LoadNode(IdOf(master), listpack))
      return std::nullopt;
  }
  const uint64_t length = in.Length();
  const StreamId last_id = ReadId(in);
  StreamId max_deleted;
  uint64_t entries_added = length;
  if (type >= RdbType::kStream2) {
    ReadId(in);  // The first ID, which the nodes tell too.
    max_deleted = ReadId(in);
    entries_added = in.Length();
  }
  if (!in.ok() || !stream.LoadIds(length, last_id, max_deleted, entries_added)) return std::nullopt;
  for (uint64_t n = in.Length(); n > 0; --n) {
    if (!ReadGroup(type, in, stream)) return std::nullopt;
  }
  return in.ok() ? std::optional(std::move(stream)) : std::nullopt;
}

}  // namespace mydis
