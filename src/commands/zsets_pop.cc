// Taking elements from the ends of sorted sets: ZPOPMIN, ZPOPMAX, ZMPOP.
#include <algorithm>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "commands/zsets.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

void SendHeader(Reply& reply, std::string_view key, size_t count, PopForm form) {
  switch (form) {
    case PopForm::kFlat:
      return reply.ArrayHeader(2 * count);
    case PopForm::kPairs:
      return reply.ArrayHeader(count);
    case PopForm::kKeyFlat:
      reply.ArrayHeader(2 * count + 1);
      return reply.Bulk(key);
    case PopForm::kKeyPairs:
      reply.ArrayHeader(2);
      reply.Bulk(key);
      return reply.ArrayHeader(count);
  }
}

// ZPOPMIN and ZPOPMAX: key [count]
void Pop(WriteContext& context, PopEnd end) {
  if (context.args.size() > 3) return context.reply.Error(kErrSyntax);
  const bool counted = context.args.size() == 3;
  const std::optional<int64_t> count = counted ? ParseInteger(context.args[2]) : 1;
  if (!count || *count < 0)
    return context.reply.Error("ERR value is out of range, must be positive");
  const Args keys = context.args.subspan(1, 1);
  if (*count == 0) {
    const SortedSet* set = nullptr;
    if (FindSortedSet(context.AsRead(), keys[0], &set)) context.reply.ArrayHeader(0);
    return;
  }
  const bool pairs = counted && context.reply.resp_version() > 2;
  if (!PopFromFirst(context, keys, end, static_cast<size_t>(*count),
                    pairs ? PopForm::kPairs : PopForm::kFlat))
    context.reply.ArrayHeader(0);
}

}  // namespace

bool PopFromFirst(WriteContext& context, std::span<const std::string_view> keys, PopEnd end,
                  size_t count, PopForm form) {
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (entry == nullptr) continue;
    if (!CheckType(entry, ValueType::kSortedSet, context.reply)) return true;
    ContainerEdit<SortedSet> edit(context.keyspace, context.db, key);
    const size_t size = edit->size();
    count = std::min(count, size);
    const bool highest = end == PopEnd::kMax;
    const RankRange range = highest ? RankRange{size - count, size} : RankRange{0, count};
    SendHeader(context.reply, key, count, form);
    const bool pairs = form == PopForm::kPairs || form == PopForm::kKeyPairs;
    edit->ForEach(range, highest, [&](std::string_view member, double score) {
      if (pairs) context.reply.ArrayHeader(2);
      context.reply.Bulk(member);
      context.reply.Double(score);
    });
    edit->RemoveRange(range);
    edit.Changed(EventClass::kSortedSet, highest ? "zpopmax" : "zpopmin");
    return true;
  }
  return false;
}

std::optional<SortedSetPopOptions> ReadSortedSetPopOptions(Args args, size_t first,
                                                           std::string_view* error) {
  const auto fail = [error](std::string_view why) {
    *error = why;
    return std::nullopt;
  };
  const auto numkeys = ParseInteger(args[first]);
  if (!numkeys || *numkeys <= 0) return fail("ERR numkeys should be greater than 0");
  const auto keys = static_cast<size_t>(*numkeys);
  if (keys >= args.size() - first - 1) return fail(kErrSyntax);
  const size_t where = first + 1 + keys;
  SortedSetPopOptions options{.keys = args.subspan(first + 1, keys)};
  if (EqualsUpper(args[where], "MAX")) {
    options.end = PopEnd::kMax;
  } else if (!EqualsUpper(args[where], "MIN")) {
    return fail(kErrSyntax);
  }
  if (args.size() == where + 1) return options;
  if (args.size() < where + 3 || !EqualsUpper(args[where + 1], "COUNT")) return fail(kErrSyntax);
  const auto count = ParseInteger(args[where + 2]);
  if (!count || *count <= 0) return fail("ERR count should be greater than 0");
  if (args.size() > where + 3) return fail(kErrSyntax);
  options.count = static_cast<size_t>(*count);
  return options;
}

void ZpopminCommand(WriteContext& context) { Pop(context, PopEnd::kMin); }
void ZpopmaxCommand(WriteContext& context) { Pop(context, PopEnd::kMax); }

// ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
void ZmpopCommand(WriteContext& context) {
  std::string_view error;
  const auto options = ReadSortedSetPopOptions(context.args, 1, &error);
  if (!options) return context.reply.Error(error);
  if (!PopFromFirst(context, options->keys, options->end, options->count, PopForm::kKeyPairs))
    context.reply.NullArray();
}

}  // namespace mydis
