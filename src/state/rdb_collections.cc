// Lists and sorted sets in the forms that Redis's files have had for them.
#include <algorithm>
#include <cmath>
#include <vector>

#include "state/rdb_types.h"
#include "types/old_encodings.h"

namespace mydis {
namespace {

// How a node of a list is kept.
constexpr uint64_t kPlainNode = 1;  // One element, too large for a listpack.
constexpr uint64_t kPackedNode = 2;
// More than an element takes beside its bytes.
constexpr size_t kElementOverhead = 16;

using Values = std::vector<ListpackValue>;

// nullopt if they are too large for one listpack.
std::optional<Listpack> PackOf(const Values& values) {
  Listpack pack;
  ListpackValue::Scratch scratch;
  for (const ListpackValue& value : values) {
    const std::string_view text = value.string(scratch);
    if (!pack.CanTake(text.size() + kElementOverhead)) return std::nullopt;
    pack.Append(text);
  }
  return pack;
}

std::optional<Listpack> ReadListNode(RdbType type, RdbReader& in) {
  const uint64_t container = type == RdbType::kListOfListpacks ? in.Length() : kPackedNode;
  const std::string bytes = in.String();
  if (!in.ok() || bytes.empty()) return std::nullopt;
  if (container == kPlainNode) return PackOf({{.text = bytes}});
  if (container != kPackedNode) return std::nullopt;
  if (type == RdbType::kListOfListpacks) {
    if (!Listpack::Validate(bytes)) return std::nullopt;
    return Listpack::FromBytes(bytes);
  }
  Values values;
  if (!ReadZiplist(bytes, &values)) return std::nullopt;
  return PackOf(values);
}

std::optional<List> ReadListOfNodes(RdbType type, RdbReader& in, const EncodingLimits& limits) {
  std::vector<Listpack> packs;
  for (uint64_t n = in.Length(); n > 0; --n) {
    auto pack = ReadListNode(type, in);
    if (!pack) return std::nullopt;
    packs.push_back(std::move(*pack));
  }
  return List::FromPacks(std::move(packs), limits);
}

// Elements one by one, each given to `push`; false if one cannot be read.
template <typename Push>
bool ReadElements(RdbReader& in, uint64_t count, const Push& push) {
  for (; count > 0; --count) {
    const std::string element = in.String();
    if (!in.ok() || !push(element)) return false;
  }
  return true;
}

struct Scored {
  std::string member;
  double score;
};

// nullopt if a member comes twice or a score is no number.
std::optional<SortedSet> SortedSetOf(const std::vector<Scored>& scored,
                                     const EncodingLimits& limits) {
  std::vector<SortedSet::Element> elements;
  for (const Scored& element : scored) {
    if (std::isnan(element.score)) return std::nullopt;
    elements.push_back({element.member, element.score});
  }
  std::vector<std::string_view> members;
  for (const SortedSet::Element& element : elements) members.push_back(element.member);
  std::ranges::sort(members);
  if (std::ranges::adjacent_find(members) != members.end()) return std::nullopt;
  return SortedSet::Of(elements, limits);
}

// A listpack of members and scores. It stays one unless it has too many elements.
std::optional<SortedSet> SortedSetOf(std::string_view listpack, const EncodingLimits& limits) {
  SortedSet set;
  if (!SortedSet::FromListpack(listpack, &set)) return std::nullopt;
  if (set.size() <= limits.zset_max_listpack_entries) return set;
  std::vector<Scored> scored;
  set.ForEach(set.All(), false, [&scored](std::string_view member, double score) {
    scored.push_back({std::string(member), score});
  });
  return SortedSetOf(scored, limits);
}

}  // namespace

std::optional<List> ReadRdbList(RdbType type, RdbReader& in, const EncodingLimits& limits) {
  if (type == RdbType::kListOfListpacks || type == RdbType::kListOfZiplists)
    return ReadListOfNodes(type, in, limits);
  List list;
  if (type == RdbType::kListZiplist) {
    const std::string bytes = in.String();
    Values values;
    if (!in.ok() || !ReadZiplist(bytes, &values)) return std::nullopt;
    ListpackValue::Scratch scratch;
    for (const ListpackValue& value : values)
      list.Push(ListEnd::kBack, value.string(scratch), limits);
    return list;
  }
  const bool read = ReadElements(in, in.Length(), [&](std::string_view element) {
    list.Push(ListEnd::kBack, element, limits);
    return true;
  });
  return read ? std::optional(std::move(list)) : std::nullopt;
}

std::optional<SortedSet> ReadRdbSortedSet(RdbType type, RdbReader& in,
                                          const EncodingLimits& limits) {
  if (type == RdbType::kSortedSetListpack) {
    const std::string bytes = in.String();
    return in.ok() ? SortedSetOf(bytes, limits) : std::nullopt;
  }
  if (type == RdbType::kSortedSetZiplist) {
    const std::string bytes = in.String();
    Values values;
    if (!in.ok() || !ReadZiplist(bytes, &values)) return std::nullopt;
    const auto pack = PackOf(values);
    return pack ? SortedSetOf(pack->bytes(), limits) : std::nullopt;
  }
  std::vector<Scored> scored;
  for (uint64_t n = in.Length(); n > 0; --n) {
    std::string member = in.String();
    const double score = type == RdbType::kSortedSet ? in.BinaryDouble() : in.TextDouble();
    if (!in.ok()) return std::nullopt;
    scored.push_back({std::move(member), score});
  }
  return SortedSetOf(scored, limits);
}

}  // namespace mydis
