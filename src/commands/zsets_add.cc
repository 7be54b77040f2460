// Adding to sorted sets and removing from them: ZADD, ZINCRBY, ZREM, ZREMRANGEBY….
#include <vector>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "commands/zsets.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

using Outcome = SortedSet::Outcome;

struct AddOptions {
  SortedSet::AddOptions set;
  bool count_changed = false;
  Args pairs;  // Score, member …
};

// False if the words are wrong; then the error has been sent.
bool ReadAddOptions(Args args, AddOptions& options, Reply& reply) {
  size_t i = 2;
  for (; i < args.size(); ++i) {
    if (EqualsUpper(args[i], "NX")) {
      options.set.only_new = true;
    } else if (EqualsUpper(args[i], "XX")) {
      options.set.only_existing = true;
    } else if (EqualsUpper(args[i], "GT")) {
      options.set.only_greater = true;
    } else if (EqualsUpper(args[i], "LT")) {
      options.set.only_less = true;
    } else if (EqualsUpper(args[i], "CH")) {
      options.count_changed = true;
    } else if (EqualsUpper(args[i], "INCR")) {
      options.set.increment = true;
    } else {
      break;
    }
  }
  options.pairs = args.subspan(i);
  const SortedSet::AddOptions& set = options.set;
  std::string_view error;
  if (options.pairs.empty() || options.pairs.size() % 2 != 0) {
    error = kErrSyntax;
  } else if (set.only_new && set.only_existing) {
    error = "ERR XX and NX options at the same time are not compatible";
  } else if ((set.only_new && (set.only_greater || set.only_less)) ||
             (set.only_greater && set.only_less)) {
    error = "ERR GT, LT, and/or NX options at the same time are not compatible";
  } else if (set.increment && options.pairs.size() > 2) {
    error = "ERR INCR option supports a single increment-element pair";
  }
  if (!error.empty()) reply.Error(error);
  return error.empty();
}

void SendIncremented(Reply& reply, const SortedSet::AddResult& result) {
  if (result.outcome == Outcome::kSkipped) return reply.Null();
  reply.Double(result.score);
}

void Add(WriteContext& context, AddOptions options) {
  if (!ReadAddOptions(context.args, options, context.reply)) return;
  // All scores are read before anything is changed.
  std::vector<SortedSet::Element> elements(options.pairs.size() / 2);
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto score = ParseDouble(options.pairs[2 * i]);
    if (!score) return context.reply.Error(kErrNotFloat);
    elements[i] = {options.pairs[2 * i + 1], *score};
  }
  AddElements(context, elements, options.set, options.count_changed);
}

// Removes what `range_of(set)` gives.
template <typename RangeOf>
void RemoveRange(WriteContext& context, std::string_view event, const RangeOf& range_of) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kSortedSet, context.reply)) return;
  const RankRange range = entry == nullptr ? RankRange{} : range_of(entry->as<SortedSet>());
  context.reply.Integer(static_cast<int64_t>(range.size()));
  if (range.empty()) return;
  ContainerEdit<SortedSet> edit(context.keyspace, context.db, key);
  edit->RemoveRange(range);
  edit.Changed(EventClass::kSortedSet, event);
}

}  // namespace

void AddElements(WriteContext& context, std::span<const SortedSet::Element> elements,
                 SortedSet::AddOptions options, bool count_changed) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kSortedSet, context.reply)) return;
  if (entry == nullptr && options.only_existing)
    return options.increment ? context.reply.Null() : context.reply.Integer(0);

  const EncodingLimits& limits = context.state.settings.encoding_limits();
  ContainerEdit<SortedSet> edit(context.keyspace, context.db, key);
  SortedSet& set = *edit;
  set.Expect(elements.size(), elements[0].member.size(), limits);
  int64_t added = 0;
  int64_t updated = 0;
  SortedSet::AddResult result{};
  for (const auto& [member, score] : elements) {
    result = set.Add(member, score, options, limits);
    added += result.outcome == Outcome::kAdded;
    updated += result.outcome == Outcome::kUpdated;
  }
  if (result.outcome == Outcome::kNotANumber)
    return context.reply.Error("ERR resulting score is not a number (NaN)");
  if (options.increment) {
    SendIncremented(context.reply, result);
  } else {
    context.reply.Integer(count_changed ? added + updated : added);
  }
  if (added + updated > 0)
    edit.Changed(EventClass::kSortedSet, options.increment ? "zincr" : "zadd");
}

// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
void ZaddCommand(WriteContext& context) { Add(context, {}); }

// ZINCRBY key increment member
void ZincrbyCommand(WriteContext& context) { Add(context, {.set = {.increment = true}}); }

// ZREM key member [member ...]
void ZremCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kSortedSet, context.reply)) return;
  if (entry == nullptr) return context.reply.Integer(0);
  ContainerEdit<SortedSet> edit(context.keyspace, context.db, key);
  int64_t removed = 0;
  for (const std::string_view member : context.args.subspan(2)) removed += edit->Remove(member);
  context.reply.Integer(removed);
  if (removed > 0) edit.Changed(EventClass::kSortedSet, "zrem");
}

// ZREMRANGEBYRANK key start stop
void ZremrangebyrankCommand(WriteContext& context) {
  const auto start = ParseInteger(context.args[2]);
  const auto stop = ParseInteger(context.args[3]);
  if (!start || !stop) return context.reply.Error(kErrNotInteger);
  RemoveRange(context, "zremrangebyrank",
              [&](const SortedSet& set) { return RankRangeOf(*start, *stop, set.size()); });
}

// ZREMRANGEBYSCORE key min max
void ZremrangebyscoreCommand(WriteContext& context) {
  const auto range = ReadScoreRange(context.args[2], context.args[3], context.reply);
  if (!range) return;
  RemoveRange(context, "zremrangebyscore",
              [&](const SortedSet& set) { return set.RangeOf(*range); });
}

// ZREMRANGEBYLEX key min max
void ZremrangebylexCommand(WriteContext& context) {
  const auto range = ReadLexRange(context.args[2], context.args[3], context.reply);
  if (!range) return;
  RemoveRange(context, "zremrangebylex", [&](const SortedSet& set) { return set.RangeOf(*range); });
}

}  // namespace mydis
