#include "consensus/snapshot_format.h"

#include <fmt/core.h>

#include <charconv>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

constexpr uint64_t kSnapshotMagic = 0x70616e536964794d;  // "MydiSnap"
constexpr uint32_t kFooterMagic = 0x4553794d;            // "MySE"
constexpr size_t kChecksumSize = 8;

}  // namespace

std::string EncodeSnapshotHeader(const SnapshotHeader& header) {
  std::string bytes(kChecksumSize, '\0');
  Encoder out(bytes);
  out.U64(kSnapshotMagic);
  out.U16(kSnapshotVersion);
  out.U16(0);
  out.U32(static_cast<uint32_t>(header.meta.size()));
  out.U64(header.cluster_id);
  out.U64(header.id.index);
  out.U64(header.id.term);
  out.Raw(header.meta);
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(kChecksumSize)));
  return bytes;
}

bool HasSnapshotMagic(std::string_view bytes) {
  return bytes.size() >= kSnapshotMagicEnd &&
         LoadLittle<uint64_t>(bytes.data() + kChecksumSize) == kSnapshotMagic;
}

std::optional<uint64_t> SnapshotHeaderSize(std::string_view fixed) {
  if (fixed.size() < kSnapshotHeaderFixed || !HasSnapshotMagic(fixed)) return std::nullopt;
  const uint32_t meta_size = LoadLittle<uint32_t>(fixed.data() + 20);
  if (meta_size > kMaxSnapshotMeta) return std::nullopt;
  return kSnapshotHeaderFixed + meta_size;
}

Result<SnapshotHeader> DecodeSnapshotHeader(const std::string& path, std::string_view bytes) {
  Decoder in(bytes);
  const uint64_t checksum = in.U64();
  if (!in.ok() || checksum != Hash64(bytes.substr(kChecksumSize)))
    return Fail(CorruptFile(path, 0, "the snapshot's header fails its checksum"));
  if (in.U64() != kSnapshotMagic) return Fail(CorruptFile(path, 8, "this is no snapshot"));
  const uint16_t version = in.U16();
  if (version != kSnapshotVersion) return Fail(NewerFormat(path, version, kSnapshotVersion));
  in.U16();
  const uint32_t meta_size = in.U32();
  SnapshotHeader header;
  header.cluster_id = in.U64();
  header.id.index = in.U64();
  header.id.term = in.U64();
  header.meta = in.Raw(meta_size);
  if (!in.ok() || !in.AtEnd()) return Fail(CorruptFile(path, 20, "the header is malformed"));
  return header;
}

uint64_t BlockChecksum(std::string_view data, uint64_t number) { return Hash64(data, number); }

std::string EncodeBlockHeader(std::string_view data, uint64_t number) {
  std::string bytes;
  Encoder out(bytes);
  out.U32(static_cast<uint32_t>(data.size()));
  out.U32(0);
  out.U64(BlockChecksum(data, number));
  return bytes;
}

std::string EncodeSnapshotFooter(const SnapshotFooter& footer) {
  std::string bytes;
  Encoder out(bytes);
  out.U32(0);
  out.U32(kFooterMagic);
  out.U64(footer.blocks);
  out.U64(footer.length);
  out.U64(footer.chain);
  out.U64(Hash64(bytes));
  return bytes;
}

std::optional<SnapshotFooter> DecodeSnapshotFooter(std::string_view bytes) {
  Decoder in(bytes);
  const uint32_t zero = in.U32();
  const uint32_t magic = in.U32();
  SnapshotFooter footer;
  footer.blocks = in.U64();
  footer.length = in.U64();
  footer.chain = in.U64();
  const uint64_t checksum = in.U64();
  if (!in.ok() || !in.AtEnd() || zero != 0 || magic != kFooterMagic ||
      checksum != Hash64(bytes.substr(0, kFooterSize - kChecksumSize)))
    return std::nullopt;
  return footer;
}

uint64_t ChainChecksum(uint64_t chain, uint64_t checksum) {
  char bytes[16];
  StoreLittle(bytes, chain);
  StoreLittle(bytes + 8, checksum);
  return Hash64(std::string_view(bytes, sizeof bytes));
}

std::string SnapshotName(SnapshotId id) {
  return fmt::format("snapshot-{:020}-{:020}", id.index, id.term);
}

std::optional<SnapshotId> ParseSnapshotName(std::string_view name) {
  constexpr size_t kPrefix = 9, kDigits = 20;
  if (name.size() != kPrefix + kDigits + 1 + kDigits) return std::nullopt;
  SnapshotId id;
  std::from_chars(name.data() + kPrefix, name.data() + kPrefix + kDigits, id.index);
  std::from_chars(name.data() + kPrefix + kDigits + 1, name.data() + name.size(), id.term);
  if (SnapshotName(id) != name) return std::nullopt;
  return id;
}

}  // namespace mydis
