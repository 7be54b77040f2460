// The bytes of a snapshot file, snapshots/snapshot-INDEX-TERM (little endian): header, blocks,
// footer.
//
// Header:
//   0   u64  xxh3 of the bytes from 8 to the end of the header
//   8   u64  magic "MydiSnap"
//   16  u16  version (kSnapshotVersion)
//   18  u16  zero
//   20  u32  length of the meta bytes
//   24  u64  cluster id
//   32  u64  index
//   40  u64  term
//   48       meta bytes
// Block; all but the last one hold kSnapshotBlock bytes, however the caller handed them over:
//   0   u32  length of the data, not zero
//   4   u32  zero
//   8   u64  xxh3 of the data, seeded with the number of the block (0, 1, 2 …)
//   16       data
// Footer, the end of the file:
//   0   u32  zero
//   4   u32  magic "MySE"
//   8   u64  number of blocks
//   16  u64  length of all data
//   24  u64  chain over the header's and all blocks' checksums (ChainChecksum)
//   32  u64  xxh3 of the footer's bytes 0 to 32
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "consensus/snapshot_store.h"

namespace mydis {

inline constexpr uint16_t kSnapshotVersion = 1;
inline constexpr uint32_t kSnapshotBlock = 256 << 10;
inline constexpr uint32_t kMaxSnapshotMeta = 16 << 20;
inline constexpr uint64_t kSnapshotMagicEnd = 16;  // That many bytes tell what a file is.
inline constexpr uint64_t kSnapshotHeaderFixed = 48;
inline constexpr uint64_t kBlockHeaderSize = 16;
inline constexpr uint64_t kFooterSize = 40;

struct SnapshotHeader {
  uint64_t cluster_id = 0;
  SnapshotId id;
  std::string meta;
};
// Whether a file with these first bytes means to be a snapshot.
bool HasSnapshotMagic(std::string_view bytes);
std::string EncodeSnapshotHeader(const SnapshotHeader& header);
// The length of the header that begins with these kSnapshotHeaderFixed bytes; none if it cannot be
// one.
std::optional<uint64_t> SnapshotHeaderSize(std::string_view fixed);
// kCorrupt, naming `path`, if it is not valid or of a newer version.
Result<SnapshotHeader> DecodeSnapshotHeader(const std::string& path, std::string_view bytes);

std::string EncodeBlockHeader(std::string_view data, uint64_t number);
uint64_t BlockChecksum(std::string_view data, uint64_t number);

struct SnapshotFooter {
  uint64_t blocks = 0;
  uint64_t length = 0;
  uint64_t chain = 0;
  bool operator==(const SnapshotFooter&) const = default;
};
std::string EncodeSnapshotFooter(const SnapshotFooter& footer);
std::optional<SnapshotFooter> DecodeSnapshotFooter(std::string_view bytes);

// One more checksum into the chain.
uint64_t ChainChecksum(uint64_t chain, uint64_t checksum);

std::string SnapshotName(SnapshotId id);
std::optional<SnapshotId> ParseSnapshotName(std::string_view name);

}  // namespace mydis
