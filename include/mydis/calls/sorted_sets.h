// Typed calls: sorted sets. Their ranges are in sorted_set_ranges.h.
#pragma once

#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

// What calls take: where its member is.
struct ScoredMemberView {
  std::string_view member;
  double score = 0;
};
struct ScoredMember {
  std::string member;
  double score = 0;
  bool operator==(const ScoredMember& other) const = default;
  operator ScoredMemberView() const { return {member, score}; }
};

// Which members a ZADD touches.
struct ZAddOptions {
  enum class When : uint8_t { kAlways, kIfMissing, kIfThere };
  enum class Score : uint8_t { kAny, kIfGreater, kIfLess };  // Of members that are there.
  When when = When::kAlways;
  Score score = Score::kAny;
  bool count_changed = false;  // The call gives how many are new or have another score.
};

enum class ScoreEnd : uint8_t { kMin, kMax };

// The key of the sorted set that had members, and those.
using PoppedMembers = std::pair<std::string, std::vector<ScoredMember>>;
struct PoppedMember {
  std::string key;
  std::string member;
  double score = 0;
};

// A member's place, and its score.
using RankAndScore = std::pair<int64_t, double>;

// How the scores of one member in several sets become one.
struct ZCombineOptions {
  enum class Aggregate : uint8_t { kSum, kMin, kMax };
  std::vector<double> weights = {};  // As many as keys, or none.
  Aggregate aggregate = Aggregate::kSum;
};

namespace detail {

inline std::string_view WordOf(ScoreEnd end) { return end == ScoreEnd::kMin ? "MIN" : "MAX"; }

inline void AddZAddOptions(Words& words, const ZAddOptions& add) {
  words.AddIf(add.when == ZAddOptions::When::kIfMissing, "NX");
  words.AddIf(add.when == ZAddOptions::When::kIfThere, "XX");
  words.AddIf(add.score == ZAddOptions::Score::kIfGreater, "GT");
  words.AddIf(add.score == ZAddOptions::Score::kIfLess, "LT");
  words.AddIf(add.count_changed, "CH");
}

inline Words& AddZCombine(Words& words, const Strings& keys, const ZCombineOptions& combine) {
  constexpr std::string_view kAggregates[] = {"SUM", "MIN", "MAX"};
  words.Add(keys.size(), keys).AddIf(!combine.weights.empty(), "WEIGHTS");
  for (const double weight : combine.weights) words.Add(weight);
  return words.Add("AGGREGATE", kAggregates[static_cast<size_t>(combine.aggregate)]);
}

template <>
struct Decoder<std::vector<ScoredMember>> {
  static Result<std::vector<ScoredMember>> From(Value value) {
    auto pairs = Decoder<std::vector<std::pair<std::string, double>>>::From(std::move(value));
    if (!pairs) return std::unexpected(std::move(pairs.error()));
    std::vector<ScoredMember> members;
    for (auto& [member, score] : *pairs) members.push_back({std::move(member), score});
    return members;
  }
};
// Of a pop: an empty list is nothing.
template <>
struct Decoder<std::optional<ScoredMember>> {
  static Result<std::optional<ScoredMember>> From(Value value) {
    auto members = Decoder<std::vector<ScoredMember>>::From(std::move(value));
    if (!members) return std::unexpected(std::move(members.error()));
    if (members->empty()) return std::optional<ScoredMember>();
    return std::move(members->front());
  }
};
template <>
struct Decoder<PoppedMember> {
  static Result<PoppedMember> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 3) return Unexpected("a member");
    std::vector<Value> parts = std::move(value).elements();
    auto names = DecodePair<std::string, std::string>(std::move(parts[0]), std::move(parts[1]));
    if (!names) return std::unexpected(std::move(names.error()));
    auto score = Decoder<double>::From(std::move(parts[2]));
    if (!score) return std::unexpected(std::move(score.error()));
    return PoppedMember{std::move(names->first), std::move(names->second), *score};
  }
};

}  // namespace detail

// Pops that block wait for a member at most `timeout`; 0: without an end.
template <typename Self, template <typename> class Answer>
class SortedSetCalls : public CallBase<Self, Answer, SortedSetCalls<Self, Answer>> {
 public:
  // How many are new.
  Answer<int64_t> ZAdd(std::string_view key, const ListOf<ScoredMemberView>& members,
                       const ZAddOptions& add = {}, const CallOptions& options = {}) {
    Words words{"ZADD", key};
    detail::AddZAddOptions(words, add);
    for (const ScoredMemberView& one : members) words.Add(one.score, one.member);
    return this->template Write<int64_t>(words, options);
  }
  // Whether it is new.
  Answer<bool> ZAdd(std::string_view key, std::string_view member, double score,
                    const CallOptions& options = {}) {
    Words words{"ZADD", key};
    return this->template Write<bool>(words.Add(score, member), options);
  }
  // The score afterwards.
  Answer<double> ZIncrBy(std::string_view key, std::string_view member, double by,
                         const CallOptions& options = {}) {
    return this->template Write<double>(Words{"ZINCRBY", key}.Add(by, member), options);
  }
  // ZADD with INCR: the score afterwards; nothing if the condition did not hold.
  Answer<std::optional<double>> ZAddIncr(std::string_view key, std::string_view member, double by,
                                         const ZAddOptions& add, const CallOptions& options = {}) {
    Words words{"ZADD", key};
    detail::AddZAddOptions(words, add);
    return this->template Write<std::optional<double>>(words.Add("INCR", by, member), options);
  }
  // How many of them there were.
  Answer<int64_t> ZRem(std::string_view key, const Strings& members,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"ZREM", key}.Add(members), options);
  }
  Answer<int64_t> ZCard(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"ZCARD", key}, options);
  }
  Answer<std::optional<double>> ZScore(std::string_view key, std::string_view member,
                                       const CallOptions& options = {}) {
    return this->template Read<std::optional<double>>({"ZSCORE", key, member}, options);
  }
  Answer<std::vector<std::optional<double>>> ZMScore(std::string_view key, const Strings& members,
                                                     const CallOptions& options = {}) {
    return this->template Read<std::vector<std::optional<double>>>(
        Words{"ZMSCORE", key}.Add(members), options);
  }
  // From 0, by rising scores; ZRevRank: by falling ones.
  Answer<std::optional<int64_t>> ZRank(std::string_view key, std::string_view member,
                                       const CallOptions& options = {}) {
    return this->template Read<std::optional<int64_t>>({"ZRANK", key, member}, options);
  }
  Answer<std::optional<int64_t>> ZRevRank(std::string_view key, std::string_view member,
                                          const CallOptions& options = {}) {
    return this->template Read<std::optional<int64_t>>({"ZREVRANK", key, member}, options);
  }
  Answer<std::optional<RankAndScore>> ZRankWithScore(std::string_view key, std::string_view member,
                                                     const CallOptions& options = {}) {
    return this->template Read<std::optional<RankAndScore>>({"ZRANK", key, member, "WITHSCORE"},
                                                            options);
  }
  Answer<std::optional<RankAndScore>> ZRevRankWithScore(std::string_view key,
                                                        std::string_view member,
                                                        const CallOptions& options = {}) {
    return this->template Read<std::optional<RankAndScore>>({"ZREVRANK", key, member, "WITHSCORE"},
                                                            options);
  }
  // The member of the lowest score, which is removed.
  Answer<std::optional<ScoredMember>> ZPopMin(std::string_view key,
                                              const CallOptions& options = {}) {
    return this->template Write<std::optional<ScoredMember>>({"ZPOPMIN", key}, options);
  }
  Answer<std::optional<ScoredMember>> ZPopMax(std::string_view key,
                                              const CallOptions& options = {}) {
    return this->template Write<std::optional<ScoredMember>>({"ZPOPMAX", key}, options);
  }
  Answer<std::vector<ScoredMember>> ZPopMin(std::string_view key, int64_t count,
                                            const CallOptions& options = {}) {
    return this->template Write<std::vector<ScoredMember>>(Words{"ZPOPMIN", key}.Add(count),
                                                           options);
  }
  Answer<std::vector<ScoredMember>> ZPopMax(std::string_view key, int64_t count,
                                            const CallOptions& options = {}) {
    return this->template Write<std::vector<ScoredMember>>(Words{"ZPOPMAX", key}.Add(count),
                                                           options);
  }
  // From the first of the sorted sets that has members.
  Answer<std::optional<PoppedMembers>> ZMPop(const Strings& keys, ScoreEnd end, int64_t count = 1,
                                             const CallOptions& options = {}) {
    Words words{"ZMPOP"};
    return this->template Write<std::optional<PoppedMembers>>(
        words.Add(keys.size(), keys, detail::WordOf(end), "COUNT", count), options);
  }
  Answer<std::optional<PoppedMember>> BZPopMin(const Strings& keys,
                                               std::chrono::milliseconds timeout,
                                               const CallOptions& options = {}) {
    return this->template Block<std::optional<PoppedMember>>(
        Words{"BZPOPMIN"}.Add(keys, detail::TimeoutSeconds(timeout)), options);
  }
  Answer<std::optional<PoppedMember>> BZPopMax(const Strings& keys,
                                               std::chrono::milliseconds timeout,
                                               const CallOptions& options = {}) {
    return this->template Block<std::optional<PoppedMember>>(
        Words{"BZPOPMAX"}.Add(keys, detail::TimeoutSeconds(timeout)), options);
  }
  Answer<std::optional<PoppedMembers>> BZMPop(const Strings& keys, ScoreEnd end,
                                              std::chrono::milliseconds timeout, int64_t count = 1,
                                              const CallOptions& options = {}) {
    Words words{"BZMPOP"};
    words.Add(detail::TimeoutSeconds(timeout), keys.size(), keys);
    return this->template Block<std::optional<PoppedMembers>>(
        words.Add(detail::WordOf(end), "COUNT", count), options);
  }
  // Any one; nothing of an empty sorted set.
  Answer<std::optional<std::string>> ZRandMember(std::string_view key,
                                                 const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"ZRANDMEMBER", key}, options);
  }
  // Different ones; of a negative number that many, which may be the same.
  Answer<std::vector<std::string>> ZRandMember(std::string_view key, int64_t count,
                                               const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"ZRANDMEMBER", key}.Add(count),
                                                         options);
  }
  Answer<std::vector<ScoredMember>> ZRandMemberWithScores(std::string_view key, int64_t count,
                                                          const CallOptions& options = {}) {
    return this->template Read<std::vector<ScoredMember>>(
        Words{"ZRANDMEMBER", key}.Add(count, "WITHSCORES"), options);
  }
  Answer<ScanStep<ScoredMember>> ZScan(std::string_view key, std::string_view cursor,
                                       const ScanOptions& scan = {},
                                       const CallOptions& options = {}) {
    Words words{"ZSCAN", key, cursor};
    return this->template Read<ScanStep<ScoredMember>>(detail::AddScanOptions(words, scan),
                                                       options);
  }
  Answer<std::vector<std::string>> ZUnion(const Strings& keys, const ZCombineOptions& combine = {},
                                          const CallOptions& options = {}) {
    Words words{"ZUNION"};
    return this->template Read<std::vector<std::string>>(detail::AddZCombine(words, keys, combine),
                                                         options);
  }
  Answer<std::vector<ScoredMember>> ZUnionWithScores(const Strings& keys,
                                                     const ZCombineOptions& combine = {},
                                                     const CallOptions& options = {}) {
    Words words{"ZUNION"};
    return this->template Read<std::vector<ScoredMember>>(
        detail::AddZCombine(words, keys, combine).Add("WITHSCORES"), options);
  }
  Answer<std::vector<std::string>> ZInter(const Strings& keys, const ZCombineOptions& combine = {},
                                          const CallOptions& options = {}) {
    Words words{"ZINTER"};
    return this->template Read<std::vector<std::string>>(detail::AddZCombine(words, keys, combine),
                                                         options);
  }
  Answer<std::vector<ScoredMember>> ZInterWithScores(const Strings& keys,
                                                     const ZCombineOptions& combine = {},
                                                     const CallOptions& options = {}) {
    Words words{"ZINTER"};
    return this->template Read<std::vector<ScoredMember>>(
        detail::AddZCombine(words, keys, combine).Add("WITHSCORES"), options);
  }
  // What is in the first and in no other.
  Answer<std::vector<std::string>> ZDiff(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"ZDIFF"}.Add(keys.size(), keys),
                                                         options);
  }
  Answer<std::vector<ScoredMember>> ZDiffWithScores(const Strings& keys,
                                                    const CallOptions& options = {}) {
    return this->template Read<std::vector<ScoredMember>>(
        Words{"ZDIFF"}.Add(keys.size(), keys, "WITHSCORES"), options);
  }
  // How many members `destination` has.
  Answer<int64_t> ZUnionStore(std::string_view destination, const Strings& keys,
                              const ZCombineOptions& combine = {},
                              const CallOptions& options = {}) {
    Words words{"ZUNIONSTORE", destination};
    return this->template Write<int64_t>(detail::AddZCombine(words, keys, combine), options);
  }
  Answer<int64_t> ZInterStore(std::string_view destination, const Strings& keys,
                              const ZCombineOptions& combine = {},
                              const CallOptions& options = {}) {
    Words words{"ZINTERSTORE", destination};
    return this->template Write<int64_t>(detail::AddZCombine(words, keys, combine), options);
  }
  Answer<int64_t> ZDiffStore(std::string_view destination, const Strings& keys,
                             const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"ZDIFFSTORE", destination}.Add(keys.size(), keys),
                                         options);
  }
  // How many members all have, counted up to `limit`; 0: all.
  Answer<int64_t> ZInterCard(const Strings& keys, int64_t limit = 0,
                             const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"ZINTERCARD"}.Add(keys.size(), keys, "LIMIT", limit),
                                        options);
  }
};

}  // namespace mydis
