#include "types/sorted_set.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/number_format.h"

namespace mydis {
namespace {

using AddOptions = SortedSet::AddOptions;
using AddResult = SortedSet::AddResult;
using Outcome = SortedSet::Outcome;

// Beside the members' own bytes: the order's share of an element, half-filled nodes included.
constexpr size_t kCostInOrder = 20;

constexpr uint8_t kSavedSmall = 0;
constexpr uint8_t kSavedLarge = 1;

// Redis keeps a whole score of up to 2^62 as an integer.
constexpr double kMaxWhole = 4611686018427387904.0;

std::optional<int64_t> WholeScore(double score) {
  if (!(std::abs(score) <= kMaxWhole)) return std::nullopt;
  const auto whole = static_cast<int64_t>(score);
  if (static_cast<double>(whole) != score) return std::nullopt;
  return whole;
}

// The score that a text stands for; NaN if it is none.
double ParseScore(std::string_view text) {
  double score = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, score);
  if (error != std::errc() || stop != end) return std::numeric_limits<double>::quiet_NaN();
  return score;
}

// What the options make of a score for a member that has `old`.
AddResult Updated(double old, double score, AddOptions options) {
  if (options.only_new) return {Outcome::kSkipped};
  if (options.increment) {
    score += old;
    if (std::isnan(score)) return {Outcome::kNotANumber};
  }
  if ((options.only_less && score >= old) || (options.only_greater && score <= old))
    return {Outcome::kSkipped};
  return {score == old ? Outcome::kSame : Outcome::kUpdated, score};
}

bool InOrder(const SortedSet::Element& a, const SortedSet::Element& b) {
  return a.score != b.score ? a.score < b.score : a.member < b.member;
}

}  // namespace

double SortedSet::ScoreOf(const ListpackValue& value) {
  return value.is_int ? static_cast<double>(value.integer) : ParseScore(value.text);
}

bool SortedSet::FitsListpack(size_t elements, size_t longest, size_t bytes,
                             const EncodingLimits& limits) {
  return elements <= limits.zset_max_listpack_entries &&
         longest <= limits.zset_max_listpack_value && bytes < Listpack::kMaxBytes / 2;
}

SortedSet::~SortedSet() {
  if (is_large()) {
    delete large();
  } else {
    pack_.~Listpack();
  }
}

SortedSet SortedSet::Clone() const {
  SortedSet copy;
  if (!is_large()) {
    copy.pack_ = pack_.Clone();
    return copy;
  }
  Large* const to = new Large;
  to->members.CopyFrom(large()->members);
  std::vector<ScoreTree::Item> items;
  items.reserve(size());
  for (ScoreTree::Cursor it = large()->tree.At(0); it.valid(); it.Next()) items.push_back(*it);
  to->tree.Build(items);
  copy.word_ = Tagged(to);
  return copy;
}

SortedSet SortedSet::Of(std::span<const Element> elements, const EncodingLimits& limits) {
  size_t longest = 0;
  size_t bytes = 0;
  for (const Element& element : elements) {
    longest = std::max(longest, element.member.size());
    bytes += element.member.size();
  }
  if (FitsListpack(elements.size(), longest, bytes, limits)) {
    SortedSet small;
    std::vector<Element> sorted(elements.begin(), elements.end());
    std::ranges::sort(sorted, InOrder);
    for (const Element& element : sorted) small.InsertSmall(element.member, element.score);
    return small;
  }
  Large* const large = new Large;
  std::vector<std::pair<Element, uint32_t>> sorted;
  sorted.reserve(elements.size());
  for (const Element& element : elements) {
    const auto added =
        large->members.AddPayload(element.member, std::bit_cast<uint64_t>(element.score));
    MYDIS_ASSERT(added.fresh, "members are different");
    sorted.emplace_back(element, added.position);
  }
  if (!std::ranges::is_sorted(sorted, InOrder, &std::pair<Element, uint32_t>::first))
    std::ranges::sort(sorted, InOrder, &std::pair<Element, uint32_t>::first);
  std::vector<ScoreTree::Item> items;
  items.reserve(sorted.size());
  for (const auto& [element, position] : sorted) items.push_back({element.score, position});
  large->tree.Build(items);
  return SortedSet(large);
}

bool SortedSet::FromListpack(std::string_view bytes, SortedSet* set) {
  if (!Listpack::Validate(bytes)) return false;
  const Listpack pack = Listpack::FromBytes(bytes);
  if (pack.size() % 2 != 0) return false;
  // A table finds members that come twice; the copies live as long as it needs them.
  MemberTable seen;
  ListpackValue::Scratch scratch;
  std::string last;
  double last_score = -std::numeric_limits<double>::infinity();
  for (Listpack::Pos pos = pack.First(); pos != Listpack::kNone;) {
    const std::string_view member = pack.Read(&pos).string(scratch);
    const double score = ScoreOf(pack.Read(&pos));
    if (std::isnan(score) || !seen.Add(member).fresh) return false;
    if (seen.size() > 1 && !InOrder({last, last_score}, {member, score})) return false;
    last = member;
    last_score = score;
  }
  SortedSet loaded;
  loaded.pack_ = pack.Clone();
  *set = std::move(loaded);
  return true;
}

size_t SortedSet::MemoryBytes() const {
  if (!is_large()) return pack_.empty() ? 0 : pack_.byte_size();
  return sizeof(Large) + large()->members.MemoryBytes() + size() * kCostInOrder;
}

size_t SortedSet::Footprint() const {
  if (!is_large()) return pack_.empty() ? 0 : pack_.byte_size();
  return sizeof(Large) + large()->members.Footprint() + large()->tree.Footprint();
}

void SortedSet::Save(Encoder& out) const {
  if (!is_large()) {
    out.U8(kSavedSmall);
    out.Bytes(pack_.bytes());
    return;
  }
  const MemberTable& members = large()->members;
  out.U8(kSavedLarge);
  out.Varint(members.size());
  for (uint32_t i = 0; i < members.size(); ++i) {
    out.Bytes(members.MemberAt(i));
    out.U64(members.PayloadAt(i));
  }
}

bool SortedSet::Load(Decoder& in, SortedSet* set) {
  const uint8_t form = in.U8();
  if (form == kSavedSmall) return FromListpack(in.Bytes(), set) && in.ok();
  if (form != kSavedLarge) return false;
  constexpr size_t kLeastBytes = 9;
  const uint64_t size = in.Varint();
  if (size == 0 || size > in.remaining() / kLeastBytes || size > MemberTable::kMaxSize)
    return false;
  SortedSet loaded(new Large);
  MemberTable& members = loaded.large()->members;
  std::vector<ScoreTree::Item> items;
  items.reserve(size);
  while (items.size() < size) {
    const std::string_view member = in.Bytes();
    const uint64_t bits = in.U64();
    const auto score = std::bit_cast<double>(bits);
    if (!in.ok() || std::isnan(score)) return false;
    const auto added = members.AddPayload(member, bits);
    if (!added.fresh) return false;
    items.push_back({score, added.position});
  }
  std::ranges::sort(items, [&members](ScoreTree::Item a, ScoreTree::Item b) {
    if (a.score != b.score) return a.score < b.score;
    return members.MemberAt(a.position) < members.MemberAt(b.position);
  });
  loaded.large()->tree.Build(items);
  *set = std::move(loaded);
  return true;
}

void SortedSet::CheckInvariants() const {
  if (!is_large()) {
    pack_.CheckInvariants();
    SortedSet same;
    MYDIS_ASSERT(FromListpack(pack_.bytes(), &same), "a small sorted set is in order");
    return;
  }
  const Large& all = *large();
  MYDIS_ASSERT(size() > 0, "an empty sorted set is a listpack");
  all.members.CheckInvariants();
  all.tree.CheckInvariants();
  MYDIS_ASSERT(all.members.size() == all.tree.size(), "every member has its place in the order");
  for (ScoreTree::Cursor it = all.tree.At(0); it.valid(); it.Next()) {
    MYDIS_ASSERT(all.ScoreAt((*it).position) == (*it).score, "member and order agree on a score");
  }
}

// --- Reading ---

std::optional<SortedSet::SmallPlace> SortedSet::FindSmall(std::string_view member) const {
  const Listpack::Pos first = pack_.First();
  if (first == Listpack::kNone) return std::nullopt;
  const Listpack::Pos pos = pack_.Find(member, first, 1);
  if (pos == Listpack::kNone) return std::nullopt;
  return SmallPlace{pos, ScoreOf(pack_.Get(pack_.Next(pos)))};
}

std::optional<double> SortedSet::Score(std::string_view member) const {
  if (!is_large()) {
    const auto place = FindSmall(member);
    if (!place) return std::nullopt;
    return place->score;
  }
  const uint32_t position = large()->members.Find(member);
  if (position == MemberTable::kNone) return std::nullopt;
  return large()->ScoreAt(position);
}

std::optional<SortedSet::Ranked> SortedSet::Rank(std::string_view member) const {
  if (is_large()) {
    const auto score = Score(member);
    if (!score) return std::nullopt;
    return Ranked{large()->tree.RankOf(*score, member), *score};
  }
  const auto place = FindSmall(member);
  if (!place) return std::nullopt;
  size_t rank = 0;
  for (Listpack::Pos pos = pack_.First(); pos != place->pos; pos = pack_.Next(pack_.Next(pos)))
    ++rank;
  return Ranked{rank, place->score};
}

template <typename Starts, typename Goes>
RankRange SortedSet::SmallRange(const Starts& starts, const Goes& goes_on, bool from_end) const {
  // Looks from one end for the first element that is within the bound met first, and goes on from
  // there.
  size_t skipped = 0;
  size_t taken = 0;
  bool started = false;
  bool ended = false;
  ForEach(All(), from_end, [&](std::string_view member, double score) {
    if (ended) return;
    started = started || starts(member, score);
    if (!started) {
      ++skipped;
    } else if (goes_on(member, score)) {
      ++taken;
    } else {
      ended = true;
    }
  });
  if (from_end) return {size() - skipped - taken, size() - skipped};
  return {skipped, skipped + taken};
}

RankRange SortedSet::RangeOf(const ScoreRange& range) const {
  if (!is_large()) {
    return SmallRange([&](std::string_view, double score) { return !range.BeforeMin(score); },
                      [&](std::string_view, double score) { return range.WithinMax(score); },
                      false);
  }
  const ScoreTree& tree = large()->tree;
  const size_t first =
      tree.CountWhile([&](ScoreTree::Item item) { return range.BeforeMin(item.score); });
  const size_t end =
      tree.CountWhile([&](ScoreTree::Item item) { return range.WithinMax(item.score); });
  return {first, std::max(first, end)};
}

RankRange SortedSet::RangeOf(const LexRange& range, bool from_end) const {
  if (!is_large()) {
    const auto reaches = [&](std::string_view member, double) { return !range.BeforeMin(member); };
    const auto within = [&](std::string_view member, double) { return range.WithinMax(member); };
    return from_end ? SmallRange(within, reaches, true) : SmallRange(reaches, within, false);
  }
  const ScoreTree& tree = large()->tree;
  const MemberTable& members = large()->members;
  // The members' order is that of the tree only if they share a score. If not, the answer must not
  // depend on the shape of the tree, which the state does not hold: it is looked for by rank.
  const bool one_score = tree.First().score == tree.Last().score;
  const auto count_while = [&](const auto& holds) -> size_t {
    const auto of_item = [&](ScoreTree::Item item) {
      return holds(members.MemberAt(item.position));
    };
    if (one_score) return tree.CountWhile(of_item);
    uint32_t low = 0;
    for (uint32_t high = tree.size(); low < high;) {
      const uint32_t middle = low + (high - low) / 2;
      if (of_item(*tree.At(middle))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  const size_t first =
      count_while([&](std::string_view member) { return range.BeforeMin(member); });
  const size_t end = count_while([&](std::string_view member) { return range.WithinMax(member); });
  return {first, std::max(first, end)};
}

SortedSet::Element SortedSet::At(size_t position, ListpackValue::Scratch& scratch) const {
  if (is_large()) {
    const auto at = static_cast<uint32_t>(position);
    return {large()->members.MemberAt(at), large()->ScoreAt(at)};
  }
  Listpack::Pos pos = pack_.Seek(static_cast<int64_t>(2 * position));
  const ListpackValue member = pack_.Read(&pos);
  return {member.string(scratch), ScoreOf(pack_.Get(pos))};
}

// --- Changes ---

void SortedSet::Expect(size_t elements, size_t first_member_bytes, const EncodingLimits& limits) {
  if (is_large()) return;
  const bool many = elements > limits.zset_max_listpack_entries;
  const bool long_member = pack_.empty() && first_member_bytes > limits.zset_max_listpack_value;
  if (many || long_member) Convert();
}

void SortedSet::Convert() {
  Large* const to = new Large;
  std::vector<ScoreTree::Item> items;
  ForEach(All(), false, [&](std::string_view member, double score) {
    const auto added = to->members.AddPayload(member, std::bit_cast<uint64_t>(score));
    items.push_back({score, added.position});
  });
  to->tree.Build(items);
  pack_.~Listpack();
  word_ = Tagged(to);
}

void SortedSet::BecomeEmpty() { *this = SortedSet(); }

void SortedSet::InsertSmall(std::string_view member, double score) {
  // Often the new element is the last.
  Listpack::Pos before = Listpack::kNone;
  ListpackValue::Scratch scratch;
  if (!pack_.empty()) {
    const Listpack::Pos last = pack_.Last();
    const double last_score = ScoreOf(pack_.Get(last));
    const ListpackValue last_member = pack_.Get(pack_.Prev(last));
    if (!InOrder({last_member.string(scratch), last_score}, {member, score})) {
      for (before = pack_.First();; before = pack_.Next(pack_.Next(before))) {
        const double there = ScoreOf(pack_.Get(pack_.Next(before)));
        if (there < score) continue;
        if (there > score || pack_.Get(before).string(scratch) > member) break;
      }
    }
  }
  const Listpack::Pos at = pack_.Insert(before, member);
  const Listpack::Pos behind = before == Listpack::kNone ? Listpack::kNone : pack_.Next(at);
  if (const auto whole = WholeScore(score)) {
    pack_.InsertInteger(behind, *whole);
    return;
  }
  char text[kMaxDoubleText];
  const char* const end = FormatDouble(text, score);
  pack_.Insert(behind, {text, static_cast<size_t>(end - text)});
}

AddResult SortedSet::Add(std::string_view member, double score, AddOptions options,
                         const EncodingLimits& limits) {
  if (is_large()) return AddLarge(member, score, options);
  if (const auto place = FindSmall(member)) {
    const AddResult result = Updated(place->score, score, options);
    if (result.outcome == Outcome::kUpdated) {
      pack_.Erase(place->pos, 2);
      InsertSmall(member, result.score);
    }
    return result;
  }
  if (options.only_existing) return {Outcome::kSkipped};
  if (!FitsListpack(size() + 1, member.size(), pack_.byte_size() + member.size(), limits)) {
    Convert();
    return AddLarge(member, score, options);
  }
  InsertSmall(member, score);
  return {Outcome::kAdded, score};
}

AddResult SortedSet::AddLarge(std::string_view member, double score, AddOptions options) {
  MemberTable& members = large()->members;
  uint32_t position = MemberTable::kNone;
  if (options.only_existing) {
    position = members.Find(member);
    if (position == MemberTable::kNone) return {Outcome::kSkipped};
  } else {
    const auto added = members.AddPayload(member, std::bit_cast<uint64_t>(score));
    position = added.position;
    if (added.fresh) {
      large()->tree.Insert({score, position});
      return {Outcome::kAdded, score};
    }
  }
  const double old = large()->ScoreAt(position);
  const AddResult result = Updated(old, score, options);
  if (result.outcome != Outcome::kUpdated) return result;
  ScoreTree& tree = large()->tree;
  if (!tree.Rescore({old, position}, result.score)) {
    tree.Erase({old, position});
    tree.Insert({result.score, position});
  }
  members.SetPayload(position, std::bit_cast<uint64_t>(result.score));
  return result;
}

void SortedSet::Large::RemoveMember(uint32_t position) {
  // The table is going to put its last member here. Both are looked for in its index, which is far
  // from what the order touches.
  const uint32_t last = members.size() - 1;
  members.Prefetch(members.MemberAt(position));
  if (position != last) {
    members.Prefetch(members.MemberAt(last));
    tree.Renumber({ScoreAt(last), last}, position);
  }
  members.Remove(position);
}

bool SortedSet::Remove(std::string_view member) {
  if (!is_large()) {
    const auto place = FindSmall(member);
    if (place) pack_.Erase(place->pos, 2);
    return place.has_value();
  }
  const uint32_t position = large()->members.Find(member);
  if (position == MemberTable::kNone) return false;
  if (size() == 1) {
    BecomeEmpty();
  } else {
    large()->tree.Erase({large()->ScoreAt(position), position});
    large()->RemoveMember(position);
  }
  return true;
}

void SortedSet::RemoveRange(RankRange range) {
  if (range.empty()) return;
  if (range.size() == size()) return BecomeEmpty();
  if (!is_large()) {
    pack_.Erase(pack_.Seek(static_cast<int64_t>(2 * range.first)), 2 * range.size());
    return;
  }
  const auto rank = static_cast<uint32_t>(range.first);
  for (size_t left = range.size(); left > 0; --left)
    large()->RemoveMember(large()->tree.EraseAt(rank).position);
}

}  // namespace mydis
