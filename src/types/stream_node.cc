#include "types/stream_node.h"

namespace mydis {
namespace {

// Elements of an entry beside its fields and values: flags, ms, seq.
constexpr int64_t kFixedPieces = 3;

// The difference that is kept: modulo 2^64, since `seq` may be smaller than the master's.
int64_t Difference(uint64_t value, uint64_t base) { return static_cast<int64_t>(value - base); }
uint64_t Sum(uint64_t base, int64_t difference) { return base + static_cast<uint64_t>(difference); }

bool HasFieldsOfMaster(const Listpack& entries, const StreamNodeHeader& header,
                       std::span<const std::string_view> fields_and_values) {
  if (fields_and_values.size() / 2 != header.fields) return false;
  Listpack::Pos position = header.first_field;
  for (size_t i = 0; i < fields_and_values.size(); i += 2) {
    if (!entries.Read(&position).Equals(fields_and_values[i])) return false;
  }
  return true;
}

}  // namespace

StreamNodeHeader::StreamNodeHeader(const StreamNode& node) : id(node.id) {
  const Listpack& entries = node.entries;
  Listpack::Pos position = entries.First();
  live = entries.Read(&position).integer;
  deleted_position = position;
  deleted = entries.Read(&position).integer;
  fields = static_cast<size_t>(entries.Read(&position).integer);
  first_field = position;
}

Listpack::Pos StreamNodeHeader::FirstEntry(const Listpack& entries) const {
  Listpack::Pos position = first_field;
  for (size_t i = 0; i < fields; ++i) position = entries.Next(position);
  return entries.Next(position);  // Past the zero.
}

StreamEntry StreamNodeHeader::ReadEntry(const Listpack& entries, Listpack::Pos begin) const {
  StreamEntry entry;
  entry.begin = begin;
  entry.flags = entries.Read(&begin).integer;
  entry.id.ms = Sum(id.ms, entries.Read(&begin).integer);
  entry.id.seq = Sum(id.seq, entries.Read(&begin).integer);
  entry.fields = entry.same_fields() ? fields : static_cast<size_t>(entries.Read(&begin).integer);
  entry.data = begin;
  return entry;
}

Listpack::Pos StreamNodeHeader::After(const Listpack& entries, const StreamEntry& entry) {
  Listpack::Pos position = entry.data;
  const size_t pieces = entry.same_fields() ? entry.fields : entry.fields * 2;
  for (size_t i = 0; i < pieces; ++i) position = entries.Next(position);
  return entries.Next(position);  // Past the count of pieces.
}

Listpack::Pos StreamNodeHeader::Before(const Listpack& entries, Listpack::Pos next) {
  Listpack::Pos position = next == Listpack::kNone ? entries.Last() : entries.Prev(next);
  const int64_t pieces = entries.Get(position).integer;
  if (pieces == 0) return Listpack::kNone;
  for (int64_t i = 0; i < pieces; ++i) position = entries.Prev(position);
  return position;
}

StreamNode MakeStreamNode(StreamId id, std::span<const std::string_view> fields_and_values) {
  StreamNode node{id, {}};
  node.entries.AppendInteger(0);
  node.entries.AppendInteger(0);
  node.entries.AppendInteger(static_cast<int64_t>(fields_and_values.size() / 2));
  for (size_t i = 0; i < fields_and_values.size(); i += 2)
    node.entries.Append(fields_and_values[i]);
  node.entries.AppendInteger(0);
  return node;
}

void AppendStreamEntry(StreamNode& node, const StreamNodeHeader& header, StreamId id,
                       std::span<const std::string_view> fields_and_values) {
  Listpack& entries = node.entries;
  const bool same_fields = HasFieldsOfMaster(entries, header, fields_and_values);
  const auto fields = static_cast<int64_t>(fields_and_values.size() / 2);
  SetStreamNodeCounts(node, header, header.live + 1, header.deleted);
  entries.AppendInteger(same_fields ? StreamEntry::kSameFields : 0);
  entries.AppendInteger(Difference(id.ms, node.id.ms));
  entries.AppendInteger(Difference(id.seq, node.id.seq));
  if (!same_fields) entries.AppendInteger(fields);
  for (size_t i = 0; i < fields_and_values.size(); i += 2) {
    if (!same_fields) entries.Append(fields_and_values[i]);
    entries.Append(fields_and_values[i + 1]);
  }
  entries.AppendInteger(kFixedPieces + (same_fields ? fields : 2 * fields + 1));
}

void SetStreamNodeCounts(StreamNode& node, const StreamNodeHeader& header, int64_t live,
                         int64_t deleted) {
  if (deleted != header.deleted) node.entries.ReplaceInteger(header.deleted_position, deleted);
  if (live != header.live) node.entries.ReplaceInteger(node.entries.First(), live);
}

void MarkStreamEntryDeleted(StreamNode& node, const StreamEntry& entry) {
  node.entries.ReplaceInteger(entry.begin, entry.flags | StreamEntry::kDeleted);
}

namespace {

// Reads a node that anybody may have made. After the first surprise `ok` is false.
class NodeChecker {
 public:
  explicit NodeChecker(const StreamNode& node)
      : node_(node), left_(node.entries.size()), position_(node.entries.First()) {}

  bool Check() {
    const int64_t live = Integer();
    const int64_t deleted = Integer();
    const int64_t fields = Count();
    Skip(fields);
    if (Integer() != 0 || live < 0 || deleted < 0) return false;
    int64_t live_left = live;
    int64_t deleted_left = deleted;
    bool first = true;
    while (ok_ && left_ > 0) {
      const size_t before = left_;
      const int64_t flags = Integer();
      const StreamId id{Sum(node_.id.ms, Integer()), Sum(node_.id.seq, Integer())};
      const bool same_fields = (flags & StreamEntry::kSameFields) != 0;
      const int64_t of_entry = same_fields ? fields : Count();
      Skip(same_fields ? of_entry : 2 * of_entry);
      const auto pieces = static_cast<int64_t>(before - left_);
      if (Integer() != pieces || flags < 0 || flags > 3) return false;
      if (first ? id < node_.id : id <= last_) return false;
      last_ = id;
      first = false;
      --((flags & StreamEntry::kDeleted) != 0 ? deleted_left : live_left);
    }
    return ok_ && live_left == 0 && deleted_left == 0;
  }

 private:
  int64_t Integer() {
    if (!ok_ || left_ == 0) return Failed();
    --left_;
    const ListpackValue value = node_.entries.Read(&position_);
    return value.is_int ? value.integer : Failed();
  }
  // A number of elements, or of pairs, that may follow.
  int64_t Count() {
    const int64_t count = Integer();
    return count < 0 || static_cast<uint64_t>(count) > left_ ? Failed() : count;
  }
  void Skip(int64_t elements) {
    if (static_cast<uint64_t>(elements) > left_) Failed();
    for (; ok_ && elements > 0; --elements, --left_) position_ = node_.entries.Next(position_);
  }
  int64_t Failed() {
    ok_ = false;
    return 0;
  }

  const StreamNode& node_;
  size_t left_;
  Listpack::Pos position_;
  StreamId last_;
  bool ok_ = true;
};

}  // namespace

bool IsStreamNode(const StreamNode& node) { return NodeChecker(node).Check(); }

}  // namespace mydis
