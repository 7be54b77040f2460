// The large form of a list: listpacks one after the other (Redis calls it a quicklist).
//
// The nodes lie in blocks of up to 256, so that reaching an index skips 256 nodes at a step, and
// putting a node between others moves at most a block's. Where one node ends and the next begins is
// part of the state: it is saved, and new elements go by it.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "types/listpack.h"

namespace mydis {

// What a node may hold (the setting list-max-listpack-size): so many elements if positive, 4, 8,
// 16, 32 or 64 KiB for -1 … -5.
class ListNodeLimit {
 public:
  explicit ListNodeLimit(int64_t setting);
  bool Allows(size_t bytes, size_t count) const { return bytes <= bytes_ && count <= count_; }
  // Whether a list with this one node goes back to the small form; one that has shrunk does so when
  // it is half empty only, so that it does not go to and fro.
  bool AllowsSmall(size_t bytes, size_t count, bool shrunk) const;
  // True if a node of this size takes an element of `more` bytes besides.
  bool AllowsOneMore(size_t bytes, size_t count, size_t more) const {
    return Allows(bytes + more + kElementOverhead, count + 1);
  }

 private:
  // Redis's estimate for an element's encoding.
  static constexpr size_t kElementOverhead = 8;
  bool by_count_;
  size_t bytes_;
  size_t count_;
};

// No node is empty. A thread may read while others read; changes need it alone.
class ListNodes {
 public:
  struct Place {
    size_t block = 0;
    size_t node = 0;
    bool operator==(const Place&) const = default;
  };

  ListNodes() = default;
  ListNodes(ListNodes&&) = default;
  ListNodes& operator=(ListNodes&&) = default;
  ListNodes Clone() const;

  // Elements, nodes, and the bytes of all nodes' listpacks.
  size_t size() const { return size_; }
  size_t node_count() const { return node_count_; }
  size_t bytes() const { return bytes_; }

  // REQUIRES for the places: not empty.
  const Listpack& At(Place place) const { return blocks_[place.block].nodes[place.node].pack; }
  Place First() const { return {0, 0}; }
  Place Last() const { return {blocks_.size() - 1, blocks_.back().nodes.size() - 1}; }
  // False at the end of the list; then the place stays.
  bool Next(Place* place) const;
  bool Prev(Place* place) const;
  // The node that holds the element, and which of its elements that is.
  // REQUIRES: index < size().
  Place Seek(size_t index, size_t* within) const;

  // Adds a node behind all others. REQUIRES: it is not empty.
  void AppendNode(Listpack pack);
  void PushFront(std::string_view value, const ListNodeLimit& limit);
  void PushBack(std::string_view value, const ListNodeLimit& limit);
  // Puts it before or after the element there. REQUIRES: index < size().
  void Insert(size_t index, bool after, std::string_view value, const ListNodeLimit& limit);
  void Replace(size_t index, std::string_view value, const ListNodeLimit& limit);
  // REQUIRES: index + count <= size().
  void Erase(size_t index, size_t count);
  // Removes elements that match, at most `limit`, from either end on; gives how many.
  size_t Remove(const ListpackNeedle& needle, size_t limit, bool from_back);
  // The only node's listpack; the list is empty then. REQUIRES: node_count() == 1.
  Listpack TakeOnly();

  void CheckInvariants() const;

 private:
  static constexpr size_t kBlockNodes = 256;
  struct Node {
    Listpack pack;
    uint32_t count = 0;
    uint32_t bytes = 0;
  };
  struct Block {
    std::vector<Node> nodes;
    size_t elements = 0;
    void TakeAll(Block& other);
  };

  static Node MakeNode(Listpack pack);
  static Node MakeNode(std::string_view value);
  Node& NodeAt(Place place) { return blocks_[place.block].nodes[place.node]; }
  // Puts a node before the one at `place` (which may be one past the last of its block); gives its
  // place.
  Place InsertNode(Place place, Node node);
  void EraseEmptyNodes(size_t block);
  // Erases whole blocks that have at most `limit` elements together; gives how many they had.
  size_t EraseBlocks(size_t first, size_t limit);
  // Makes one block of it and the next if both have become small.
  void MergeBlock(size_t block);
  // The same for all blocks at once.
  void MergeBlocks();
  // Notes the size of a listpack that has changed; `added` elements more (negative: less).
  void Changed(Place place, int64_t added);
  // Moves the elements of the next node to this one if the limit allows it.
  void MergeWithNext(Place place, const ListNodeLimit& limit);
  void SplitAndInsert(Place place, Listpack::Pos pos, bool after, std::string_view value,
                      const ListNodeLimit& limit);

  std::deque<Block> blocks_;
  size_t size_ = 0;
  size_t node_count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace mydis
