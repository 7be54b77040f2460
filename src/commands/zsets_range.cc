// ZRANGE and its relatives.
#include <algorithm>
#include <string>
#include <variant>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "commands/zsets.h"

namespace mydis {
namespace {

enum class By : uint8_t { kAny, kRank, kScore, kLex };
enum class Direction : uint8_t { kAny, kForward, kReverse };

struct Ranks {
  int64_t start;
  int64_t stop;
};

// What one of these commands asks for.
struct Query {
  std::string_view key;
  By by;
  Direction direction;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // Negative: none.
  std::variant<Ranks, ScoreRange, LexRange> range = Ranks{};

  bool from_end() const { return direction == Direction::kReverse; }
};

bool ReadOptions(Args args, size_t first, bool store, Query& query, Reply& reply) {
  ArgParser parser(args, first);
  while (parser.HasNext()) {
    if (!store && parser.Accept("WITHSCORES")) {
      query.with_scores = true;
    } else if (parser.remaining() > 2 && parser.Accept("LIMIT")) {
      query.offset = parser.Integer();
      query.limit = parser.Integer();
    } else if (query.direction == Direction::kAny && parser.Accept("REV")) {
      query.direction = Direction::kReverse;
    } else if (query.by == By::kAny && parser.Accept("BYLEX")) {
      query.by = By::kLex;
    } else if (query.by == By::kAny && parser.Accept("BYSCORE")) {
      query.by = By::kScore;
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (query.direction == Direction::kAny) query.direction = Direction::kForward;
  if (query.by == By::kAny) query.by = By::kRank;
  if (query.limit != -1 && query.by == By::kRank)
    parser.Fail(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  if (query.with_scores && query.by == By::kLex)
    parser.Fail("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  return !parser.Rejected(reply);
}

bool ReadRange(std::string_view first, std::string_view second, Query& query, Reply& reply) {
  if (query.by == By::kRank) {
    const auto start = ParseInteger(first);
    const auto stop = ParseInteger(second);
    if (!start || !stop) {
      reply.Error(kErrNotInteger);
      return false;
    }
    query.range = Ranks{*start, *stop};
    return true;
  }
  // Backwards the higher end comes first.
  if (query.from_end()) std::swap(first, second);
  if (query.by == By::kScore) {
    const auto range = ReadScoreRange(first, second, reply);
    if (range) query.range = *range;
    return range.has_value();
  }
  const auto range = ReadLexRange(first, second, reply);
  if (range) query.range = *range;
  return range.has_value();
}

// Reads `key min max [option ...]` from the word `first` on. nullopt if it is wrong: then the error
// has been sent.
std::optional<Query> ReadQuery(Args args, size_t first, bool store, By by, Direction direction,
                               Reply& reply) {
  Query query{.key = args[first], .by = by, .direction = direction};
  if (!ReadOptions(args, first + 3, store, query, reply) ||
      !ReadRange(args[first + 1], args[first + 2], query, reply))
    return std::nullopt;
  return query;
}

// The part of a range that LIMIT leaves.
RankRange Limited(RankRange range, const Query& query, size_t size) {
  if (query.offset < 0 || (query.offset > 0 && static_cast<uint64_t>(query.offset) >= size))
    return {};
  const size_t skipped = std::min(range.size(), static_cast<size_t>(query.offset));
  size_t count = range.size() - skipped;
  if (query.limit >= 0) count = std::min(count, static_cast<size_t>(query.limit));
  if (query.from_end()) return {range.end - skipped - count, range.end - skipped};
  return {range.first + skipped, range.first + skipped + count};
}

RankRange RangeOf(const SortedSet& set, const Query& query) {
  if (const auto* ranks = std::get_if<Ranks>(&query.range)) {
    const RankRange range = RankRangeOf(ranks->start, ranks->stop, set.size());
    // Ranks that count from the end.
    return query.from_end() && !range.empty()
               ? RankRange{set.size() - range.end, set.size() - range.first}
               : range;
  }
  if (const auto* scores = std::get_if<ScoreRange>(&query.range))
    return Limited(set.RangeOf(*scores), query, set.size());
  return Limited(set.RangeOf(std::get<LexRange>(query.range), query.from_end()), query, set.size());
}

void Range(ReadContext& context, By by, Direction direction) {
  const auto query = ReadQuery(context.args, 1, false, by, direction, context.reply);
  const SortedSet* set = nullptr;
  if (!query || !FindSortedSet(context, query->key, &set)) return;
  if (set == nullptr) return context.reply.ArrayHeader(0);
  const RankRange range = RangeOf(*set, *query);
  SendElementsHeader(context.reply, range.size(), query->with_scores);
  set->ForEach(range, query->from_end(), [&](std::string_view member, double score) {
    SendElement(context.reply, member, score, query->with_scores);
  });
}

}  // namespace

// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
void ZrangeCommand(ReadContext& context) { Range(context, By::kAny, Direction::kAny); }
void ZrevrangeCommand(ReadContext& context) { Range(context, By::kRank, Direction::kReverse); }
void ZrangebyscoreCommand(ReadContext& context) { Range(context, By::kScore, Direction::kForward); }
void ZrevrangebyscoreCommand(ReadContext& context) {
  Range(context, By::kScore, Direction::kReverse);
}
void ZrangebylexCommand(ReadContext& context) { Range(context, By::kLex, Direction::kForward); }
void ZrevrangebylexCommand(ReadContext& context) { Range(context, By::kLex, Direction::kReverse); }

// ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
void ZrangestoreCommand(WriteContext& context) {
  const auto query = ReadQuery(context.args, 2, true, By::kAny, Direction::kAny, context.reply);
  const SortedSet* set = nullptr;
  if (!query || !FindSortedSet(context.AsRead(), query->key, &set)) return;
  std::vector<SortedSet::Element> elements;
  std::vector<std::string> copies;  // A listpack's members may be numbers, without bytes to view.
  if (set != nullptr) {
    const RankRange range = RangeOf(*set, *query);
    const bool small = set->listpack() != nullptr;
    elements.reserve(range.size());
    if (small) copies.reserve(range.size());
    set->ForEach(range, query->from_end(), [&](std::string_view member, double score) {
      if (small) member = copies.emplace_back(member);
      elements.push_back({member, score});
    });
  }
  StoreElements(context, context.args[1], elements, "zrangestore");
}

}  // namespace mydis
