#include "consensus/log_record.h"

#include <limits>

#include "base/assert.h"
#include "base/codec.h"
#include "base/hash.h"

namespace mydis {
namespace {

constexpr uint32_t kGroupMagic = 0x474c794d;  // "MyLG"
constexpr size_t kChecksumSize = 8;

}  // namespace

uint64_t DataChecksum(std::string_view data, uint64_t salt) { return Hash64(data, salt); }

uint64_t StoredSizeOf(std::span<const LogEntry> entries) {
  uint64_t size = kGroupFixedSize + kEntryRecordSize * entries.size();
  for (const LogEntry& entry : entries) size += DataOf(entry).size();
  return GroupHead::AlignUp(size);
}

void AddEntries(std::span<const LogEntry> entries, GroupHead* head) {
  if (!entries.empty()) head->first_index = entries.front().index;
  head->entries.reserve(entries.size());
  for (const LogEntry& entry : entries) {
    const std::string_view data = DataOf(entry);
    MYDIS_ASSERT(data.size() <= std::numeric_limits<uint32_t>::max(), "an entry of 4 GiB");
    head->entries.push_back({entry.term, DataChecksum(data, head->salt),
                             static_cast<uint32_t>(data.size()), entry.kind});
    head->data_length += data.size();
  }
}

std::string EncodeGroupHead(const GroupHead& head) {
  std::string bytes(kChecksumSize, '\0');
  bytes.reserve(head.HeadSize());
  Encoder out(bytes);
  out.U32(kGroupMagic);
  out.U16(head.flags);
  out.U16(0);
  out.U64(head.salt);
  out.U64(head.sequence);
  out.U64(head.durable);
  out.U64(head.hard_state.term);
  out.U64(head.hard_state.vote);
  out.U64(head.hard_state.commit);
  out.U64(head.first_index);
  out.U64(head.reset_term);
  out.U32(static_cast<uint32_t>(head.entries.size()));
  out.U32(0);
  out.U64(head.data_length);
  for (const EntryRecord& record : head.entries) {
    out.U64(record.term);
    out.U64(record.checksum);
    out.U32(record.length);
    out.U32(static_cast<uint8_t>(record.kind));
  }
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(kChecksumSize)));
  return bytes;
}

std::optional<GroupClaim> PeekGroup(std::string_view block, uint64_t salt) {
  if (block.size() < kGroupFixedSize || LoadLittle<uint32_t>(block.data() + 8) != kGroupMagic ||
      LoadLittle<uint64_t>(block.data() + 16) != salt)
    return std::nullopt;
  const uint64_t count = LoadLittle<uint32_t>(block.data() + 80);
  return GroupClaim{kGroupFixedSize + kEntryRecordSize * count,
                    LoadLittle<uint64_t>(block.data() + 24)};
}

std::optional<GroupHead> DecodeGroupHead(std::string_view bytes) {
  if (bytes.size() < kGroupFixedSize ||
      LoadLittle<uint64_t>(bytes.data()) != Hash64(bytes.substr(kChecksumSize)))
    return std::nullopt;
  Decoder in(bytes.substr(kChecksumSize));
  GroupHead head;
  if (in.U32() != kGroupMagic) return std::nullopt;
  head.flags = in.U16();
  in.U16();
  head.salt = in.U64();
  head.sequence = in.U64();
  head.durable = in.U64();
  head.hard_state.term = in.U64();
  head.hard_state.vote = in.U64();
  head.hard_state.commit = in.U64();
  head.first_index = in.U64();
  head.reset_term = in.U64();
  const uint64_t count = in.U32();
  in.U32();
  head.data_length = in.U64();
  if (in.remaining() != count * kEntryRecordSize) return std::nullopt;
  head.entries.reserve(count);
  uint64_t length = 0;
  for (uint64_t i = 0; i < count; ++i) {
    EntryRecord record;
    record.term = in.U64();
    record.checksum = in.U64();
    record.length = in.U32();
    const uint32_t kind = in.U32();
    if (kind > static_cast<uint32_t>(EntryKind::kConfChange)) return std::nullopt;
    record.kind = static_cast<EntryKind>(kind);
    length += record.length;
    head.entries.push_back(record);
  }
  if (!in.ok() || length != head.data_length) return std::nullopt;
  return head;
}

}  // namespace mydis
