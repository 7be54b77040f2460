// The order of a large sorted set: a B+ tree of (score, member) with the number of elements below
// every branch, so that a rank, the element of a rank, and the rank of any bound are found in one
// descent. Members are known by their position in the set's MemberTable, whose text decides
// between equal scores.
//
// A branch knows the least element below it exactly: no separator outlives the member it names.
// Leaves are linked both ways.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "types/member_table.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
class ScoreTree {
 public:
  // Packed: a leaf is full of them.
  struct [[gnu::packed]] Item {
    double score;
    uint32_t position;
  };

 private:
  struct Leaf {
    static constexpr uint32_t kCapacity = 83;  // A leaf fills 1024 bytes.
    Leaf* previous = nullptr;
    Leaf* next = nullptr;
    uint32_t size = 0;
    Item entries[kCapacity];
    static uint32_t CountOf(const Item&) { return 1; }
    static Item MinOf(const Item& entry) { return entry; }
  };
  struct Branch {
    Item min;        // The least element below.
    uint32_t count;  // Elements below.
    void* child;
  };
  static_assert(sizeof(Branch) == 24);
  struct Inner {
    static constexpr uint32_t kCapacity = 85;  // 2048 bytes.
    uint32_t size = 0;
    Branch entries[kCapacity];
    static uint32_t CountOf(const Branch& entry) { return entry.count; }
    static Item MinOf(const Branch& entry) { return entry.min; }
  };
  static_assert(sizeof(Leaf) <= 1024 && sizeof(Inner) <= 2048);

 public:
  // A place in the order. Valid until the next change.
  class Cursor {
   public:
    Cursor() = default;
    bool valid() const { return leaf_ != nullptr; }
    Item operator*() const { return leaf_->entries[index_]; }
    void Next() {
      if (++index_ < leaf_->size) return;
      leaf_ = leaf_->next;
      index_ = 0;
      if (leaf_ != nullptr) __builtin_prefetch(leaf_->next);
    }
    void Previous() {
      if (index_-- > 0) return;
      leaf_ = leaf_->previous;
      index_ = leaf_ == nullptr ? 0 : leaf_->size - 1;
    }

   private:
    friend class ScoreTree;
    Cursor(const Leaf* leaf, uint32_t index) : leaf_(leaf), index_(index) {}
    const Leaf* leaf_ = nullptr;
    uint32_t index_ = 0;
  };

  // `members` outlives the tree and has every member that is in it, at its position.
  explicit ScoreTree(const MemberTable& members) : members_(members), root_(new Leaf) {}
  ~ScoreTree() { Free(root_, height_); }
  ScoreTree(const ScoreTree&) = delete;
  ScoreTree& operator=(const ScoreTree&) = delete;

  uint32_t size() const { return size_; }
  bool Less(Item item, double score, std::string_view text) const {
    if (item.score != score) return item.score < score;
    return members_.MemberAt(item.position) < text;
  }

  // The element with `rank` elements before it. REQUIRES: rank < size().
  Cursor At(uint32_t rank) const;
  Item First() const { return *At(0); }
  Item Last() const { return *At(size_ - 1); }
  // How many elements `before(item)` holds for. REQUIRES: it holds for none after one it does not.
  template <typename Predicate>
  uint32_t CountWhile(const Predicate& before) const {
    uint32_t rank = 0;
    const void* node = root_;
    for (uint32_t level = height_; level > 0; --level) {
      const Inner* inner = static_cast<const Inner*>(node);
      const uint32_t i = ChildFor(*inner, before);
      for (uint32_t k = 0; k < i; ++k) rank += inner->entries[k].count;
      node = inner->entries[i].child;
    }
    return rank + EntryFor(*static_cast<const Leaf*>(node), before);
  }
  // How many elements are before (score, text).
  uint32_t RankOf(double score, std::string_view text) const {
    return CountWhile([&](Item item) { return Less(item, score, text); });
  }

  // `item` is of a member that the table has and the tree has not.
  void Insert(Item item);
  // REQUIRES: rank < size().
  Item EraseAt(uint32_t rank);
  // The following REQUIRE that `item` is there, and the table has its member still.
  void Erase(Item item);
  // Gives an element another score at its place, if it stays in order so; false if it does not, or
  // if that is not seen at once.
  bool Rescore(Item item, double score);
  // The member's position is going to be another.
  void Renumber(Item item, uint32_t position);
  // Takes elements in their order in place of what is there.
  void Build(std::span<const Item> sorted);

  // Bytes really held, for measurements.
  size_t Footprint() const { return FootprintBelow(root_, height_); }
  void CheckInvariants() const;

 private:
  // Where a descent came through. With 21 branches or more a node, 2^32 elements need 8 levels.
  struct Step {
    Inner* node;
    uint32_t index;
  };
  struct Path {
    Step steps[12];
    uint32_t size = 0;
  };
  // A leaf and a place in it.
  struct Place {
    Leaf* leaf;
    uint32_t index;
  };

  // The branch to go down: the last whose least element is not beyond the bound.
  template <typename Predicate>
  static uint32_t ChildFor(const Inner& inner, const Predicate& before) {
    const Branch* const begin = inner.entries;
    const Branch* const found = std::partition_point(
        begin + 1, begin + inner.size, [&](const Branch& branch) { return before(branch.min); });
    return static_cast<uint32_t>(found - begin) - 1;
  }
  template <typename Predicate>
  static uint32_t EntryFor(const Leaf& leaf, const Predicate& before) {
    return static_cast<uint32_t>(
        std::partition_point(leaf.entries, leaf.entries + leaf.size, before) - leaf.entries);
  }

  Place Descend(double score, std::string_view text, Path& path) const;
  Place Locate(Item item, Path& path) const;
  void EraseEntry(Place place, const Path& path);
  template <typename Node>
  bool Refill(const Path& path, uint32_t depth);
  void AddSibling(const Path& path, uint32_t depth, Branch left, Branch right);
  void Shrink(const Path& path);
  static void Free(void* node, uint32_t level);
  static size_t FootprintBelow(const void* node, uint32_t level);
  struct Checked {
    uint32_t count;
    Item min;
  };
  Checked Check(const void* node, uint32_t level, const Leaf** last) const;

  // How single nodes and paths change: score_tree.cc.
  struct Nodes;

  const MemberTable& members_;
  void* root_;
  uint32_t height_ = 0;  // Levels of branches above the leaves.
  uint32_t size_ = 0;
};

}  // namespace mydis
