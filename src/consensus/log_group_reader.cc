#include "consensus/log_group_reader.h"

#include <algorithm>

namespace mydis {
namespace {
constexpr uint64_t kWindow = 1 << 20;
}  // namespace

Result<std::optional<GroupHead>> GroupReader::ReadHead(uint64_t offset) {
  const uint64_t limit = segment_.header.size;
  if (offset + kDiskBlock > limit) return std::nullopt;
  std::string bytes(kDiskBlock, '\0');
  if (Status s = ReadFully(*segment_.file, segment_.path, offset, bytes); !s.ok()) return Fail(s);
  const auto claim = PeekGroup(bytes, segment_.header.salt);
  if (!claim || claim->head_size > limit - offset) return std::nullopt;
  bytes.resize(claim->head_size);
  if (claim->head_size > kDiskBlock) {
    const std::span<char> rest = std::span(bytes).subspan(kDiskBlock);
    if (Status s = ReadFully(*segment_.file, segment_.path, offset + kDiskBlock, rest); !s.ok())
      return Fail(s);
  }
  auto head = DecodeGroupHead(bytes);
  if (!head || head->data_length > limit - offset - claim->head_size) return std::nullopt;
  return head;
}

Result<std::optional<StoredGroup>> GroupReader::ReadGroup(uint64_t offset) {
  auto head = ReadHead(offset);
  if (!head) return Fail(head.error());
  if (!*head) return std::nullopt;
  StoredGroup group{std::move(**head), {}};
  group.data.resize(group.head.data_length);
  const uint64_t at = offset + group.head.HeadSize();
  if (Status s = ReadFully(*segment_.file, segment_.path, at, group.data); !s.ok()) return Fail(s);
  std::string_view rest = group.data;
  for (const EntryRecord& record : group.head.entries) {
    if (DataChecksum(rest.substr(0, record.length), segment_.header.salt) != record.checksum)
      return std::nullopt;
    rest.remove_prefix(record.length);
  }
  return group;
}

Result<std::optional<uint64_t>> GroupReader::FindClaim(uint64_t offset) {
  for (; offset + kDiskBlock <= segment_.header.size; offset += kDiskBlock) {
    if (offset < window_offset_ || offset >= window_offset_ + window_.size()) {
      window_offset_ = offset;
      window_.resize(std::min(kWindow, segment_.header.size - offset));
      if (Status s = ReadFully(*segment_.file, segment_.path, offset, window_); !s.ok())
        return Fail(s);
    }
    const std::string_view block =
        std::string_view(window_).substr(offset - window_offset_, kDiskBlock);
    if (PeekGroup(block, segment_.header.salt)) return offset;
  }
  return std::nullopt;
}

}  // namespace mydis
