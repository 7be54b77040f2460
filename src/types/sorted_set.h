// Sorted sets: members with scores, in the order of (score, member).
//
// A small one is a listpack as Redis keeps it: member and score by turns, in order; whole scores as
// integers, others as text. A large one ("skiplist" for OBJECT ENCODING) is a MemberTable, whose
// payloads are the scores, and a ScoreTree of its positions. It takes about half of what Redis's
// skip list and dictionary do.
//
//   Save: u8 0, listpack's bytes, or
//         u8 1, varint size, {member, u64 bits of the score} in the order of the table
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/codec.h"
#include "types/limits.h"
#include "types/listpack.h"
#include "types/score_tree.h"

namespace mydis {

// Scores from min to max; an open end does not belong to it.
struct ScoreRange {
  double min;
  double max;
  bool min_open = false;
  bool max_open = false;
  bool BeforeMin(double score) const { return min_open ? score <= min : score < min; }
  bool WithinMax(double score) const { return max_open ? score < max : score <= max; }
};

// One end of a range of members in the order of their bytes.
struct LexBound {
  enum class Kind : uint8_t { kLowest, kHighest, kClosed, kOpen };
  Kind kind;
  std::string_view text = {};
};
struct LexRange {
  LexBound min;
  LexBound max;
  bool BeforeMin(std::string_view member) const {
    if (min.kind == LexBound::Kind::kOpen) return member <= min.text;
    if (min.kind == LexBound::Kind::kClosed) return member < min.text;
    return min.kind == LexBound::Kind::kHighest;
  }
  bool WithinMax(std::string_view member) const {
    if (max.kind == LexBound::Kind::kOpen) return member < max.text;
    if (max.kind == LexBound::Kind::kClosed) return member <= max.text;
    return max.kind == LexBound::Kind::kHighest;
  }
};

// Ranks from `first` up to, not including, `end`.
struct RankRange {
  size_t first = 0;
  size_t end = 0;
  size_t size() const { return end - first; }
  bool empty() const { return first == end; }
};

// One word. Const calls: any thread that holds the state's lock shared. Others: the applying thread
// alone. Views of members are good until the next change.
class SortedSet {
 public:
  struct Element {
    std::string_view member;
    double score;
  };
  // What Add does with members that are there or not.
  struct AddOptions {
    bool only_new = false;
    bool only_existing = false;
    bool only_greater = false;  // Than the score that is there.
    bool only_less = false;
    bool increment = false;  // The score is added to the one that is there.
  };
  enum class Outcome : uint8_t {
    kAdded,
    kUpdated,
    kSame,     // The score was this already.
    kSkipped,  // Because of an option.
    kNotANumber,
  };
  struct AddResult {
    Outcome outcome;
    double score = 0;  // Afterwards, for kAdded, kUpdated and kSame.
  };
  struct Ranked {
    size_t rank;
    double score;
  };

  SortedSet() : pack_() {}
  SortedSet(SortedSet&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  SortedSet& operator=(SortedSet&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~SortedSet();
  SortedSet Clone() const;

  // Of different members in any order, kept as small as the limits let it.
  static SortedSet Of(std::span<const Element> elements, const EncodingLimits& limits);
  // From a listpack that anybody may have made; false if it is no sorted set.
  static bool FromListpack(std::string_view bytes, SortedSet* set);
  // The listpack of a small one, else nullptr.
  const Listpack* listpack() const { return is_large() ? nullptr : &pack_; }

  size_t size() const { return is_large() ? large()->tree.size() : pack_.size() / 2; }
  size_t MemoryBytes() const;
  std::string_view EncodingName() const { return is_large() ? "skiplist" : "listpack"; }
  void Save(Encoder& out) const;
  static bool Load(Decoder& in, SortedSet* set);
  void CheckInvariants() const;
  // Bytes really held, for measurements.
  size_t Footprint() const;

  // --- Reading ---
  std::optional<double> Score(std::string_view member) const;
  std::optional<Ranked> Rank(std::string_view member) const;
  RankRange All() const { return {0, size()}; }
  RankRange RangeOf(const ScoreRange& range) const;
  // For members that all have one score. Else what Redis happens to answer; from_end: when it comes
  // from the higher end.
  RankRange RangeOf(const LexRange& range, bool from_end = false) const;
  // Calls visit(member, score) for each element of the range, in order or from its end.
  // REQUIRES: range.end <= size().
  template <typename Visit>
  void ForEach(RankRange range, bool from_end, const Visit& visit) const;
  // The element at a place that has nothing to do with the order: for random choice.
  // REQUIRES: position < size(). `scratch` must outlive the result.
  Element At(size_t position, ListpackValue::Scratch& scratch) const;
  // Calls visit(member, score) for every element, in the order of those places.
  template <typename Visit>
  void ForEachUnordered(const Visit& visit) const;
  // One step of ZSCAN; see MemberTable::Scan. A small set is visited in one step.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, uint64_t count, const Visit& visit) const;
  // Starts to bring what a look-up of the member needs into the cache.
  void Prefetch(std::string_view member) const {
    if (is_large()) large()->members.Prefetch(member);
  }

  // --- Changes. REQUIRES: no argument points in here ---
  // What is going to be added at once, so that a small set need not be converted on the way.
  void Expect(size_t elements, size_t first_member_bytes, const EncodingLimits& limits);
  // REQUIRES: the score is a number.
  AddResult Add(std::string_view member, double score, AddOptions options,
                const EncodingLimits& limits);
  bool Remove(std::string_view member);
  // REQUIRES: range.end <= size().
  void RemoveRange(RankRange range);

 private:
  struct Large {
    MemberTable members;
    ScoreTree tree{members};
    double ScoreAt(uint32_t position) const {
      return std::bit_cast<double>(members.PayloadAt(position));
    }
    // Removes a member that has left the order.
    void RemoveMember(uint32_t position);
  };
  static constexpr uintptr_t kLargeTag = 1;

  explicit SortedSet(Large* large) : word_(Tagged(large)) {}
  static uintptr_t Tagged(Large* large) {
    // lint: pointer-order-ok a tag, no order
    return reinterpret_cast<uintptr_t>(large) | kLargeTag;
  }
  bool is_large() const { return (word_ & kLargeTag) != 0; }
  Large* large() const { return reinterpret_cast<Large*>(word_ & ~kLargeTag); }
  static double ScoreOf(const ListpackValue& value);
  static bool FitsListpack(size_t elements, size_t longest, size_t bytes,
                           const EncodingLimits& limits);

  struct SmallPlace {
    Listpack::Pos pos;
    double score;
  };
  std::optional<SmallPlace> FindSmall(std::string_view member) const;
  void InsertSmall(std::string_view member, double score);
  AddResult AddLarge(std::string_view member, double score, AddOptions options);
  template <typename Starts, typename Goes>
  RankRange SmallRange(const Starts& starts, const Goes& goes_on, bool from_end) const;
  void Convert();
  void BecomeEmpty();

  union {
    Listpack pack_;   // If the lowest bit is 0.
    uintptr_t word_;  // A Large*, and the tag.
  };
};
static_assert(sizeof(SortedSet) == 8);

template <typename Visit>
void SortedSet::ForEach(RankRange range, bool from_end, const Visit& visit) const {
  size_t left = range.size();
  if (left == 0) return;
  const size_t start = from_end ? range.end - 1 : range.first;
  if (is_large()) {
    const Large& all = *large();
    for (ScoreTree::Cursor it = all.tree.At(static_cast<uint32_t>(start)); left > 0; --left) {
      const ScoreTree::Item item = *it;
      visit(all.members.MemberAt(item.position), item.score);
      from_end ? it.Previous() : it.Next();
    }
    return;
  }
  ListpackValue::Scratch scratch;
  Listpack::Pos pos = pack_.Seek(static_cast<int64_t>(2 * start));
  for (; left > 0; --left) {
    Listpack::Pos next = pos;
    const ListpackValue member = pack_.Read(&next);
    visit(member.string(scratch), ScoreOf(pack_.Get(next)));
    pos = from_end && left > 1 ? pack_.Prev(pack_.Prev(pos)) : pack_.Next(next);
  }
}

template <typename Visit>
void SortedSet::ForEachUnordered(const Visit& visit) const {
  if (!is_large()) return ForEach(All(), false, visit);
  const Large& all = *large();
  for (uint32_t i = 0; i < all.members.size(); ++i) visit(all.members.MemberAt(i), all.ScoreAt(i));
}

template <typename Visit>
uint64_t SortedSet::Scan(uint64_t cursor, uint64_t count, const Visit& visit) const {
  if (!is_large()) {
    ForEach(All(), false, visit);
    return 0;
  }
  const Large& all = *large();
  return all.members.Scan(cursor, count, [&](uint32_t position) {
    visit(all.members.MemberAt(position), all.ScoreAt(position));
  });
}

}  // namespace mydis
