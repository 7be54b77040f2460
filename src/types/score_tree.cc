#include "types/score_tree.h"

#include <vector>

#include "base/assert.h"

namespace mydis {

struct ScoreTree::Nodes {
  template <typename Node, typename Entry>
  static void Open(Node& node, uint32_t index, const Entry& entry) {
    std::copy_backward(node.entries + index, node.entries + node.size,
                       node.entries + node.size + 1);
    node.entries[index] = entry;
    ++node.size;
  }
  template <typename Node>
  static void Close(Node& node, uint32_t index) {
    std::copy(node.entries + index + 1, node.entries + node.size, node.entries + index);
    --node.size;
  }
  // Moves the entries from `index` on to the front of `right`.
  template <typename Node>
  static void MoveTail(Node& left, uint32_t index, Node& right) {
    const uint32_t moved = left.size - index;
    std::copy_backward(right.entries, right.entries + right.size,
                       right.entries + right.size + moved);
    std::copy(left.entries + index, left.entries + left.size, right.entries);
    left.size = index;
    right.size += moved;
  }
  // Moves the first `moved` entries to the end of `left`.
  template <typename Node>
  static void MoveHead(Node& right, uint32_t moved, Node& left) {
    std::copy(right.entries, right.entries + moved, left.entries + left.size);
    std::copy(right.entries + moved, right.entries + right.size, right.entries);
    left.size += moved;
    right.size -= moved;
  }
  template <typename Node>
  static Branch BranchTo(Node* node) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->size; ++i) count += Node::CountOf(node->entries[i]);
    return {Node::MinOf(node->entries[0]), count, node};
  }
  // Before a right neighbour is deleted.
  static void Unlink(Leaf* right) {
    right->previous->next = right->next;
    if (right->next != nullptr) right->next->previous = right->previous;
  }
  static void Unlink(Inner*) {}

  // The least element of the leaf at the end of the path has become `min`.
  static void SetMin(const Path& path, Item min) {
    for (uint32_t depth = path.size; depth > 0; --depth) {
      const Step& step = path.steps[depth - 1];
      step.node->entries[step.index].min = min;
      if (step.index > 0) return;
    }
  }
  static void AddToCounts(const Path& path, uint32_t change) {
    for (uint32_t i = 0; i < path.size; ++i)
      path.steps[i].node->entries[path.steps[i].index].count += change;
  }
  // A full leaf is halved, but at the ends of the order, where elements often come in a row, the
  // new element starts a leaf of its own and the full one stays full.
  static uint32_t SplitPoint(const Leaf& leaf, uint32_t index) {
    if (index == leaf.size && leaf.next == nullptr) return leaf.size;
    if (index == 0 && leaf.previous == nullptr) return 0;
    return leaf.size / 2;
  }
};

ScoreTree::Cursor ScoreTree::At(uint32_t rank) const {
  const void* node = root_;
  for (uint32_t level = height_; level > 0; --level) {
    const Inner* inner = static_cast<const Inner*>(node);
    uint32_t i = 0;
    while (rank >= inner->entries[i].count) rank -= inner->entries[i++].count;
    node = inner->entries[i].child;
  }
  return Cursor(static_cast<const Leaf*>(node), rank);
}

// The place before which (score, text) is or would be.
ScoreTree::Place ScoreTree::Descend(double score, std::string_view text, Path& path) const {
  // A branch may begin with the element itself: go down the last that is not after it.
  const auto not_after = [&](Item item) {
    return item.score != score ? item.score < score : members_.MemberAt(item.position) <= text;
  };
  void* node = root_;
  for (uint32_t level = height_; level > 0; --level) {
    Inner* const inner = static_cast<Inner*>(node);
    const uint32_t i = ChildFor(*inner, not_after);
    path.steps[path.size++] = {inner, i};
    node = inner->entries[i].child;
  }
  Leaf* const leaf = static_cast<Leaf*>(node);
  return {leaf, EntryFor(*leaf, [&](Item item) { return Less(item, score, text); })};
}

ScoreTree::Place ScoreTree::Locate(Item item, Path& path) const {
  const Place place = Descend(item.score, members_.MemberAt(item.position), path);
  MYDIS_ASSERT(
      place.index < place.leaf->size && place.leaf->entries[place.index].position == item.position,
      "the order of a sorted set has every member");
  return place;
}

void ScoreTree::Insert(Item item) {
  Path path;
  const auto [leaf, index] = Descend(item.score, members_.MemberAt(item.position), path);
  Nodes::AddToCounts(path, 1);
  ++size_;
  if (index == 0) Nodes::SetMin(path, item);
  if (leaf->size < Leaf::kCapacity) [[likely]] {
    return Nodes::Open(*leaf, index, item);
  }
  Leaf* const right = new Leaf;
  const uint32_t split = Nodes::SplitPoint(*leaf, index);
  Nodes::MoveTail(*leaf, split, *right);
  right->next = leaf->next;
  right->previous = leaf;
  if (right->next != nullptr) right->next->previous = right;
  leaf->next = right;
  if (index > split || leaf->size == Leaf::kCapacity) {
    Nodes::Open(*right, index - split, item);
  } else {
    Nodes::Open(*leaf, index, item);
  }
  AddSibling(path, path.size, Nodes::BranchTo(leaf), Nodes::BranchTo(right));
}

// The node that `depth` steps lead to has become `left`, with `right` new beside it.
void ScoreTree::AddSibling(const Path& path, uint32_t depth, Branch left, Branch right) {
  for (; depth > 0; --depth) {
    Inner* const node = path.steps[depth - 1].node;
    const uint32_t index = path.steps[depth - 1].index;
    node->entries[index] = left;
    if (node->size < Inner::kCapacity) return Nodes::Open(*node, index + 1, right);
    Inner* const sibling = new Inner;
    // A row of elements at the end leaves fuller nodes behind here too.
    const uint32_t split = index + 1 == node->size ? node->size * 3 / 4 : node->size / 2;
    Nodes::MoveTail(*node, split, *sibling);
    if (index + 1 > split) {
      Nodes::Open(*sibling, index + 1 - split, right);
    } else {
      Nodes::Open(*node, index + 1, right);
    }
    left = Nodes::BranchTo(node);
    right = Nodes::BranchTo(sibling);
  }
  Inner* const root = new Inner;
  root->entries[0] = left;
  root->entries[1] = right;
  root->size = 2;
  root_ = root;
  ++height_;
}

void ScoreTree::Erase(Item item) {
  Path path;
  const Place place = Locate(item, path);
  EraseEntry(place, path);
}

ScoreTree::Item ScoreTree::EraseAt(uint32_t rank) {
  Path path;
  void* node = root_;
  for (uint32_t level = height_; level > 0; --level) {
    Inner* const inner = static_cast<Inner*>(node);
    uint32_t i = 0;
    while (rank >= inner->entries[i].count) rank -= inner->entries[i++].count;
    path.steps[path.size++] = {inner, i};
    node = inner->entries[i].child;
  }
  Leaf* const leaf = static_cast<Leaf*>(node);
  const Item item = leaf->entries[rank];
  EraseEntry({leaf, rank}, path);
  return item;
}

void ScoreTree::EraseEntry(Place place, const Path& path) {
  const auto [leaf, index] = place;
  Nodes::AddToCounts(path, static_cast<uint32_t>(-1));
  --size_;
  Nodes::Close(*leaf, index);
  if (index == 0 && leaf->size > 0) Nodes::SetMin(path, leaf->entries[0]);
  if (leaf->size < Leaf::kCapacity / 4) Shrink(path);
}

bool ScoreTree::Rescore(Item item, double score) {
  Path path;
  const auto [leaf, index] = Locate(item, path);
  const std::string_view text = members_.MemberAt(item.position);
  const auto before = [&](uint32_t i) { return Less(leaf->entries[i], score, text); };
  // Neighbours in other leaves are not looked at.
  if (index > 0 ? !before(index - 1) : leaf->previous != nullptr) return false;
  if (index + 1 < leaf->size ? before(index + 1) : leaf->next != nullptr) return false;
  leaf->entries[index].score = score;
  if (index == 0) Nodes::SetMin(path, leaf->entries[0]);
  return true;
}

void ScoreTree::Renumber(Item item, uint32_t position) {
  Path path;
  const auto [leaf, index] = Locate(item, path);
  leaf->entries[index].position = position;
  if (index == 0) Nodes::SetMin(path, leaf->entries[0]);
}

// Fills the node that `depth` steps lead to from a neighbour, or joins them; true if joined, so
// that there is a branch less above.
template <typename Node>
bool ScoreTree::Refill(const Path& path, uint32_t depth) {
  Inner& parent = *path.steps[depth - 1].node;
  const uint32_t index = path.steps[depth - 1].index;
  MYDIS_ASSERT(parent.size >= 2, "no branch is without a neighbour");
  const uint32_t l = index > 0 ? index - 1 : 0;
  Node* const left = static_cast<Node*>(parent.entries[l].child);
  Node* const right = static_cast<Node*>(parent.entries[l + 1].child);
  const uint32_t total = left->size + right->size;
  if (total <= Node::kCapacity * 3 / 4) {
    Nodes::MoveHead(*right, right->size, *left);
    Nodes::Unlink(right);
    delete right;
    Nodes::Close(parent, l + 1);
    parent.entries[l] = Nodes::BranchTo(left);
    return true;
  }
  if (left->size < total / 2) {
    Nodes::MoveHead(*right, total / 2 - left->size, *left);
  } else {
    Nodes::MoveTail(*left, total / 2, *right);
  }
  parent.entries[l] = Nodes::BranchTo(left);
  parent.entries[l + 1] = Nodes::BranchTo(right);
  return false;
}

// The leaf at the end of the path has become too small.
void ScoreTree::Shrink(const Path& path) {
  uint32_t depth = path.size;
  bool joined = depth > 0 && Refill<Leaf>(path, depth);
  while (joined && --depth > 0 && path.steps[depth].node->size < Inner::kCapacity / 4)
    joined = Refill<Inner>(path, depth);
  while (height_ > 0 && static_cast<Inner*>(root_)->size == 1) {
    Inner* const old = static_cast<Inner*>(root_);
    root_ = old->entries[0].child;
    --height_;
    delete old;
  }
}

void ScoreTree::Build(std::span<const Item> sorted) {
  Free(root_, height_);
  height_ = 0;
  size_ = static_cast<uint32_t>(sorted.size());
  if (sorted.empty()) {
    root_ = new Leaf;
    return;
  }
  // Room is left in every node, so that the first insertions do not split all of them.
  constexpr size_t kFill = Leaf::kCapacity * 7 / 8;
  const auto for_each_node = [](size_t entries, const auto& visit) {
    const size_t nodes = (entries + kFill - 1) / kFill;
    for (size_t i = 0; i < nodes; ++i) visit(entries * i / nodes, entries * (i + 1) / nodes);
  };
  std::vector<Branch> level;
  Leaf* last = nullptr;
  for_each_node(sorted.size(), [&](size_t begin, size_t end) {
    Leaf* const leaf = new Leaf;
    std::copy(sorted.data() + begin, sorted.data() + end, leaf->entries);
    leaf->size = static_cast<uint32_t>(end - begin);
    leaf->previous = last;
    if (last != nullptr) last->next = leaf;
    last = leaf;
    level.push_back(Nodes::BranchTo(leaf));
  });
  for (; level.size() > 1; ++height_) {
    std::vector<Branch> above;
    for_each_node(level.size(), [&](size_t begin, size_t end) {
      Inner* const inner = new Inner;
      std::copy(level.data() + begin, level.data() + end, inner->entries);
      inner->size = static_cast<uint32_t>(end - begin);
      above.push_back(Nodes::BranchTo(inner));
    });
    level = std::move(above);
  }
  root_ = level[0].child;
}

void ScoreTree::Free(void* node, uint32_t level) {
  if (level == 0) {
    delete static_cast<Leaf*>(node);
    return;
  }
  Inner* const inner = static_cast<Inner*>(node);
  for (uint32_t i = 0; i < inner->size; ++i) Free(inner->entries[i].child, level - 1);
  delete inner;
}

size_t ScoreTree::FootprintBelow(const void* node, uint32_t level) {
  if (level == 0) return sizeof(Leaf);
  const Inner* const inner = static_cast<const Inner*>(node);
  size_t bytes = sizeof(Inner);
  for (uint32_t i = 0; i < inner->size; ++i)
    bytes += FootprintBelow(inner->entries[i].child, level - 1);
  return bytes;
}

void ScoreTree::CheckInvariants() const {
  const Leaf* last = nullptr;
  const Checked checked = Check(root_, height_, &last);
  MYDIS_ASSERT(checked.count == size_, "the tree has as many elements as it says");
  MYDIS_ASSERT(last->next == nullptr, "the last leaf is the last");
  for (Cursor it = size_ == 0 ? Cursor() : At(0); it.valid();) {
    const Item item = *it;
    MYDIS_ASSERT(item.score == item.score, "NaN has no place in an order");
    it.Next();
    MYDIS_ASSERT(!it.valid() || Less(item, (*it).score, members_.MemberAt((*it).position)),
                 "elements are in order");
  }
}

ScoreTree::Checked ScoreTree::Check(const void* node, uint32_t level, const Leaf** last) const {
  if (level == 0) {
    const Leaf* const leaf = static_cast<const Leaf*>(node);
    MYDIS_ASSERT(leaf->size > 0 || height_ == 0, "no leaf is empty but an empty root");
    MYDIS_ASSERT(leaf->previous == *last && (*last == nullptr || (*last)->next == leaf),
                 "leaves are linked in order");
    *last = leaf;
    return {leaf->size, leaf->size > 0 ? leaf->entries[0] : Item{}};
  }
  const Inner* const inner = static_cast<const Inner*>(node);
  MYDIS_ASSERT(inner->size >= (level == height_ ? 2 : Inner::kCapacity / 4),
               "branches are enough to refill each other");
  uint32_t count = 0;
  for (uint32_t i = 0; i < inner->size; ++i) {
    const Branch& branch = inner->entries[i];
    const Checked below = Check(branch.child, level - 1, last);
    MYDIS_ASSERT(below.count == branch.count, "a branch knows its count");
    MYDIS_ASSERT(below.min.position == branch.min.position && below.min.score == branch.min.score,
                 "a branch knows its least element");
    count += below.count;
  }
  return {count, inner->entries[0].min};
}

}  // namespace mydis
