// Typed calls: ranges of sorted sets, by place, by score, and by member where all scores are the
// same. They are ZRANGE with its options, not the older commands of the same names.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/calls/sorted_sets.h"

namespace mydis {

// A score as the end of a range: part of it, or not.
struct ScoreBound {
  ScoreBound(double bound) : score(bound) {}
  static ScoreBound Exclusive(double bound) {
    ScoreBound made(bound);
    made.exclusive = true;
    return made;
  }
  double score;
  bool exclusive = false;
};
// {1, 5}, {.min = ScoreBound::Exclusive(1)} …
struct ScoreRange {
  ScoreBound min = -std::numeric_limits<double>::infinity();
  ScoreBound max = std::numeric_limits<double>::infinity();
};

// A member as the end of a range: part of it, or not, or no end at all.
struct MemberBound {
  MemberBound(std::string_view bound) : member(bound), kind(Kind::kInclusive) {}
  MemberBound(const char* bound) : MemberBound(std::string_view(bound)) {}
  static MemberBound Exclusive(std::string_view bound) {
    MemberBound made(bound);
    made.kind = Kind::kExclusive;
    return made;
  }
  static MemberBound Lowest() { return MemberBound(Kind::kLowest); }
  static MemberBound Highest() { return MemberBound(Kind::kHighest); }

  enum class Kind : uint8_t { kInclusive, kExclusive, kLowest, kHighest };
  std::string_view member;
  Kind kind;

 private:
  explicit MemberBound(Kind end) : kind(end) {}
};
struct MemberRange {
  MemberBound min = MemberBound::Lowest();
  MemberBound max = MemberBound::Highest();
};

// Of what a range has, by rising scores, or the other way round.
struct ZRangeOptions {
  bool reverse = false;
  // Not by place.
  int64_t offset = 0;
  int64_t count = -1;  // -1: all.
};

namespace detail {

inline void AddBound(Words& words, const ScoreBound& bound) {
  if (!bound.exclusive) {
    words.Add(bound.score);
    return;
  }
  char text[34] = "(";
  const auto end = std::to_chars(text + 1, text + sizeof text, bound.score).ptr;
  words.AddKept(std::string(text, end));
}

inline void AddBound(Words& words, const MemberBound& bound) {
  switch (bound.kind) {
    case MemberBound::Kind::kInclusive:
      words.AddKept(std::string("[").append(bound.member));
      break;
    case MemberBound::Kind::kExclusive:
      words.AddKept(std::string("(").append(bound.member));
      break;
    case MemberBound::Kind::kLowest:
      words.Add("-");
      break;
    case MemberBound::Kind::kHighest:
      words.Add("+");
      break;
  }
}

// The lower end first.
template <typename Range>
Words& AddRange(Words& words, const Range& range) {
  AddBound(words, range.min);
  AddBound(words, range.max);
  return words;
}

// What follows the key of a ZRANGE or ZRANGESTORE: the end where it begins is the first.
template <typename Range>
Words& AddZRange(Words& words, const Range& range, const ZRangeOptions& how, std::string_view by) {
  AddBound(words, how.reverse ? range.max : range.min);
  AddBound(words, how.reverse ? range.min : range.max);
  words.Add(by).AddIf(how.reverse, "REV");
  return words.AddIf(how.offset != 0 || how.count >= 0, "LIMIT", how.offset, how.count);
}

}  // namespace detail

template <typename Self, template <typename> class Answer>
class SortedSetRangeCalls : public CallBase<Self, Answer, SortedSetRangeCalls<Self, Answer>> {
 public:
  Answer<int64_t> ZCount(std::string_view key, const ScoreRange& range,
                         const CallOptions& options = {}) {
    Words words{"ZCOUNT", key};
    return this->template Read<int64_t>(detail::AddRange(words, range), options);
  }
  Answer<int64_t> ZLexCount(std::string_view key, const MemberRange& range,
                            const CallOptions& options = {}) {
    Words words{"ZLEXCOUNT", key};
    return this->template Read<int64_t>(detail::AddRange(words, range), options);
  }
  // By place, both ends included; -1 is the last member.
  Answer<std::vector<std::string>> ZRange(std::string_view key, int64_t start, int64_t stop,
                                          const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"ZRANGE", key}.Add(start, stop),
                                                         options);
  }
  Answer<std::vector<ScoredMember>> ZRangeWithScores(std::string_view key, int64_t start,
                                                     int64_t stop,
                                                     const CallOptions& options = {}) {
    return this->template Read<std::vector<ScoredMember>>(
        Words{"ZRANGE", key}.Add(start, stop, "WITHSCORES"), options);
  }
  // Place 0 has the highest score.
  Answer<std::vector<std::string>> ZRevRange(std::string_view key, int64_t start, int64_t stop,
                                             const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(
        Words{"ZRANGE", key}.Add(start, stop, "REV"), options);
  }
  Answer<std::vector<ScoredMember>> ZRevRangeWithScores(std::string_view key, int64_t start,
                                                        int64_t stop,
                                                        const CallOptions& options = {}) {
    return this->template Read<std::vector<ScoredMember>>(
        Words{"ZRANGE", key}.Add(start, stop, "REV", "WITHSCORES"), options);
  }
  Answer<std::vector<std::string>> ZRangeByScore(std::string_view key, const ScoreRange& range,
                                                 const ZRangeOptions& how = {},
                                                 const CallOptions& options = {}) {
    Words words{"ZRANGE", key};
    return this->template Read<std::vector<std::string>>(
        detail::AddZRange(words, range, how, "BYSCORE"), options);
  }
  Answer<std::vector<ScoredMember>> ZRangeByScoreWithScores(std::string_view key,
                                                            const ScoreRange& range,
                                                            const ZRangeOptions& how = {},
                                                            const CallOptions& options = {}) {
    Words words{"ZRANGE", key};
    return this->template Read<std::vector<ScoredMember>>(
        detail::AddZRange(words, range, how, "BYSCORE").Add("WITHSCORES"), options);
  }
  Answer<std::vector<std::string>> ZRangeByLex(std::string_view key, const MemberRange& range,
                                               const ZRangeOptions& how = {},
                                               const CallOptions& options = {}) {
    Words words{"ZRANGE", key};
    return this->template Read<std::vector<std::string>>(
        detail::AddZRange(words, range, how, "BYLEX"), options);
  }
  // ZRANGESTORE, of this and the next two: how many members `destination` has.
  Answer<int64_t> ZRangeStore(std::string_view destination, std::string_view key, int64_t start,
                              int64_t stop, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"ZRANGESTORE", destination, key}.Add(start, stop),
                                         options);
  }
  Answer<int64_t> ZRangeStoreByScore(std::string_view destination, std::string_view key,
                                     const ScoreRange& range, const ZRangeOptions& how = {},
                                     const CallOptions& options = {}) {
    Words words{"ZRANGESTORE", destination, key};
    return this->template Write<int64_t>(detail::AddZRange(words, range, how, "BYSCORE"), options);
  }
  Answer<int64_t> ZRangeStoreByLex(std::string_view destination, std::string_view key,
                                   const MemberRange& range, const ZRangeOptions& how = {},
                                   const CallOptions& options = {}) {
    Words words{"ZRANGESTORE", destination, key};
    return this->template Write<int64_t>(detail::AddZRange(words, range, how, "BYLEX"), options);
  }
  // How many were removed.
  Answer<int64_t> ZRemRangeByRank(std::string_view key, int64_t start, int64_t stop,
                                  const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"ZREMRANGEBYRANK", key}.Add(start, stop), options);
  }
  Answer<int64_t> ZRemRangeByScore(std::string_view key, const ScoreRange& range,
                                   const CallOptions& options = {}) {
    Words words{"ZREMRANGEBYSCORE", key};
    return this->template Write<int64_t>(detail::AddRange(words, range), options);
  }
  Answer<int64_t> ZRemRangeByLex(std::string_view key, const MemberRange& range,
                                 const CallOptions& options = {}) {
    Words words{"ZREMRANGEBYLEX", key};
    return this->template Write<int64_t>(detail::AddRange(words, range), options);
  }
};

}  // namespace mydis
