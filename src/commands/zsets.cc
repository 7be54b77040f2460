// Reading sorted sets: single members, counts, random members, ZSCAN; and what the other files
// share.
#include "commands/zsets.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/c_locale.h"
#include "base/number_format.h"
#include "commands/arg_parser.h"
#include "commands/random_picks.h"
#include "commands/scan.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

constexpr std::string_view kErrScoreRange = "ERR min or max is not a float";
constexpr std::string_view kErrLexRange = "ERR min or max not valid string range item";

// One end of a range of scores, with `(` before it if it is open. Redis reads the number with
// strtod: spaces before it, and nothing at all for 0, are fine, and a zero byte ends it.
std::optional<double> ReadBound(std::string_view word, bool* open) {
  *open = word.starts_with('(');
  if (*open) word.remove_prefix(1);
  double value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (error == std::errc() && stop == end && std::isfinite(value)) return value;
  const std::string text(word.substr(0, word.find('\0')));
  char* parsed = nullptr;
  value = CLocaleStrtod(text.c_str(), &parsed);
  if (*parsed != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<LexBound> ReadLexBound(std::string_view word) {
  using Kind = LexBound::Kind;
  if (word == "-") return LexBound{Kind::kLowest};
  if (word == "+") return LexBound{Kind::kHighest};
  if (word.starts_with('(')) return LexBound{Kind::kOpen, word.substr(1)};
  if (word.starts_with('[')) return LexBound{Kind::kClosed, word.substr(1)};
  return std::nullopt;
}

void SendRank(ReadContext& context, bool from_end, std::string_view command) {
  if (context.args.size() > 4) return SendWrongArity(context.reply, command);
  const bool with_score = context.args.size() == 4;
  if (with_score && !EqualsUpper(context.args[3], "WITHSCORE"))
    return context.reply.Error(kErrSyntax);
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const auto ranked = set == nullptr ? std::nullopt : set->Rank(context.args[2]);
  if (!ranked) return with_score ? context.reply.NullArray() : context.reply.Null();
  const size_t rank = from_end ? set->size() - 1 - ranked->rank : ranked->rank;
  if (with_score) context.reply.ArrayHeader(2);
  context.reply.Integer(static_cast<int64_t>(rank));
  if (with_score) context.reply.Double(ranked->score);
}

// The same member may come more than once.
void SendRepeated(ReadContext& context, const SortedSet& set, size_t count, bool with_scores) {
  SendElementsHeader(context.reply, count, with_scores);
  for (; count > 0; --count) {
    ListpackValue::Scratch scratch;
    const auto [member, score] = set.At(context.random.Below(set.size()), scratch);
    SendElement(context.reply, member, score, with_scores);
  }
}

void SendDistinct(ReadContext& context, const SortedSet& set, size_t count, bool with_scores) {
  SendElementsHeader(context.reply, count, with_scores);
  for (const uint32_t position : PickDistinct(context.random, set.size(), count)) {
    ListpackValue::Scratch scratch;
    const auto [member, score] = set.At(position, scratch);
    SendElement(context.reply, member, score, with_scores);
  }
}

}  // namespace

bool FindSortedSet(const ReadContext& context, std::string_view key, const SortedSet** set) {
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kSortedSet, context.reply)) return false;
  *set = entry == nullptr ? nullptr : &entry->as<SortedSet>();
  return true;
}

void SendElementsHeader(Reply& reply, size_t count, bool with_scores) {
  reply.ArrayHeader(with_scores && reply.resp_version() == 2 ? 2 * count : count);
}

void SendElement(Reply& reply, std::string_view member, double score, bool with_scores) {
  if (!with_scores) return reply.Bulk(member);
  if (reply.resp_version() > 2) reply.ArrayHeader(2);
  reply.Bulk(member);
  reply.Double(score);
}

std::optional<ScoreRange> ReadScoreRange(std::string_view min, std::string_view max, Reply& reply) {
  ScoreRange range{};
  const auto low = ReadBound(min, &range.min_open);
  const auto high = ReadBound(max, &range.max_open);
  if (!low || !high) {
    reply.Error(kErrScoreRange);
    return std::nullopt;
  }
  range.min = *low;
  range.max = *high;
  return range;
}

std::optional<LexRange> ReadLexRange(std::string_view min, std::string_view max, Reply& reply) {
  const auto low = ReadLexBound(min);
  const auto high = ReadLexBound(max);
  if (low && high) return LexRange{*low, *high};
  reply.Error(kErrLexRange);
  return std::nullopt;
}

RankRange RankRangeOf(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(0, start + length);
  if (stop < 0) stop += length;
  if (start > stop || start >= length) return {};
  stop = std::min(stop, length - 1);
  return {static_cast<size_t>(start), static_cast<size_t>(stop) + 1};
}

void StoreElements(WriteContext& context, std::string_view key,
                   std::span<const SortedSet::Element> elements, std::string_view event) {
  if (elements.empty()) {
    if (context.keyspace.Erase(context.db, key))
      context.keyspace.Notify(EventClass::kGeneric, "del", context.db, key);
    return context.reply.Integer(0);
  }
  SortedSet set = SortedSet::Of(elements, context.state.settings.encoding_limits());
  context.reply.Integer(static_cast<int64_t>(set.size()));
  context.keyspace.Put(context.db, key, std::move(set), Ttl::None());
  context.keyspace.Notify(EventClass::kSortedSet, event, context.db, key);
}

// ZCARD key
void ZcardCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  context.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
}

// ZCOUNT key min max
void ZcountCommand(ReadContext& context) {
  const auto range = ReadScoreRange(context.args[2], context.args[3], context.reply);
  const SortedSet* set = nullptr;
  if (!range || !FindSortedSet(context, context.args[1], &set)) return;
  context.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->RangeOf(*range).size()));
}

// ZLEXCOUNT key min max
void ZlexcountCommand(ReadContext& context) {
  const auto range = ReadLexRange(context.args[2], context.args[3], context.reply);
  const SortedSet* set = nullptr;
  if (!range || !FindSortedSet(context, context.args[1], &set)) return;
  context.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->RangeOf(*range).size()));
}

// ZSCORE key member
void ZscoreCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const auto score = set == nullptr ? std::nullopt : set->Score(context.args[2]);
  score ? context.reply.Double(*score) : context.reply.Null();
}

// ZMSCORE key member [member ...]
void ZmscoreCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const Args members = context.args.subspan(2);
  context.reply.ArrayHeader(members.size());
  for (const std::string_view member : members) {
    const auto score = set == nullptr ? std::nullopt : set->Score(member);
    score ? context.reply.Double(*score) : context.reply.Null();
  }
}

// ZRANK key member [WITHSCORE]
void ZrankCommand(ReadContext& context) { SendRank(context, false, "zrank"); }
void ZrevrankCommand(ReadContext& context) { SendRank(context, true, "zrevrank"); }

// ZRANDMEMBER key [count [WITHSCORES]]
void ZrandmemberCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (context.args.size() == 2) {
    if (!FindSortedSet(context, context.args[1], &set)) return;
    if (set == nullptr) return context.reply.Null();
    ListpackValue::Scratch scratch;
    return context.reply.Bulk(set->At(context.random.Below(set->size()), scratch).member);
  }
  const bool with_scores = context.args.size() == 4 && EqualsUpper(context.args[3], "WITHSCORES");
  const int64_t most = std::numeric_limits<int64_t>::max() / (with_scores ? 2 : 1);
  const auto count = ReadPickCount(context.args[2], most, context.reply);
  if (!count) return;
  if (context.args.size() > 3 && !(with_scores && context.args.size() == 4))
    return context.reply.Error(kErrSyntax);
  if (!FindSortedSet(context, context.args[1], &set)) return;
  if (set == nullptr || *count == 0) return context.reply.ArrayHeader(0);
  if (*count < 0) return SendRepeated(context, *set, static_cast<size_t>(-*count), with_scores);
  SendDistinct(context, *set, std::min(static_cast<size_t>(*count), set->size()), with_scores);
}

// ZSCAN key cursor [MATCH pattern] [COUNT count]
void ZscanCommand(ReadContext& context) {
  const auto cursor = ReadCursor(context.args[2], context.reply);
  if (!cursor) return;
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const auto options =
      set == nullptr ? ScanOptions{} : ReadScanOptions(context.args, 3, false, context.reply);
  if (!options) return;
  std::vector<std::string> found;
  const auto take = [&](std::string_view member, double score) {
    if (!options->Fits(member)) return;
    found.emplace_back(member);
    char text[kMaxDoubleText];
    // Of a large set Redis shows 17 digits here, as nowhere else.
    const char* const end =
        set->listpack() != nullptr || std::isinf(score)
            ? FormatDouble(text, score)
            : std::to_chars(text, text + sizeof text, score, std::chars_format::general, 17).ptr;
    found.emplace_back(text, static_cast<size_t>(end - text));
  };
  const uint64_t next = set == nullptr ? 0 : set->Scan(*cursor, options->count, take);
  context.reply.ArrayHeader(2);
  SendCursor(context.reply, next);
  context.reply.ArrayHeader(found.size());
  for (const std::string& text : found) context.reply.Bulk(text);
}

}  // namespace mydis
