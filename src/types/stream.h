// A stream: entries of fields and values in the order of their IDs, and groups of consumers.
//
// Entries stand in nodes, which are listpacks in Redis's layout (stream_node.h), found by the ID of
// their first entry. A deleted entry stays in its node as a tombstone until the node goes. Where
// nodes end can be seen (XTRIM ~, XINFO), so it is part of the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "types/id_map.h"
#include "types/limits.h"
#include "types/stream_group.h"
#include "types/stream_id.h"
#include "types/stream_node.h"

namespace mydis {

// What XTRIM and the same options of XADD ask for.
struct StreamTrim {
  enum class Kind : uint8_t { kNone, kMaxLength, kMinId };
  Kind kind = Kind::kNone;
  bool approximate = false;  // Whole nodes only.
  uint64_t limit = 0;        // Entries to remove at most; 0: as many as it takes.
  uint64_t max_length = 0;
  StreamId min_id;
};

// A container (docs/containers.md); it is kept when it is empty.
class Stream {
 public:
  using Groups = std::map<std::string, StreamGroup, std::less<>>;
  using Nodes = IdMap<StreamNode>;
  // Fields and values by turns.
  using Fields = std::span<const std::string_view>;

  Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  Stream Clone() const;
  size_t size() const { return body().length; }
  size_t MemoryBytes() const { return body().memory; }
  void Save(Encoder& out) const;
  static bool Load(Decoder& in, Stream* target);
  std::string_view EncodingName() const { return "stream"; }
  void CheckInvariants() const;

  // --- Reading ---
  // 0-0 in an empty stream.
  StreamId first_id() const { return body().first_id; }
  // The largest ID ever given, whether or not its entry is still there.
  StreamId last_id() const { return body().last_id; }
  StreamId max_deleted_id() const { return body().max_deleted_id; }
  uint64_t entries_added() const { return body().entries_added; }
  const Nodes& nodes() const { return body().nodes; }
  const Groups& groups() const { return body().groups; }
  const StreamGroup* FindGroup(std::string_view name) const;
  bool Contains(StreamId id) const;
  // The largest ID of an entry that is there; 0-0 if there is none.
  StreamId LastEntryId() const;
  // How many entries up to `id` were ever added, as far as it can be known without counting.
  std::optional<int64_t> EntriesUpTo(StreamId id) const;
  // Whether an entry from `start` on may have been deleted by XDEL.
  bool HasTombstonesFrom(StreamId start) const;
  // Entries that the group has not read yet; nullopt if nobody knows.
  std::optional<int64_t> Lag(const StreamGroup& group) const;
  // Nodes of the radix tree in which Redis would keep the same stream.
  uint64_t RadixTreeNodes() const;

  // --- Changing ---
  // The ID that `*` stands for; nullopt after the last possible one.
  std::optional<StreamId> NextId(uint64_t now_ms) const;
  // Whether an entry with these fields and values can be kept.
  static bool CanHold(Fields fields);
  // REQUIRES: `id` is greater than last_id(), CanHold(fields).
  void Append(StreamId id, Fields fields, const EncodingLimits& limits);
  // Entries removed.
  uint64_t Trim(const StreamTrim& trim);
  // False if there is no such entry.
  bool Erase(StreamId id);
  // REQUIRES: no entry has a greater ID than `last_id`.
  void SetIds(StreamId last_id, std::optional<uint64_t> entries_added,
              std::optional<StreamId> max_deleted_id);
  // nullptr if there is no such group.
  StreamGroup* FindGroup(std::string_view name);
  // REQUIRES: there is no group of that name.
  StreamGroup& CreateGroup(std::string_view name);
  bool DestroyGroup(std::string_view name);
  // Keeps the group's account of what it has read when `id`, after its last, is delivered.
  void Advance(StreamGroup& group, StreamId id) const;

  // Adds a node that comes after all others, as a file has it. False if it does not fit: its IDs,
  // its form, its order.
  bool LoadNode(StreamId master, std::string_view listpack);
  // Takes what belongs to a stream beside its nodes; false if it contradicts them.
  bool LoadIds(uint64_t length, StreamId last_id, StreamId max_deleted_id, uint64_t entries_added);

 private:
  static constexpr size_t kBodyCost = 160;
  static constexpr size_t kGroupCost = 176;
  struct Body {
    size_t memory = kBodyCost;  // Before the groups, which count here until they end.
    Nodes nodes;
    uint64_t length = 0;
    StreamId first_id;
    StreamId last_id;
    StreamId max_deleted_id;
    uint64_t entries_added = 0;
    Groups groups;
  };
  static size_t NodeCost(const Listpack& entries) {
    return sizeof(StreamNode) + entries.byte_size();
  }

  const Body& body() const { return body_ != nullptr ? *body_ : kEmpty; }
  Body& MutableBody();
  void EraseNode(const Nodes::Cursor& cursor);
  void FindFirstId();

  static const Body kEmpty;
  std::unique_ptr<Body> body_;  // Made by the first change.
};

// Walks over the entries of a range in one direction. Any change of the stream makes it invalid.
class StreamIterator {
 public:
  enum class Direction : uint8_t { kForward, kBackward };
  explicit StreamIterator(const Stream& stream, StreamId start = {}, StreamId end = StreamId::Max(),
                          Direction direction = Direction::kForward);

  // Goes to the next entry; false at the end.
  bool Next();
  // REQUIRES: Next() gave true.
  StreamId id() const { return entry_.id; }
  size_t fields() const { return entry_.fields; }
  // Calls `visit(field, value)` for each, in order. The bytes live as long as the call.
  template <typename Visit>
  void ForEachField(Visit visit) const {
    header_.ForEachField(*entries_, entry_, visit);
  }

 private:
  bool NextForward();
  bool NextBackward();
  void Enter();

  StreamId start_;
  StreamId end_;
  Direction direction_;
  Stream::Nodes::Cursor node_;
  const Listpack* entries_ = nullptr;  // Of the current node; nullptr before the first.
  StreamNodeHeader header_;
  StreamEntry entry_;
  Listpack::Pos position_ = Listpack::kNone;  // Where the next entry is read from.
};

}  // namespace mydis
