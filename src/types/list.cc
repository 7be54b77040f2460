#include "types/list.h"

#include <new>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

// What the large form counts for besides its listpacks, as a whole and for each node.
constexpr size_t kLargeBytes = 128;
constexpr size_t kNodeBytes = 16;

}  // namespace

List List::Clone() const {
  List clone;
  if (is_large()) {
    clone.MakeLarge(large().Clone());
  } else {
    clone.pack_ = pack_.Clone();
  }
  return clone;
}

size_t List::MemoryBytes() const {
  if (!is_large()) return pack_.byte_size();
  return kLargeBytes + kNodeBytes * large().node_count() + large().bytes();
}

void List::Save(Encoder& out) const {
  out.Varint(is_large() ? large().node_count() : 0);
  for (const std::string_view bytes : PackBytes()) out.Bytes(bytes);
}

bool List::Load(Decoder& in, List* list) {
  const auto read = [&in](Listpack* pack) {
    const std::string_view bytes = in.Bytes();
    if (!in.ok() || !Listpack::Validate(bytes)) return false;
    *pack = Listpack::FromBytes(bytes);
    return true;
  };
  const uint64_t count = in.Varint();
  if (!in.ok()) return false;
  List loaded;
  if (count == 0) {
    if (!read(&loaded.pack_)) return false;
  } else {
    ListNodes nodes;
    for (uint64_t i = 0; i < count; ++i) {
      Listpack pack;
      if (!read(&pack) || pack.empty()) return false;
      nodes.AppendNode(std::move(pack));
    }
    loaded.MakeLarge(std::move(nodes));
  }
  *list = std::move(loaded);
  return true;
}

void List::CheckInvariants() const {
  if (!is_large()) return pack_.CheckInvariants();
  large().CheckInvariants();
}

std::vector<std::string_view> List::PackBytes() const {
  if (!is_large()) return {pack_.bytes()};
  std::vector<std::string_view> packs;
  packs.reserve(large().node_count());
  if (large().size() == 0) return packs;
  ListNodes::Place place = large().First();
  do packs.push_back(large().At(place).bytes());
  while (large().Next(&place));
  return packs;
}

List List::FromPacks(std::vector<Listpack> packs, const EncodingLimits& limits) {
  ListNodes nodes;
  for (Listpack& pack : packs) {
    if (!pack.empty()) nodes.AppendNode(std::move(pack));
  }
  List list;
  if (nodes.size() == 0) return list;
  list.MakeLarge(std::move(nodes));
  list.Shrink(limits, false);
  return list;
}

ListpackValue List::At(size_t index) const {
  if (!is_large()) return pack_.Get(pack_.Seek(static_cast<int64_t>(index)));
  size_t within = 0;
  const Listpack& pack = large().At(large().Seek(index, &within));
  return pack.Get(pack.Seek(static_cast<int64_t>(within)));
}

std::string List::CopyAt(size_t index) const {
  ListpackValue::Scratch scratch;
  return std::string(At(index).string(scratch));
}

void List::Push(ListEnd end, std::span<const std::string_view> values,
                const EncodingLimits& limits) {
  size_t bytes = 0;
  for (const std::string_view value : values) bytes += value.size();
  Grow(bytes, values.size(), limits);
  if (!is_large()) {
    for (const std::string_view value : values)
      end == ListEnd::kFront ? pack_.Prepend(value) : pack_.Append(value);
    return;
  }
  const ListNodeLimit limit(limits.list_max_listpack_size);
  for (const std::string_view value : values) {
    if (end == ListEnd::kFront) {
      large().PushFront(value, limit);
    } else {
      large().PushBack(value, limit);
    }
  }
}

void List::Insert(size_t index, bool after, std::string_view value, const EncodingLimits& limits) {
  Grow(value.size(), 1, limits);
  if (is_large())
    return large().Insert(index, after, value, ListNodeLimit(limits.list_max_listpack_size));
  const Listpack::Pos pos = pack_.Seek(static_cast<int64_t>(index));
  pack_.Insert(after ? pack_.Next(pos) : pos, value);
}

void List::Replace(size_t index, std::string_view value, const EncodingLimits& limits) {
  Grow(value.size(), 1, limits);
  if (!is_large()) return pack_.Replace(pack_.Seek(static_cast<int64_t>(index)), value);
  large().Replace(index, value, ListNodeLimit(limits.list_max_listpack_size));
  Shrink(limits);
}

void List::Erase(size_t index, size_t count, const EncodingLimits& limits) {
  if (count == 0) return;
  if (!is_large()) {
    pack_.Erase(pack_.Seek(static_cast<int64_t>(index)), count);
    return;
  }
  large().Erase(index, count);
  Shrink(limits);
}

size_t List::Remove(std::string_view value, size_t limit, ListEnd from,
                    const EncodingLimits& limits) {
  const ListpackNeedle needle(value);
  if (is_large()) {
    const size_t removed = large().Remove(needle, limit, from == ListEnd::kBack);
    if (removed > 0) Shrink(limits);
    return removed;
  }
  return pack_.EraseMatches(needle, limit, from == ListEnd::kBack);
}

void List::Grow(size_t bytes, size_t elements, const EncodingLimits& limits) {
  if (is_large()) return;
  const ListNodeLimit limit(limits.list_max_listpack_size);
  if (limit.Allows(pack_.byte_size() + bytes, pack_.size() + elements)) return;
  ListNodes nodes;
  if (!pack_.empty()) nodes.AppendNode(std::move(pack_));
  MakeLarge(std::move(nodes));
}

void List::MakeLarge(ListNodes nodes) {
  // lint: pointer-order-ok the word holds the pointer, nothing is ordered by it
  word_ = reinterpret_cast<uintptr_t>(new ListNodes(std::move(nodes))) | kLargeBit;
}

void List::Shrink(const EncodingLimits& limits, bool shrunk) {
  ListNodes& nodes = large();
  if (nodes.node_count() > 1) return;
  Listpack pack;
  if (nodes.node_count() == 1) {
    const ListNodeLimit limit(limits.list_max_listpack_size);
    if (!limit.AllowsSmall(nodes.bytes(), nodes.size(), shrunk)) return;
    pack = nodes.TakeOnly();
  }
  Clear();
  pack_ = std::move(pack);
}

void List::TakeFrom(List& other) {
  if (other.is_large()) {
    word_ = other.word_;
    new (&other.pack_) Listpack();
  } else {
    pack_ = std::move(other.pack_);
  }
}

void List::Clear() {
  if (is_large()) {
    delete &large();
    new (&pack_) Listpack();
  } else {
    pack_.Clear();
  }
}

List::Cursor::Cursor(const List& list, size_t index, bool forward) : forward_(forward) {
  if (index >= list.size()) return;
  size_t within = index;
  if (list.is_large()) {
    nodes_ = &list.large();
    place_ = nodes_->Seek(index, &within);
    pack_ = &nodes_->At(place_);
  } else {
    pack_ = &list.pack_;
  }
  pos_ = pack_->Seek(static_cast<int64_t>(within));
}

void List::Cursor::NextNode() {
  if (!(forward_ ? nodes_->Next(&place_) : nodes_->Prev(&place_))) return;
  pack_ = &nodes_->At(place_);
  pos_ = forward_ ? pack_->First() : pack_->Last();
}

}  // namespace mydis
