#include "types/list_nodes.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace mydis {

ListNodeLimit::ListNodeLimit(int64_t setting) : by_count_(setting >= 0) {
  constexpr size_t kBytes[] = {4096, 8192, 16384, 32768, 65536};
  // Nodes limited by their elements have no more bytes than this either, as in Redis.
  constexpr size_t kSafeBytes = 8192;
  if (by_count_) {
    count_ = setting == 0 ? 1 : static_cast<size_t>(setting);
    bytes_ = kSafeBytes;
  } else {
    count_ = std::numeric_limits<size_t>::max();
    bytes_ =
        kBytes[std::min<uint64_t>(static_cast<uint64_t>(-(setting + 1)), std::size(kBytes) - 1)];
  }
}

bool ListNodeLimit::AllowsSmall(size_t bytes, size_t count, bool shrunk) const {
  const size_t part = shrunk ? 2 : 1;
  return by_count_ ? count <= count_ / part : bytes <= bytes_ / part;
}

void ListNodes::Block::TakeAll(Block& other) {
  elements += other.elements;
  std::move(other.nodes.begin(), other.nodes.end(), std::back_inserter(nodes));
}

ListNodes ListNodes::Clone() const {
  ListNodes clone;
  for (const Block& block : blocks_) {
    for (const Node& node : block.nodes) clone.AppendNode(node.pack.Clone());
  }
  return clone;
}

bool ListNodes::Next(Place* place) const {
  if (place->node + 1 < blocks_[place->block].nodes.size()) {
    ++place->node;
  } else if (place->block + 1 < blocks_.size()) {
    *place = {place->block + 1, 0};
  } else {
    return false;
  }
  return true;
}

bool ListNodes::Prev(Place* place) const {
  if (place->node > 0) {
    --place->node;
  } else if (place->block > 0) {
    *place = {place->block - 1, blocks_[place->block - 1].nodes.size() - 1};
  } else {
    return false;
  }
  return true;
}

ListNodes::Place ListNodes::Seek(size_t index, size_t* within) const {
  Place place;
  if (index < size_ / 2) {
    for (; index >= blocks_[place.block].elements; ++place.block)
      index -= blocks_[place.block].elements;
  } else {
    // Counted from the end: the elements behind the start of the block.
    size_t behind = 0;
    place.block = blocks_.size();
    do behind += blocks_[--place.block].elements;
    while (size_ - behind > index);
    index -= size_ - behind;
  }
  const Block& block = blocks_[place.block];
  if (index < block.elements / 2) {
    for (; index >= block.nodes[place.node].count; ++place.node)
      index -= block.nodes[place.node].count;
  } else {
    size_t start = block.elements;
    place.node = block.nodes.size();
    do start -= block.nodes[--place.node].count;
    while (start > index);
    index -= start;
  }
  *within = index;
  return place;
}

ListNodes::Node ListNodes::MakeNode(Listpack pack) {
  const auto count = static_cast<uint32_t>(pack.size());
  const auto bytes = static_cast<uint32_t>(pack.byte_size());
  return {std::move(pack), count, bytes};
}

ListNodes::Node ListNodes::MakeNode(std::string_view value) {
  Listpack pack;
  pack.Append(value);
  return MakeNode(std::move(pack));
}

void ListNodes::AppendNode(Listpack pack) {
  if (blocks_.empty()) blocks_.emplace_back();
  InsertNode({blocks_.size() - 1, blocks_.back().nodes.size()}, MakeNode(std::move(pack)));
}

void ListNodes::PushFront(std::string_view value, const ListNodeLimit& limit) {
  if (blocks_.empty()) return AppendNode(MakeNode(value).pack);
  Node& node = NodeAt(First());
  if (!limit.AllowsOneMore(node.bytes, node.count, value.size())) {
    InsertNode(First(), MakeNode(value));
    return;
  }
  node.pack.Prepend(value);
  Changed(First(), 1);
}

void ListNodes::PushBack(std::string_view value, const ListNodeLimit& limit) {
  if (blocks_.empty()) return AppendNode(MakeNode(value).pack);
  Node& node = NodeAt(Last());
  if (!limit.AllowsOneMore(node.bytes, node.count, value.size())) {
    node.pack.ShrinkToFit();
    return AppendNode(MakeNode(value).pack);
  }
  node.pack.Append(value);
  Changed(Last(), 1);
}

void ListNodes::Insert(size_t index, bool after, std::string_view value,
                       const ListNodeLimit& limit) {
  size_t within = 0;
  const Place place = Seek(index, &within);
  Node& node = NodeAt(place);
  const Listpack::Pos pos = node.pack.Seek(static_cast<int64_t>(within));
  if (limit.AllowsOneMore(node.bytes, node.count, value.size())) {
    node.pack.Insert(after ? node.pack.Next(pos) : pos, value);
    return Changed(place, 1);
  }
  const bool at_end = within + 1 == node.count;
  if (!(after ? at_end : within == 0)) return SplitAndInsert(place, pos, after, value, limit);
  // At an end of a full node: the neighbour takes it, or a node between.
  Place beside = place;
  if (after ? Next(&beside) : Prev(&beside)) {
    Node& neighbour = NodeAt(beside);
    if (limit.AllowsOneMore(neighbour.bytes, neighbour.count, value.size())) {
      neighbour.pack.Insert(after ? neighbour.pack.First() : Listpack::kNone, value);
      return Changed(beside, 1);
    }
  }
  InsertNode({place.block, place.node + (after ? 1 : 0)}, MakeNode(value));
}

void ListNodes::SplitAndInsert(Place place, Listpack::Pos pos, bool after, std::string_view value,
                               const ListNodeLimit& limit) {
  Node& left = NodeAt(place);
  Node right = MakeNode(left.pack.SplitOff(after ? left.pack.Next(pos) : pos));
  Changed(place, -static_cast<int64_t>(right.count));
  const Node& taker = after ? right : left;
  const bool fits = limit.AllowsOneMore(taker.bytes, taker.count, value.size());
  if (fits && after) {
    right.pack.Prepend(value);
    right = MakeNode(std::move(right.pack));
  } else if (fits) {
    left.pack.Append(value);
    Changed(place, 1);
  }
  place = InsertNode({place.block, place.node + 1}, std::move(right));
  if (!fits) {
    place = InsertNode(place, MakeNode(value));
    Next(&place);
  }
  // So that insertions here and there leave no trail of short nodes.
  MergeWithNext(place, limit);
  if (!fits) Prev(&place);
  if (Prev(&place) && Prev(&place)) MergeWithNext(place, limit);
}

void ListNodes::MergeWithNext(Place place, const ListNodeLimit& limit) {
  Place next = place;
  if (!Next(&next)) return;
  Node& node = NodeAt(place);
  Node& other = NodeAt(next);
  if (!limit.Allows(node.bytes + other.bytes - Listpack::kEmptyBytes, node.count + other.count))
    return;
  const int64_t moved = other.count;
  node.pack.Concatenate(other.pack);
  other.pack.Clear();
  Changed(place, moved);
  Changed(next, -moved);
  EraseEmptyNodes(next.block);
}

void ListNodes::Replace(size_t index, std::string_view value, const ListNodeLimit& limit) {
  size_t within = 0;
  const Place place = Seek(index, &within);
  Node& node = NodeAt(place);
  const Listpack::Pos pos = node.pack.Seek(static_cast<int64_t>(within));
  const Listpack::Pos next = node.pack.Next(pos);
  const size_t old_bytes = (next == Listpack::kNone ? node.pack.byte_size() - 1 : next) - pos;
  if (node.count == 1 ||
      limit.AllowsOneMore(node.bytes - old_bytes, node.count - 1, value.size())) {
    node.pack.Replace(pos, value);
    return Changed(place, 0);
  }
  Insert(index, true, value, limit);
  Erase(index, 1);
}

void ListNodes::Erase(size_t index, size_t count) {
  if (count == 0) return;
  size_t within = 0;
  Place place = Seek(index, &within);
  while (count > 0) {
    Block& block = blocks_[place.block];
    if (place.node == 0 && within == 0 && block.elements <= count) {
      count -= EraseBlocks(place.block, count);
      continue;
    }
    const size_t kept = block.elements;
    bool emptied = false;
    for (; place.node < block.nodes.size() && count > 0; ++place.node, within = 0) {
      Node& node = block.nodes[place.node];
      const size_t erased = std::min<size_t>(count, node.count - within);
      node.pack.Erase(node.pack.Seek(static_cast<int64_t>(within)), erased);
      Changed(place, -static_cast<int64_t>(erased));
      emptied = emptied || node.count == 0;
      count -= erased;
    }
    MYDIS_ASSERT(block.elements > 0 && block.elements < kept, "part of the block goes");
    if (emptied) EraseEmptyNodes(place.block);
    place = {place.block + 1, 0};
  }
  // The blocks before and behind the gap.
  for (size_t block = place.block + 1; block-- > 0 && block + 2 >= place.block;) MergeBlock(block);
}

size_t ListNodes::EraseBlocks(size_t first, size_t limit) {
  size_t erased = 0;
  size_t end = first;
  for (; end < blocks_.size() && blocks_[end].elements <= limit - erased; ++end) {
    erased += blocks_[end].elements;
    node_count_ -= blocks_[end].nodes.size();
    for (const Node& node : blocks_[end].nodes) bytes_ -= node.bytes;
  }
  size_ -= erased;
  const auto begin = blocks_.begin() + static_cast<ptrdiff_t>(first);
  blocks_.erase(begin, begin + static_cast<ptrdiff_t>(end - first));
  return erased;
}

size_t ListNodes::Remove(const ListpackNeedle& needle, size_t limit, bool from_back) {
  size_t removed = 0;
  for (size_t i = 0; i < blocks_.size() && removed < limit;) {
    const size_t block = from_back ? blocks_.size() - 1 - i : i;
    const size_t nodes = blocks_[block].nodes.size();
    const size_t before = removed;
    for (size_t n = 0; n < nodes && removed < limit; ++n) {
      const Place place = {block, from_back ? nodes - 1 - n : n};
      const size_t erased = NodeAt(place).pack.EraseMatches(needle, limit - removed, from_back);
      if (erased > 0) Changed(place, -static_cast<int64_t>(erased));
      removed += erased;
    }
    const size_t blocks = blocks_.size();
    if (removed > before) EraseEmptyNodes(block);
    if (blocks_.size() == blocks) ++i;
  }
  if (removed > 0) MergeBlocks();
  return removed;
}

Listpack ListNodes::TakeOnly() {
  Listpack pack = std::move(NodeAt(First()).pack);
  *this = ListNodes();
  return pack;
}

void ListNodes::Changed(Place place, int64_t added) {
  Node& node = NodeAt(place);
  const size_t bytes = node.pack.empty() ? 0 : node.pack.byte_size();
  bytes_ = bytes_ - node.bytes + bytes;
  node.bytes = static_cast<uint32_t>(bytes);
  node.count += static_cast<uint32_t>(added);
  blocks_[place.block].elements += static_cast<size_t>(added);
  size_ += static_cast<size_t>(added);
}

ListNodes::Place ListNodes::InsertNode(Place place, Node node) {
  if (blocks_[place.block].nodes.size() == kBlockNodes) {
    // At the ends of the block a new one, elsewhere two halves.
    const size_t kept = place.node == 0 || place.node == kBlockNodes ? place.node : kBlockNodes / 2;
    const auto next = blocks_.emplace(blocks_.begin() + static_cast<ptrdiff_t>(place.block) + 1);
    Block& block = blocks_[place.block];
    const auto begin = block.nodes.begin() + static_cast<ptrdiff_t>(kept);
    for (auto it = begin; it != block.nodes.end(); ++it) next->elements += it->count;
    next->nodes.assign(std::make_move_iterator(begin), std::make_move_iterator(block.nodes.end()));
    block.nodes.erase(begin, block.nodes.end());
    block.elements -= next->elements;
    if (place.node > kept || (place.node == kept && kept == kBlockNodes))
      place = {place.block + 1, place.node - kept};
  }
  Block& block = blocks_[place.block];
  size_ += node.count;
  bytes_ += node.bytes;
  ++node_count_;
  block.elements += node.count;
  block.nodes.insert(block.nodes.begin() + static_cast<ptrdiff_t>(place.node), std::move(node));
  return place;
}

void ListNodes::EraseEmptyNodes(size_t index) {
  Block& block = blocks_[index];
  node_count_ -= std::erase_if(block.nodes, [](const Node& node) { return node.count == 0; });
  if (block.nodes.empty()) blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(index));
}

void ListNodes::MergeBlock(size_t index) {
  if (index + 1 >= blocks_.size()) return;
  Block& block = blocks_[index];
  Block& next = blocks_[index + 1];
  if (block.nodes.size() + next.nodes.size() > kBlockNodes / 2) return;
  block.TakeAll(next);
  blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(index) + 1);
}

void ListNodes::MergeBlocks() {
  std::deque<Block> merged;
  for (Block& block : blocks_) {
    if (!merged.empty() && merged.back().nodes.size() + block.nodes.size() <= kBlockNodes / 2) {
      merged.back().TakeAll(block);
    } else {
      merged.push_back(std::move(block));
    }
  }
  blocks_ = std::move(merged);
}

void ListNodes::CheckInvariants() const {
  size_t size = 0;
  size_t nodes = 0;
  size_t bytes = 0;
  for (const Block& block : blocks_) {
    MYDIS_ASSERT(!block.nodes.empty() && block.nodes.size() <= kBlockNodes, "a block's size");
    size_t elements = 0;
    for (const Node& node : block.nodes) {
      node.pack.CheckInvariants();
      MYDIS_ASSERT(node.count > 0 && node.count == node.pack.size(), "a node's elements");
      MYDIS_ASSERT(node.bytes == node.pack.byte_size(), "a node's bytes");
      elements += node.count;
      bytes += node.bytes;
    }
    MYDIS_ASSERT(elements == block.elements, "a block's elements");
    nodes += block.nodes.size();
    size += elements;
  }
  MYDIS_ASSERT(size == size_ && nodes == node_count_ && bytes == bytes_, "a list's counts");
}

}  // namespace mydis
