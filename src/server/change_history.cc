#include "server/change_history.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace mydis {
namespace {

// Before each record: then follow the bytes of its name and its text.
struct Header {
  uint64_t revision;
  uint32_t name_size;
  uint32_t text_size;
  HistoryRecord::Kind kind;
  uint8_t db;
  ValueType type;
};

// So that dropping one is a small part of all.
size_t BlockSize(uint64_t limit_bytes) {
  return std::clamp<size_t>(limit_bytes / 64, 1 << 10, 64 << 10);
}

}  // namespace

void ChangeHistory::Begin(uint64_t revision, uint64_t limit_bytes) {
  Stop();
  recording_ = true;
  oldest_ = revision;
  AddBlock(BlockSize(limit_bytes));
}

void ChangeHistory::Stop() {
  recording_ = false;
  dropped_end_ = SIZE_MAX;
  first_block_ += blocks_.size();
  blocks_.clear();
  bytes_ = 0;
}

void ChangeHistory::AddBlock(size_t capacity) {
  Block& block = blocks_.emplace_back();
  block.bytes.reserve(capacity);
  bytes_ += block.bytes.capacity();
}

void ChangeHistory::Add(const HistoryRecord& record, uint64_t limit_bytes) {
  MYDIS_ASSERT(recording_, "only what is asked for is recorded");
  const size_t size = sizeof(Header) + record.name.size() + record.text.size();
  if (blocks_.back().bytes.capacity() - blocks_.back().bytes.size() < size)
    AddBlock(std::max(size, BlockSize(limit_bytes)));
  Block& block = blocks_.back();
  MYDIS_ASSERT(record.revision >= block.last_revision, "revisions are recorded in their order");
  if (block.bytes.empty()) block.first_revision = record.revision;
  block.last_revision = record.revision;
  Header header{};
  header.revision = record.revision;
  header.name_size = static_cast<uint32_t>(record.name.size());
  header.text_size = static_cast<uint32_t>(record.text.size());
  header.kind = record.kind;
  header.db = record.db;
  header.type = record.type;
  block.bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  block.bytes.append(record.name);
  block.bytes.append(record.text);
  added_bytes_ += size;
  while (bytes_ > limit_bytes && blocks_.size() > 1) {
    // The last revision in it may go on in the next block: it is no longer whole.
    oldest_ = std::max(oldest_, blocks_.front().last_revision);
    bytes_ -= blocks_.front().bytes.capacity();
    dropped_end_ = blocks_.front().bytes.size();
    blocks_.pop_front();
    ++first_block_;
  }
}

std::optional<ChangeHistory::Place> ChangeHistory::After(uint64_t revision) const {
  if (!recording_ || revision < oldest_) return std::nullopt;
  const auto block = std::ranges::partition_point(
      blocks_, [revision](const Block& b) { return b.last_revision <= revision; });
  if (block == blocks_.end()) return End();
  Place place{first_block_ + static_cast<uint64_t>(block - blocks_.begin()), 0};
  HistoryRecord record;
  for (Place next = place; Read(&next, &record) && record.revision <= revision;) place = next;
  return place;
}

bool ChangeHistory::Read(Place* place, HistoryRecord* record) const {
  MYDIS_ASSERT(IsKept(*place), "only places that are kept are read");
  if (IsBeforeFirst(*place)) *place = {first_block_, 0};
  const Block* block = &blocks_[place->block - first_block_];
  if (place->offset == block->bytes.size()) {
    if (block == &blocks_.back()) return false;
    *place = {place->block + 1, 0};
    block = &blocks_[place->block - first_block_];
  }
  Header header;
  const char* at = block->bytes.data() + place->offset;
  std::memcpy(&header, at, sizeof header);
  at += sizeof header;
  *record = {.revision = header.revision,
             .kind = header.kind,
             .db = header.db,
             .type = header.type,
             .name = {at, header.name_size},
             .text = {at + header.name_size, header.text_size}};
  place->offset += sizeof header + header.name_size + header.text_size;
  return true;
}

}  // namespace mydis
