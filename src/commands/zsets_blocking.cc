// BZPOPMIN, BZPOPMAX, BZMPOP: the forms of ZPOPMIN, ZPOPMAX and ZMPOP that wait.
#include "commands/arg_parser.h"
#include "commands/blocking.h"
#include "commands/zsets.h"

namespace mydis {
namespace {

constexpr WaitRule kRule = {
    .supply = [](const Entry* entry, std::string_view) -> size_t {
      if (entry == nullptr || entry->type() != ValueType::kSortedSet) return 0;
      return entry->as<SortedSet>().size();
    },
};

bool CheckTimeout(WriteContext& context, std::string_view word) {
  std::string_view error;
  if (ParseTimeoutSeconds(word, context.now_ms, &error)) return true;
  context.reply.Error(error);
  return false;
}

// --- BZPOPMIN, BZPOPMAX: key [key ...] timeout ---

Args PopKeys(Args args) { return args.subspan(1, args.size() - 2); }

void Pop(WriteContext& context, PopEnd end) {
  if (!CheckTimeout(context, context.args.back())) return;
  if (!PopFromFirst(context, PopKeys(context.args), end, 1, PopForm::kKeyFlat))
    context.reply.WouldBlock(Reply::NullForm::kArray);
}

void BzpopminCommand(WriteContext& context) { Pop(context, PopEnd::kMin); }
void BzpopmaxCommand(WriteContext& context) { Pop(context, PopEnd::kMax); }

bool PlanPop(const ReadContext& context, WaitPlan* plan) {
  return PlanToPop(context, PopKeys(context.args), context.args.back(), ValueType::kSortedSet,
                   kRule, plan);
}

// --- BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count] ---

void BzmpopCommand(WriteContext& context) {
  std::string_view error;
  const auto options = ReadSortedSetPopOptions(context.args, 2, &error);
  if (!options) return context.reply.Error(error);
  if (!CheckTimeout(context, context.args[1])) return;
  if (!PopFromFirst(context, options->keys, options->end, options->count, PopForm::kKeyPairs))
    context.reply.WouldBlock(Reply::NullForm::kArray);
}

bool PlanBzmpop(const ReadContext& context, WaitPlan* plan) {
  std::string_view error;
  const auto options = ReadSortedSetPopOptions(context.args, 2, &error);
  return options &&
         PlanToPop(context, options->keys, context.args[1], ValueType::kSortedSet, kRule, plan);
}

constexpr KeySpec kPopKeys[] = {KeyRange(kKeyRW | kKeyAccess | kKeyDelete, 1, -2)};
constexpr KeySpec kPopFirstKeys[] = {CountedKeys(kKeyRW | kKeyAccess | kKeyDelete, 2)};
constexpr std::string_view kTimeoutHistory =
    "6.0.0: `timeout` is interpreted as a double instead of an integer.";

constexpr CommandSpec kCommands[] = {
    {
        .name = "bzmpop",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kBlocking | kMovableKeys,
        .keys = kPopFirstKeys,
        .group = Group::kSortedSet,
        .since = "7.0.0",
        .complexity = "O(K) + O(M*log(N)) with K the keys, M the elements taken, N the size of the "
                      "sorted set",
        .summary = "Takes the elements with the least or greatest scores from the first of several "
                   "sorted sets that is there; waits if none is.",
        .arguments = "timeout:double numkeys key [key ...] <where: MIN | MAX> [COUNT count]",
        .example = "ZADD k 1 a 2 b; BZMPOP 1 2 none k MIN",
        .example_reply = "*2\n  \"k\"\n  *1\n    *2\n      \"a\"\n      \"1\"",
        .handler = BzmpopCommand,
        .plan_wait = PlanBzmpop,
    },
    {
        .name = "bzpopmax",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kBlocking | kFast,
        .keys = kPopKeys,
        .group = Group::kSortedSet,
        .since = "5.0.0",
        .complexity = "O(log(N)) with N the size of the sorted set",
        .summary = "Takes the element with the greatest score from the first of several sorted "
                   "sets that is there; waits if none is.",
        .arguments = "key [key ...] timeout:double",
        .example = "ZADD k 1 a 2 b; BZPOPMAX none k 1",
        .example_reply = "*3\n  \"k\"\n  \"b\"\n  \"2\"",
        .handler = BzpopmaxCommand,
        .history = kTimeoutHistory,
        .plan_wait = PlanPop,
    },
    {
        .name = "bzpopmin",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kBlocking | kFast,
        .keys = kPopKeys,
        .group = Group::kSortedSet,
        .since = "5.0.0",
        .complexity = "O(log(N)) with N the size of the sorted set",
        .summary = "Takes the element with the least score from the first of several sorted sets "
                   "that is there; waits if none is.",
        .arguments = "key [key ...] timeout:double",
        .example = "ZADD k 1 a 2 b; BZPOPMIN none k 1",
        .example_reply = "*3\n  \"k\"\n  \"a\"\n  \"1\"",
        .handler = BzpopminCommand,
        .history = kTimeoutHistory,
        .plan_wait = PlanPop,
    },
};

}  // namespace

std::span<const CommandSpec> BlockingSortedSetFamily() { return kCommands; }

}  // namespace mydis
