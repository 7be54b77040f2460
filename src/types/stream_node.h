// A node of a stream: a listpack that begins with a master entry, whose fields the entries share.
//
//   live | deleted | fields | field … | 0                         the master entry
//   flags | ms | seq | value … | pieces                           kSameFields: as the master has
//   them flags | ms | seq | fields | { field | value } … | pieces
//
// `ms` and `seq` are differences from the master ID, which is the ID of the node's first entry.
// `pieces` counts the elements before it, so that the entry can be read backwards. It is Redis's
// layout byte for byte.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "types/listpack.h"
#include "types/stream_id.h"

namespace mydis {

// What a stream's index keeps of a node.
struct StreamNode {
  StreamId id;  // The master ID.
  Listpack entries;
};

struct StreamEntry {
  static constexpr int64_t kDeleted = 1;
  static constexpr int64_t kSameFields = 2;

  StreamId id;
  int64_t flags = 0;
  size_t fields = 0;
  Listpack::Pos begin = Listpack::kNone;  // Its flags.
  Listpack::Pos data = Listpack::kNone;   // Its first field or value, or `pieces` if it has none.

  bool deleted() const { return (flags & kDeleted) != 0; }
  bool same_fields() const { return (flags & kSameFields) != 0; }
};

// The master entry of one node, taken apart. Valid until the node changes.
struct StreamNodeHeader {
  StreamId id;
  int64_t live = 0;
  int64_t deleted = 0;
  size_t fields = 0;
  Listpack::Pos deleted_position = Listpack::kNone;
  Listpack::Pos first_field = Listpack::kNone;

  explicit StreamNodeHeader() = default;
  explicit StreamNodeHeader(const StreamNode& node);

  // Where the first entry begins.
  Listpack::Pos FirstEntry(const Listpack& entries) const;
  // The entry whose flags stand at `begin`.
  StreamEntry ReadEntry(const Listpack& entries, Listpack::Pos begin) const;
  // Where the entry after `entry` begins; kNone after the last.
  static Listpack::Pos After(const Listpack& entries, const StreamEntry& entry);
  // Where the entry begins that ends just before the element at `next`; kNone for the end of the
  // node. The result is kNone before the first entry.
  static Listpack::Pos Before(const Listpack& entries, Listpack::Pos next);

  template <typename Visit>
  void ForEachField(const Listpack& entries, const StreamEntry& entry, Visit visit) const {
    ListpackValue::Scratch field_digits;
    ListpackValue::Scratch value_digits;
    Listpack::Pos value_position = entry.data;
    Listpack::Pos field_position = entry.same_fields() ? first_field : entry.data;
    for (size_t i = 0; i < entry.fields; ++i) {
      const ListpackValue field = entries.Read(&field_position);
      if (!entry.same_fields()) value_position = field_position;
      const ListpackValue value = entries.Read(&value_position);
      if (!entry.same_fields()) field_position = value_position;
      visit(field.string(field_digits), value.string(value_digits));
    }
  }
};

// A new node without entries whose master has these fields (fields and values by turns).
StreamNode MakeStreamNode(StreamId id, std::span<const std::string_view> fields_and_values);
// Adds an entry behind all others. REQUIRES: `header` is the node's.
void AppendStreamEntry(StreamNode& node, const StreamNodeHeader& header, StreamId id,
                       std::span<const std::string_view> fields_and_values);
// Sets both counts, the deleted one first, since positions before a change stay.
void SetStreamNodeCounts(StreamNode& node, const StreamNodeHeader& header, int64_t live,
                         int64_t deleted);
// Makes the entry a tombstone, without changing the counts.
void MarkStreamEntryDeleted(StreamNode& node, const StreamEntry& entry);
// Whether a listpack is a node: its form, its counts, ascending IDs. All of its entries may be
// deleted: XTRIM MINID leaves such a node, as in Redis.
// REQUIRES: Listpack::Validate has accepted it.
bool IsStreamNode(const StreamNode& node);

}  // namespace mydis
