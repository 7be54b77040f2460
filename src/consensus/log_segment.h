// A segment file of the log, log/segment-NNNNNNNNNNNN. Its first block is the header; groups
// (log_record.h) follow from byte kDiskBlock on; the last block is kept free for a kContinued
// group. Header (little endian):
//
//   0   u64  xxh3 of the bytes from 8 to 4096 (the same in every version)
//   8   u64  magic "MydisLog"
//   16  u16  version (kLogVersion)
//   18  u8×6 zero
//   24  u64  number of the segment, as in its name
//   32  u64  size of the file
//   40  u64  salt, random
//   48  u64  sequence of the first group
//   56  u64  index of the last entry before this segment
//   64  u64  its term
//   72  u64  term   of the hard state when the segment was started
//   80  u64  vote
//   88  u64  commit
//   96  zeros
//
// The header is written, durably, before the file gets its name: a segment-… file with a broken
// header is damage, never a crash's doing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "consensus/disk.h"
#include "consensus/types.h"

namespace mydis {

inline constexpr uint16_t kLogVersion = 1;

struct SegmentHeader {
  uint64_t number = 0;
  uint64_t size = 0;
  uint64_t salt = 0;
  uint64_t first_sequence = 0;
  uint64_t base_index = 0;
  uint64_t base_term = 0;
  HardState hard_state;
};

// Exactly kDiskBlock bytes.
std::string EncodeSegmentHeader(const SegmentHeader& header);

// A segment in use. The file may be read from any thread; `end` and `max_index` belong to the
// owner.
struct LogSegment {
  std::string path;
  SegmentHeader header;
  std::unique_ptr<DiskFile> file;
  uint64_t end = kDiskBlock;  // Where the next group goes.
  uint64_t max_index = 0;     // The greatest index of any entry that it holds or that came before.

  // Bytes that groups may still take.
  uint64_t Room() const { return header.size - kDiskBlock - end; }
  // The size of a file that has room for groups of `bytes`.
  static uint64_t SizeFor(uint64_t bytes) { return bytes + 2 * kDiskBlock; }
};

// Opens and verifies `directory`/`name`; the name has been recognised as that of segment `number`.
Result<std::shared_ptr<LogSegment>> OpenSegment(Disk& disk, const std::string& directory,
                                                uint64_t number);

std::string SegmentName(uint64_t number);
std::string SpareName(uint64_t number);
// The number in a name that SegmentName / SpareName made; none for other names.
std::optional<uint64_t> ParseSegmentName(std::string_view name);
std::optional<uint64_t> ParseSpareName(std::string_view name);

}  // namespace mydis
