#include "consensus/log_segment.h"

#include <fmt/core.h>

#include <charconv>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

constexpr uint64_t kSegmentMagic = 0x676f4c736964794d;  // "MydisLog"
constexpr size_t kChecksumSize = 8;
constexpr std::string_view kSegmentPrefix = "segment-";
constexpr std::string_view kSparePrefix = "spare-";

std::string NumberedName(std::string_view prefix, uint64_t number) {
  return fmt::format("{}{:012}", prefix, number);
}

std::optional<uint64_t> ParseName(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size());
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (NumberedName(prefix, number) != name) return std::nullopt;
  return number;
}

Result<SegmentHeader> DecodeSegmentHeader(const std::string& path, std::string_view block) {
  if (LoadLittle<uint64_t>(block.data()) != Hash64(block.substr(kChecksumSize)))
    return Fail(CorruptFile(path, 0, "the segment's header fails its checksum"));
  Decoder in(block.substr(kChecksumSize));
  if (in.U64() != kSegmentMagic) return Fail(CorruptFile(path, 8, "this is no log segment"));
  const uint16_t version = in.U16();
  if (version != kLogVersion) return Fail(NewerFormat(path, version, kLogVersion));
  in.Raw(6);
  SegmentHeader header;
  header.number = in.U64();
  header.size = in.U64();
  header.salt = in.U64();
  header.first_sequence = in.U64();
  header.base_index = in.U64();
  header.base_term = in.U64();
  header.hard_state.term = in.U64();
  header.hard_state.vote = in.U64();
  header.hard_state.commit = in.U64();
  return header;
}

}  // namespace

std::string SegmentName(uint64_t number) { return NumberedName(kSegmentPrefix, number); }
std::string SpareName(uint64_t number) { return NumberedName(kSparePrefix, number); }
std::optional<uint64_t> ParseSegmentName(std::string_view name) {
  return ParseName(kSegmentPrefix, name);
}
std::optional<uint64_t> ParseSpareName(std::string_view name) {
  return ParseName(kSparePrefix, name);
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string bytes(kChecksumSize, '\0');
  bytes.reserve(kDiskBlock);
  Encoder out(bytes);
  out.U64(kSegmentMagic);
  out.U16(kLogVersion);
  out.Raw(std::string_view("\0\0\0\0\0\0", 6));
  out.U64(header.number);
  out.U64(header.size);
  out.U64(header.salt);
  out.U64(header.first_sequence);
  out.U64(header.base_index);
  out.U64(header.base_term);
  out.U64(header.hard_state.term);
  out.U64(header.hard_state.vote);
  out.U64(header.hard_state.commit);
  bytes.resize(kDiskBlock);
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(kChecksumSize)));
  return bytes;
}

Result<std::shared_ptr<LogSegment>> OpenSegment(Disk& disk, const std::string& directory,
                                                uint64_t number) {
  auto segment = std::make_shared<LogSegment>();
  segment->path = directory + "/" + SegmentName(number);
  auto file = disk.Open(segment->path, OpenMode::kWrite);
  if (!file) return Fail(file.error());
  segment->file = std::move(*file);
  auto size = segment->file->Size();
  if (!size) return Fail(size.error());
  if (*size < kDiskBlock)
    return Fail(CorruptFile(segment->path, *size, "the file ends within the segment's header"));
  std::string block(kDiskBlock, '\0');
  if (Status s = ReadFully(*segment->file, segment->path, 0, block); !s.ok()) return Fail(s);
  auto header = DecodeSegmentHeader(segment->path, block);
  if (!header) return Fail(header.error());
  segment->header = *header;
  if (header->number != number)
    return Fail(CorruptFile(
        segment->path, 24,
        fmt::format("the file holds segment {}, so it has been renamed", header->number)));
  if (header->size != *size)
    return Fail(CorruptFile(
        segment->path, *size,
        fmt::format("the file has {} bytes, but was made with {}", *size, header->size)));
  segment->max_index = header->base_index;
  return segment;
}

}  // namespace mydis
