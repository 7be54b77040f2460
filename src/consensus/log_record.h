// A group: what one Append() writes. It starts on a multiple of kDiskBlock in its segment. Bytes
// (little endian):
//
//   0   u64  xxh3 of the bytes from 8 to the end of the entry table
//   8   u32  magic "MyLG"
//   12  u16  flags (GroupFlags)
//   14  u16  zero
//   16  u64  salt of the segment: tells this life of a recycled file from its earlier ones
//   24  u64  sequence: 1, 2, 3 … through all segments; a kContinued group has the number of the
//   next
//            segment's first group and uses up none
//   32  u64  durable: groups up to this sequence were on disk before this one was written
//   40  u64  term   of the hard state from this group on
//   48  u64  vote
//   56  u64  commit
//   64  u64  index of the first entry; with kReset the index that the log starts after
//   72  u64  with kReset the term of that index, else zero
//   80  u32  number of entries
//   84  u32  zero
//   88  u64  length of all entries' data
//   96  entry table, 24 bytes an entry:
//         0  u64  term
//         8  u64  xxh3 of the data, seeded with the salt
//         16 u32  length of the data
//         20 u8   kind (EntryKind)
//         21 u8×3 zero
//   …   the entries' data, one after the other
//   …   zeros up to the next multiple of kDiskBlock, covered by no checksum
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/disk.h"
#include "consensus/types.h"

namespace mydis {

enum GroupFlags : uint16_t {
  kReset = 1,      // All entries before this group are forgotten.
  kContinued = 2,  // The log goes on in the next segment; the last thing in this one.
  kClosed = 4,     // The instance stopped cleanly after this.
};

struct EntryRecord {
  uint64_t term = 0;
  uint64_t checksum = 0;
  uint32_t length = 0;
  EntryKind kind = EntryKind::kNormal;
};

inline constexpr uint64_t kGroupFixedSize = 96;
inline constexpr uint64_t kEntryRecordSize = 24;

// Everything of a group but the entries' data.
struct GroupHead {
  uint16_t flags = 0;
  uint64_t salt = 0;
  uint64_t sequence = 0;
  uint64_t durable = 0;
  HardState hard_state;
  uint64_t first_index = 0;
  uint64_t reset_term = 0;
  uint64_t data_length = 0;
  std::vector<EntryRecord> entries;

  uint64_t HeadSize() const { return kGroupFixedSize + kEntryRecordSize * entries.size(); }
  // With padding.
  uint64_t StoredSize() const { return AlignUp(HeadSize() + data_length); }
  static uint64_t AlignUp(uint64_t n) { return (n + kDiskBlock - 1) / kDiskBlock * kDiskBlock; }
};

// The bytes that a group of these entries takes, with padding.
uint64_t StoredSizeOf(std::span<const LogEntry> entries);

// Fills the entry table, first_index (unless there are no entries) and data_length from `entries`.
// REQUIRES: the salt is set.
void AddEntries(std::span<const LogEntry> entries, GroupHead* head);

// The bytes up to the end of the entry table.
std::string EncodeGroupHead(const GroupHead& head);

// What the first bytes of a block claim, before any checksum: the length of the head, if magic and
// salt are those of a group of this segment. None if not.
struct GroupClaim {
  uint64_t head_size = 0;
  uint64_t sequence = 0;
};
std::optional<GroupClaim> PeekGroup(std::string_view block, uint64_t salt);

// The head in `bytes` (which are exactly as long as PeekGroup said); none if it is not valid.
std::optional<GroupHead> DecodeGroupHead(std::string_view bytes);

// The checksum of an entry's data.
uint64_t DataChecksum(std::string_view data, uint64_t salt);

inline std::string_view DataOf(const LogEntry& entry) {
  return entry.data ? std::string_view(*entry.data) : std::string_view();
}

}  // namespace mydis
