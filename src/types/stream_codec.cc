// How a stream is saved, copied and checked.
#include <algorithm>
#include <bit>
#include <span>
#include <vector>

#include "types/stream.h"

namespace mydis {
namespace {

StreamId ReadId(Decoder& in) {
  const uint64_t ms = in.U64();
  return {ms, in.U64()};
}

void WriteId(Encoder& out, StreamId id) {
  out.U64(id.ms);
  out.U64(id.seq);
}

// How many leading bytes of their 16, high bytes first, two IDs share.
int SharedBytes(StreamId a, StreamId b) {
  if (a.ms != b.ms) return std::countl_zero(a.ms ^ b.ms) / 8;
  return 8 + std::countl_zero(a.seq ^ b.seq) / 8;
}

int ByteAt(StreamId id, int index) {
  const uint64_t half = index < 8 ? id.ms : id.seq;
  return static_cast<int>(half >> (56 - index % 8 * 8) & 0xff);
}

// Nodes of a radix tree below depth `depth`, over ascending keys of 16 bytes that share as many:
// one where keys part, one for each key, and one for each run of bytes between those.
uint64_t CountTree(std::span<const StreamId> keys, int depth) {
  constexpr int kKeyBytes = 16;
  if (keys.size() == 1) return depth < kKeyBytes ? 2 : 1;
  const int parting = SharedBytes(keys.front(), keys.back());
  uint64_t nodes = depth < parting ? 2 : 1;
  while (!keys.empty()) {
    const int byte = ByteAt(keys.front(), parting);
    const auto end = std::ranges::upper_bound(
        keys, byte, {}, [parting](StreamId id) { return ByteAt(id, parting); });
    const auto count = static_cast<size_t>(end - keys.begin());
    nodes += CountTree(keys.first(count), parting + 1);
    keys = keys.subspan(count);
  }
  return nodes;
}

}  // namespace

// length | last and largest deleted ID | entries added |
// nodes, each { master ID, listpack } | groups, each { name, group }
void Stream::Save(Encoder& out) const {
  const Body& from = body();
  out.Varint(from.length);
  WriteId(out, from.last_id);
  WriteId(out, from.max_deleted_id);
  out.Varint(from.entries_added);
  out.Varint(from.nodes.size());
  for (auto at = from.nodes.Begin(); at.valid(); at.Next()) {
    WriteId(out, at->id);
    out.Bytes(at->entries.bytes());
  }
  out.Varint(from.groups.size());
  for (const auto& [name, group] : from.groups) {
    out.Bytes(name);
    group.Save(out);
  }
}

bool Stream::Load(Decoder& in, Stream* target) {
  Stream loaded;
  const uint64_t length = in.Varint();
  const StreamId last = ReadId(in);
  const StreamId max_deleted = ReadId(in);
  const uint64_t entries_added = in.Varint();
  for (uint64_t n = in.Varint(); n > 0; --n) {
    const StreamId master = ReadId(in);
    if (!loaded.LoadNode(master, in.Bytes()) || !in.ok()) return false;
  }
  if (!loaded.LoadIds(length, last, max_deleted, entries_added)) return false;
  const std::string* previous = nullptr;
  for (uint64_t n = in.Varint(); n > 0; --n) {
    const std::string_view name = in.Bytes();
    if (!in.ok() || (previous != nullptr && name <= *previous)) return false;
    if (!loaded.CreateGroup(name).Load(in)) return false;
    previous = &loaded.body_->groups.rbegin()->first;
  }
  if (!in.ok()) return false;
  *target = std::move(loaded);
  return true;
}

bool Stream::LoadNode(StreamId master, std::string_view listpack) {
  if (!Listpack::Validate(listpack)) return false;
  StreamNode node{master, Listpack::FromBytes(listpack)};
  if (!IsStreamNode(node)) return false;
  Body& body = MutableBody();
  const StreamNodeHeader header(node);
  const auto end = StreamNodeHeader::Before(node.entries, Listpack::kNone);
  const StreamId last = header.ReadEntry(node.entries, end).id;
  // `last_id` is that of the nodes before, until LoadIds says more.
  if (!body.nodes.empty() && master <= body.last_id) return false;
  body.last_id = last;
  body.length += static_cast<uint64_t>(header.live);
  body.memory += NodeCost(node.entries);
  body.nodes.Insert(std::move(node));
  return true;
}

bool Stream::LoadIds(uint64_t length, StreamId last_id, StreamId max_deleted_id,
                     uint64_t entries_added) {
  Body& body = MutableBody();
  if (body.length != length || last_id < body.last_id) return false;
  FindFirstId();
  body.last_id = last_id;
  body.max_deleted_id = max_deleted_id;
  body.entries_added = entries_added;
  return true;
}

Stream Stream::Clone() const {
  Stream copy;
  if (body_ == nullptr) return copy;
  Body& to = copy.MutableBody();
  for (auto at = body_->nodes.Begin(); at.valid(); at.Next()) {
    to.nodes.Insert({at->id, at->entries.Clone()});
    to.memory += NodeCost(at->entries);
  }
  to.length = body_->length;
  to.first_id = body_->first_id;
  to.last_id = body_->last_id;
  to.max_deleted_id = body_->max_deleted_id;
  to.entries_added = body_->entries_added;
  for (const auto& [name, group] : body_->groups) copy.CreateGroup(name).CopyFrom(group);
  return copy;
}

uint64_t Stream::RadixTreeNodes() const {
  std::vector<StreamId> keys;
  for (auto at = nodes().Begin(); at.valid(); at.Next()) keys.push_back(at->id);
  return keys.empty() ? 1 : CountTree(keys, 0);
}

void Stream::CheckInvariants() const {
  const Body& from = body();
  from.nodes.CheckInvariants();
  size_t memory = kBodyCost;
  uint64_t length = 0;
  StreamId last;
  for (auto at = from.nodes.Begin(); at.valid(); at.Next()) {
    at->entries.CheckInvariants();
    MYDIS_ASSERT(IsStreamNode(*at), "each node has its form");
    MYDIS_ASSERT(last.zero() || last < at->id, "nodes follow each other");
    const StreamNodeHeader header(*at);
    const auto end = StreamNodeHeader::Before(at->entries, Listpack::kNone);
    last = header.ReadEntry(at->entries, end).id;
    length += static_cast<uint64_t>(header.live);
    memory += NodeCost(at->entries);
  }
  MYDIS_ASSERT(length == from.length, "the length counts what is not deleted");
  MYDIS_ASSERT(last <= from.last_id, "no entry comes after the last ID");
  StreamIterator first(*this);
  MYDIS_ASSERT(from.first_id == (first.Next() ? first.id() : StreamId{}), "the first ID is right");
  for (const auto& [name, group] : from.groups) {
    group.CheckInvariants();
    memory += kGroupCost + name.size() + group.CountMemory();
  }
  MYDIS_ASSERT(memory == from.memory, "the memory is counted");
}

}  // namespace mydis
