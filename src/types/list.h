// The list: one listpack while it is small, listpacks one after the other when it is large.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "types/container.h"
#include "types/limits.h"
#include "types/list_nodes.h"
#include "types/listpack.h"

namespace mydis {

enum class ListEnd : uint8_t { kFront, kBack };

// Indexes count from the front, from 0. Values given to changing calls must not point into the
// list. The setting list-max-listpack-size decides the form as in Redis 7.2: large as soon as one
// listpack would pass it, small again when a single node of half its size is left.
class List {
 public:
  class Cursor;

  List() : pack_() {}
  List(List&& other) noexcept : pack_() { TakeFrom(other); }
  List& operator=(List&& other) noexcept {
    if (this != &other) {
      Clear();
      TakeFrom(other);
    }
    return *this;
  }
  ~List() { Clear(); }
  List Clone() const;

  size_t size() const { return is_large() ? large().size() : pack_.size(); }
  size_t MemoryBytes() const;
  //   varint: nodes, 0 for the small form | bytes: each listpack
  void Save(Encoder& out) const;
  static bool Load(Decoder& in, List* list);
  std::string_view EncodingName() const { return is_large() ? "quicklist" : "listpack"; }
  void CheckInvariants() const;

  // The listpacks it consists of, from the front: how Redis saves a list.
  size_t pack_count() const { return is_large() ? large().node_count() : 1; }
  std::vector<std::string_view> PackBytes() const;
  // A list of listpacks that somebody else made, without the empty ones among them, in the form
  // that the limits ask for.
  static List FromPacks(std::vector<Listpack> packs, const EncodingLimits& limits);

  // REQUIRES: index < size().
  ListpackValue At(size_t index) const;
  std::string CopyAt(size_t index) const;
  std::string CopyAt(ListEnd end) const { return CopyAt(end == ListEnd::kFront ? 0 : size() - 1); }

  // One after the other, so that the last one stands at the very end.
  void Push(ListEnd end, std::span<const std::string_view> values, const EncodingLimits& limits);
  void Push(ListEnd end, std::string_view value, const EncodingLimits& limits) {
    Push(end, std::span(&value, 1), limits);
  }
  // Puts it before or after the element there. REQUIRES: index < size().
  void Insert(size_t index, bool after, std::string_view value, const EncodingLimits& limits);
  void Replace(size_t index, std::string_view value, const EncodingLimits& limits);
  // REQUIRES: index + count <= size().
  void Erase(size_t index, size_t count, const EncodingLimits& limits);
  // Removes `count` from the end. REQUIRES: count <= size().
  void Pop(ListEnd end, size_t count, const EncodingLimits& limits) {
    Erase(end == ListEnd::kFront ? 0 : size() - count, count, limits);
  }
  // Removes the elements equal to `value`, at most `limit`, beginning at `from`; gives how many.
  size_t Remove(std::string_view value, size_t limit, ListEnd from, const EncodingLimits& limits);

 private:
  static constexpr uintptr_t kLargeBit = 1;
  bool is_large() const { return (word_ & kLargeBit) != 0; }
  ListNodes& large() { return *reinterpret_cast<ListNodes*>(word_ & ~kLargeBit); }
  const ListNodes& large() const { return *reinterpret_cast<const ListNodes*>(word_ & ~kLargeBit); }
  // Takes the large form if that many more need it.
  void Grow(size_t bytes, size_t elements, const EncodingLimits& limits);
  // Goes back to the small form if one node is left and the limits allow it.
  void Shrink(const EncodingLimits& limits, bool shrunk = true);
  // REQUIRES for both: the small form, empty.
  void MakeLarge(ListNodes nodes);
  void TakeFrom(List& other);
  void Clear();

  union {
    Listpack pack_;
    uintptr_t word_;  // Pointer to ListNodes with kLargeBit, or the pointer in pack_ without it.
  };
};
static_assert(Container<List>);

// Walks over a list's elements, in either direction. A change of the list ends its validity.
class List::Cursor {
 public:
  // At `index`; not valid if there is no such element.
  Cursor(const List& list, size_t index, bool forward = true);
  bool valid() const { return pos_ != Listpack::kNone; }
  // REQUIRES: valid().
  ListpackValue value() const { return pack_->Get(pos_); }
  void Next() {
    pos_ = forward_ ? pack_->Next(pos_) : pack_->Prev(pos_);
    if (pos_ == Listpack::kNone && nodes_ != nullptr) NextNode();
  }

 private:
  void NextNode();
  const Listpack* pack_ = nullptr;
  Listpack::Pos pos_ = Listpack::kNone;
  const ListNodes* nodes_ = nullptr;
  ListNodes::Place place_;
  bool forward_;
};

}  // namespace mydis
