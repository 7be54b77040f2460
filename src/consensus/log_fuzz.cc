// Any bytes as a log segment: LogStore::Open() refuses them or opens a log that works. Byte 0 says
// whether checksums are put right first, so that what lies behind them is reached too; the rest is
// the file, filled up to whole blocks.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/log_record.h"
#include "consensus/log_segment.h"
#include "consensus/log_store.h"
#include "consensus/sim_disk.h"

namespace mydis {
namespace {

void PutChecksumsRight(std::string& bytes) {
  const uint64_t salt = LoadLittle<uint64_t>(bytes.data() + 40);
  StoreLittle<uint64_t>(bytes.data() + 24, 1);
  StoreLittle<uint64_t>(bytes.data() + 32, bytes.size());
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(8, kDiskBlock - 8)));
  for (size_t at = kDiskBlock; at < bytes.size(); at += kDiskBlock) {
    StoreLittle(bytes.data() + at + 16, salt);
    const auto claim = PeekGroup(std::string_view(bytes).substr(at), salt);
    if (!claim || claim->head_size > bytes.size() - at) continue;
    size_t data = at + claim->head_size;
    for (size_t e = at + kGroupFixedSize; e < at + claim->head_size; e += kEntryRecordSize) {
      const uint32_t length = LoadLittle<uint32_t>(bytes.data() + e + 16);
      if (length > bytes.size() - data) break;
      StoreLittle(bytes.data() + e + 8,
                  DataChecksum(std::string_view(bytes).substr(data, length), salt));
      data += length;
    }
    StoreLittle(bytes.data() + at,
                Hash64(std::string_view(bytes).substr(at + 8, claim->head_size - 8)));
  }
}

void Require(bool holds) {
  if (!holds) std::abort();
}

void Fuzz(std::string_view input) {
  if (input.empty() || input.size() > (1 << 16)) return;
  const bool right = input[0] & 1;
  std::string bytes(input.substr(1));
  bytes.resize(std::max<size_t>(GroupHead::AlignUp(bytes.size()), 4 * kDiskBlock));
  if (right) PutChecksumsRight(bytes);
  SimDisk disk;
  Require(disk.CreateDirectory("log").ok());
  Require(disk.ReplaceFile("log", SegmentName(1), bytes).ok());
  LogOptions options;
  options.segment_size = 4 * kDiskBlock;
  options.seed = 1;
  auto log = LogStore::Open(disk, "log", options);
  if (!log) return;
  const auto entries = (*log)->Entries();
  for (const LogEntry& entry : entries) Require((*log)->Read(entry.index).has_value());
  const uint64_t last = (*log)->LastIndex();
  const LogEntry next{last + 1, 1, EntryKind::kNormal, MakePayload("next")};
  if (last > UINT64_MAX / 2) return;
  Require((*log)->Append({std::nullopt, std::span(&next, 1)}).ok());
  auto again = LogStore::Open(disk, "log", options);
  Require(again.has_value() && (*again)->LastIndex() == last + 1);
  Require((*again)->Compact(last + 1).ok());
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
