#include "types/stream.h"

#include <vector>

namespace mydis {
namespace {

// Redis's limit of a node's bytes, and of what one entry may bring.
constexpr uint64_t kMaxNodeBytes = uint64_t{1} << 30;
// More than an element takes beside its bytes.
constexpr size_t kElementOverhead = 12;
constexpr size_t kEntryOverhead = 64;

size_t PlainBytes(Stream::Fields fields) {
  size_t bytes = 0;
  for (const std::string_view piece : fields) bytes += piece.size();
  return bytes;
}

// At least what the entry adds to a node, a new one at that.
size_t EncodedBytes(Stream::Fields fields) {
  return PlainBytes(fields) + fields.size() * kElementOverhead + kEntryOverhead;
}

// Whether an entry has to begin a new node.
bool IsFull(const StreamNode& node, const StreamNodeHeader& header, Stream::Fields fields,
            const EncodingLimits& limits) {
  uint64_t max_bytes = limits.stream_node_max_bytes;
  if (max_bytes == 0 || max_bytes > kMaxNodeBytes) max_bytes = kMaxNodeBytes;
  if (node.entries.byte_size() + PlainBytes(fields) >= max_bytes) return true;
  if (!node.entries.CanTake(EncodedBytes(fields))) return true;
  const auto entries = static_cast<uint64_t>(header.live + header.deleted);
  return limits.stream_node_max_entries > 0 && entries >= limits.stream_node_max_entries;
}

}  // namespace

const Stream::Body Stream::kEmpty{};

Stream::Stream() = default;
Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept = default;
Stream::~Stream() = default;

Stream::Body& Stream::MutableBody() {
  if (body_ == nullptr) body_ = std::make_unique<Body>();
  return *body_;
}

// --- Reading ---

bool Stream::Contains(StreamId id) const { return StreamIterator(*this, id, id).Next(); }

StreamId Stream::LastEntryId() const {
  if (size() == 0) return {};
  StreamIterator last(*this, {}, StreamId::Max(), StreamIterator::Direction::kBackward);
  MYDIS_ASSERT(last.Next(), "a stream with a length has an entry");
  return last.id();
}

std::optional<StreamId> Stream::NextId(uint64_t now_ms) const {
  if (now_ms > last_id().ms) return StreamId{now_ms, 0};
  return last_id().Next();
}

// --- Changing ---

bool Stream::CanHold(Fields fields) { return EncodedBytes(fields) <= kMaxNodeBytes; }

void Stream::Append(StreamId id, Fields fields, const EncodingLimits& limits) {
  MYDIS_ASSERT(id > last_id(), "IDs ascend");
  Body& body = MutableBody();
  StreamNode* node = body.nodes.empty() ? nullptr : &body.nodes.back();
  StreamNodeHeader header;
  if (node != nullptr) header = StreamNodeHeader(*node);
  if (node != nullptr && IsFull(*node, header, fields, limits)) {
    node->entries.ShrinkToFit();
    node = nullptr;
  }
  if (node == nullptr) {
    node = &body.nodes.Insert(MakeStreamNode(id, fields));
    body.memory += NodeCost(node->entries);
    header = StreamNodeHeader(*node);
  }
  const size_t before = node->entries.byte_size();
  AppendStreamEntry(*node, header, id, fields);
  body.memory += node->entries.byte_size() - before;
  ++body.length;
  ++body.entries_added;
  body.last_id = id;
  if (body.length == 1) body.first_id = id;
}

bool Stream::Erase(StreamId id) {
  const Nodes::Cursor cursor = nodes().Floor(id);
  if (!cursor.valid()) return false;
  const StreamNodeHeader header(*cursor);
  const Listpack& entries = cursor->entries;
  Listpack::Pos position = header.FirstEntry(entries);
  while (position != Listpack::kNone) {
    const StreamEntry entry = header.ReadEntry(entries, position);
    if (entry.id > id) return false;
    if (entry.id == id) {
      if (entry.deleted()) return false;
      Body& body = MutableBody();
      --body.length;
      body.max_deleted_id = std::max(body.max_deleted_id, id);
      if (header.live == 1) {
        EraseNode(cursor);
      } else {
        StreamNode& node = body.nodes.At(cursor);
        const size_t before = entries.byte_size();
        MarkStreamEntryDeleted(node, entry);
        SetStreamNodeCounts(node, header, header.live - 1, header.deleted + 1);
        body.memory += entries.byte_size() - before;
      }
      if (id == body.first_id || body.length == 0) FindFirstId();
      return true;
    }
    position = StreamNodeHeader::After(entries, entry);
  }
  return false;
}

void Stream::EraseNode(const Nodes::Cursor& cursor) {
  body_->memory -= NodeCost(cursor->entries);
  body_->nodes.Erase(cursor);
}

void Stream::FindFirstId() {
  StreamIterator first(*this);
  body_->first_id = first.Next() ? first.id() : StreamId{};
}

uint64_t Stream::Trim(const StreamTrim& trim) {
  if (trim.kind == StreamTrim::Kind::kNone || body_ == nullptr) return 0;
  const bool by_length = trim.kind == StreamTrim::Kind::kMaxLength;
  Body& body = *body_;
  uint64_t removed = 0;
  while (!body.nodes.empty() && !(by_length && body.length <= trim.max_length)) {
    const Nodes::Cursor cursor = body.nodes.Begin();
    StreamNode& node = body.nodes.At(cursor);
    const StreamNodeHeader header(node);
    const auto live = static_cast<uint64_t>(header.live);
    if (trim.limit > 0 && removed + live > trim.limit) break;
    const bool whole =
        by_length
            ? body.length - live >= trim.max_length
            : header.ReadEntry(node.entries, header.Before(node.entries, Listpack::kNone)).id <
                  trim.min_id;
    if (whole) {
      EraseNode(cursor);
      body.length -= live;
      removed += live;
      continue;
    }
    if (trim.approximate) break;
    // Entries of this node go one by one; no other node has any to remove.
    uint64_t marked = 0;
    Listpack::Pos position = header.FirstEntry(node.entries);
    while (position != Listpack::kNone) {
      const StreamEntry entry = header.ReadEntry(node.entries, position);
      if (by_length ? body.length <= trim.max_length : entry.id >= trim.min_id) break;
      if (!entry.deleted()) {
        MarkStreamEntryDeleted(node, entry);
        ++marked;
        --body.length;
      }
      position = StreamNodeHeader::After(node.entries, entry);
    }
    const size_t before = node.entries.byte_size();
    SetStreamNodeCounts(node, header, header.live - static_cast<int64_t>(marked),
                        header.deleted + static_cast<int64_t>(marked));
    body.memory += node.entries.byte_size() - before;
    removed += marked;
    break;
  }
  if (removed > 0) FindFirstId();
  return removed;
}

void Stream::SetIds(StreamId last_id, std::optional<uint64_t> entries_added,
                    std::optional<StreamId> max_deleted_id) {
  Body& body = MutableBody();
  body.last_id = last_id;
  if (entries_added) body.entries_added = *entries_added;
  if (max_deleted_id) body.max_deleted_id = *max_deleted_id;
}

}  // namespace mydis
