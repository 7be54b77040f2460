// Any bytes as a snapshot file, and as the file `meta`: refused, or read whole. Byte 0 says whether
// checksums are put right first.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/meta_file.h"
#include "consensus/sim_disk.h"
#include "consensus/snapshot_format.h"
#include "consensus/snapshot_store.h"

namespace mydis {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Walks as the reader does, for as long as the lengths make sense.
void PutChecksumsRight(std::string& bytes) {
  const auto header = SnapshotHeaderSize(bytes);
  if (!header || *header > bytes.size()) return;
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8, *header - 8)));
  SnapshotFooter footer{0, 0, LoadLittle<uint64_t>(bytes.data())};
  size_t at = *header;
  while (at + kBlockHeaderSize <= bytes.size()) {
    const uint32_t length = LoadLittle<uint32_t>(bytes.data() + at);
    if (length == 0 || length > bytes.size() - at - kBlockHeaderSize) break;
    const std::string_view data = std::string_view(bytes).substr(at + kBlockHeaderSize, length);
    StoreLittle(bytes.data() + at + 8, BlockChecksum(data, footer.blocks));
    footer.chain = ChainChecksum(footer.chain, BlockChecksum(data, footer.blocks));
    ++footer.blocks;
    footer.length += length;
    at += kBlockHeaderSize + length;
  }
  if (at + kFooterSize == bytes.size())
    bytes.replace(at, kFooterSize, EncodeSnapshotFooter(footer));
}

void Fuzz(std::string_view input) {
  if (input.empty()) return;
  std::string bytes(input.substr(1));
  if (input[0] & 1) PutChecksumsRight(bytes);
  SimDisk disk;
  Require(disk.CreateDirectory("d").ok());
  Require(disk.ReplaceFile("d", SnapshotName({1, 1}), bytes).ok());
  auto store = SnapshotStore::Open(disk, "d", 1);
  Require(store.has_value());
  const bool whole = (*store)->Choose(1).has_value();
  auto reader = (*store)->OpenReader({1, 1});
  bool read = reader.has_value();
  while (read) {
    auto part = (*reader)->Next();
    read = part.has_value();
    if (read && part->empty()) break;
  }
  Require(read == whole);
  // Received bytes meet the same checks.
  if (!whole && !bytes.empty()) {
    Require(*(*store)->BeginReceive({1, 1}, bytes.size()) == 0);
    Require((*store)->ReceiveChunk({1, 1}, 0, bytes).ok());
    Require(!(*store)->CommitReceive({1, 1}).has_value());
  }
  if ((input[0] & 2) && bytes.size() >= 8)
    StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8)));
  Require(disk.ReplaceFile("d", "meta", bytes).ok());
  (void)LoadMeta(disk, "d");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
