#include "consensus/snapshot_scanner.h"

#include "base/codec.h"
#include "consensus/storage_error.h"

namespace mydis {

Result<std::unique_ptr<SnapshotScanner>> SnapshotScanner::Open(DiskFile& file,
                                                               const std::string& path) {
  std::unique_ptr<SnapshotScanner> scanner(new SnapshotScanner(file, path));
  if (Status s = scanner->ReadHeader(); !s.ok()) return Fail(s);
  return scanner;
}

Status SnapshotScanner::Corrupt(std::string_view what) const {
  return CorruptFile(path_, offset_, what);
}

Status SnapshotScanner::ReadHeader() {
  std::string bytes(kSnapshotHeaderFixed, '\0');
  if (Status s = ReadFully(file_, path_, 0, bytes); !s.ok()) return s;
  const auto size = SnapshotHeaderSize(bytes);
  if (!size) return Corrupt("the snapshot's header is damaged");
  bytes.resize(*size);
  const std::span<char> meta = std::span(bytes).subspan(kSnapshotHeaderFixed);
  if (Status s = ReadFully(file_, path_, kSnapshotHeaderFixed, meta); !s.ok()) return s;
  auto header = DecodeSnapshotHeader(path_, bytes);
  if (!header) return header.error();
  header_ = std::move(*header);
  seen_.chain = LoadLittle<uint64_t>(bytes.data());
  offset_ = bytes.size();
  return Status::Ok();
}

Result<std::string_view> SnapshotScanner::Next() {
  if (at_end_) return std::string_view();
  char head[kBlockHeaderSize];
  if (Status s = ReadFully(file_, path_, offset_, head); !s.ok()) return Fail(s);
  const uint32_t length = LoadLittle<uint32_t>(head);
  if (length == 0) {
    if (Status s = CheckFooter(); !s.ok()) return Fail(s);
    at_end_ = true;
    return std::string_view();
  }
  if (length > kSnapshotBlock || LoadLittle<uint32_t>(head + 4) != 0)
    return Fail(Corrupt("a block's header is damaged"));
  block_.resize(length);
  if (Status s = ReadFully(file_, path_, offset_ + kBlockHeaderSize, block_); !s.ok())
    return Fail(s);
  const uint64_t checksum = LoadLittle<uint64_t>(head + 8);
  if (checksum != BlockChecksum(block_, seen_.blocks))
    return Fail(Corrupt("a block of the snapshot fails its checksum"));
  ++seen_.blocks;
  seen_.length += length;
  seen_.chain = ChainChecksum(seen_.chain, checksum);
  offset_ += kBlockHeaderSize + length;
  return std::string_view(block_);
}

Status SnapshotScanner::CheckFooter() {
  char bytes[kFooterSize];
  if (Status s = ReadFully(file_, path_, offset_, bytes); !s.ok()) return s;
  const auto footer = DecodeSnapshotFooter(std::string_view(bytes, kFooterSize));
  if (!footer) return Corrupt("the snapshot's end is damaged");
  if (*footer != seen_) return Corrupt("the snapshot's blocks are not those that were written");
  auto size = file_.Size();
  if (!size) return size.error();
  if (*size != offset_ + kFooterSize) return Corrupt("there are bytes behind the snapshot's end");
  return Status::Ok();
}

Status VerifySnapshot(DiskFile& file, const std::string& path) {
  auto scanner = SnapshotScanner::Open(file, path);
  if (!scanner) return scanner.error();
  while (true) {
    auto block = (*scanner)->Next();
    if (!block) return block.error();
    if (block->empty()) return Status::Ok();
  }
}

}  // namespace mydis
