// BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP: the forms of LPOP, LMOVE and LMPOP that wait.
#include "commands/arg_parser.h"
#include "commands/blocking.h"
#include "commands/lists.h"
#include "commands/values.h"

namespace mydis {
namespace {

using NullForm = Reply::NullForm;

constexpr WaitRule kListRule = {
    .supply = [](const Entry* entry, std::string_view) -> size_t {
      if (entry == nullptr || entry->type() != ValueType::kList) return 0;
      return entry->as<List>().size();
    },
};

bool CheckTimeout(WriteContext& context, std::string_view word) {
  std::string_view error;
  if (ParseTimeoutSeconds(word, context.now_ms, &error)) return true;
  context.reply.Error(error);
  return false;
}

// --- BLPOP, BRPOP: key [key ...] timeout ---

void Pop(WriteContext& context, ListEnd end) {
  const Args keys = context.args.subspan(1, context.args.size() - 2);
  if (!CheckTimeout(context, context.args.back())) return;
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (entry == nullptr) continue;
    if (!CheckType(entry, ValueType::kList, context.reply)) return;
    const List& list = entry->as<List>();
    context.reply.ArrayHeader(2);
    context.reply.Bulk(key);
    SendElement(context.reply, list.At(end == ListEnd::kFront ? 0 : list.size() - 1));
    return RemovePopped(context, key, end, 1);
  }
  context.reply.WouldBlock(NullForm::kArray);
}

void BlpopCommand(WriteContext& context) { Pop(context, ListEnd::kFront); }
void BrpopCommand(WriteContext& context) { Pop(context, ListEnd::kBack); }

bool PlanPop(const ReadContext& context, WaitPlan* plan) {
  return PlanToPop(context, context.args.subspan(1, context.args.size() - 2), context.args.back(),
                   ValueType::kList, kListRule, plan);
}

// --- BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count] ---

void BlmpopCommand(WriteContext& context) {
  std::string_view error;
  const std::optional<ListPopOptions> options = ReadListPopOptions(context.args, 2, &error);
  if (!options) return context.reply.Error(error);
  if (!CheckTimeout(context, context.args[1])) return;
  if (!PopFromFirst(context, options->keys, options->end, options->count))
    context.reply.WouldBlock(NullForm::kArray);
}

bool PlanBlmpop(const ReadContext& context, WaitPlan* plan) {
  std::string_view error;
  const std::optional<ListPopOptions> options = ReadListPopOptions(context.args, 2, &error);
  return options &&
         PlanToPop(context, options->keys, context.args[1], ValueType::kList, kListRule, plan);
}

// --- BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout ---

void BlmoveCommand(WriteContext& context) {
  const std::optional<ListEnd> from = ReadListEnd(context.args[3]);
  const std::optional<ListEnd> to = ReadListEnd(context.args[4]);
  if (!from || !to) return context.reply.Error(kErrSyntax);
  if (!CheckTimeout(context, context.args[5])) return;
  if (!MoveElement(context, context.args[1], context.args[2], *from, *to))
    context.reply.WouldBlock(NullForm::kNull);
}

bool PlanBlmove(const ReadContext& context, WaitPlan* plan) {
  return ReadListEnd(context.args[3]) && ReadListEnd(context.args[4]) &&
         PlanToPop(context, context.args.subspan(1, 1), context.args[5], ValueType::kList,
                   kListRule, plan);
}

// --- BRPOPLPUSH source destination timeout ---

void BrpoplpushCommand(WriteContext& context) {
  if (!CheckTimeout(context, context.args[3])) return;
  if (!MoveElement(context, context.args[1], context.args[2], ListEnd::kBack, ListEnd::kFront))
    context.reply.WouldBlock(NullForm::kNull);
}

bool PlanBrpoplpush(const ReadContext& context, WaitPlan* plan) {
  return PlanToPop(context, context.args.subspan(1, 1), context.args[3], ValueType::kList,
                   kListRule, plan);
}

constexpr KeySpec kPopKeys[] = {KeyRange(kKeyRW | kKeyAccess | kKeyDelete, 1, -2)};
constexpr KeySpec kPopFirstKeys[] = {CountedKeys(kKeyRW | kKeyAccess | kKeyDelete, 2)};
constexpr KeySpec kMoveKeys[] = {
    OneKey(kKeyRW | kKeyAccess | kKeyDelete),
    OneKey(kKeyRW | kKeyInsert, 2),
};
constexpr std::string_view kTimeoutHistory =
    "6.0.0: `timeout` is interpreted as a double instead of an integer.";

constexpr CommandSpec kCommands[] = {
    {
        .name = "blmove",
        .arity = 6,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kBlocking,
        .keys = kMoveKeys,
        .group = Group::kList,
        .since = "6.2.0",
        .complexity = "O(1)",
        .summary = "Moves an element from an end of one list to an end of another, and gives it; "
                   "waits for one if there is none.",
        .arguments = "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> "
                     "timeout:double",
        .example = "RPUSH k a b; BLMOVE k target RIGHT LEFT 1",
        .example_reply = "\"b\"",
        .handler = BlmoveCommand,
        .plan_wait = PlanBlmove,
    },
    {
        .name = "blmpop",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kBlocking | kMovableKeys,
        .keys = kPopFirstKeys,
        .group = Group::kList,
        .since = "7.0.0",
        .complexity = "O(N+M) with N keys and M elements given",
        .summary = "Removes elements from an end of the first of several lists that has any, and "
                   "gives them; waits if none has.",
        .arguments = "timeout:double numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]",
        .example = "RPUSH k a b c; BLMPOP 1 2 none k LEFT COUNT 2",
        .example_reply = "*2\n  \"k\"\n  *2\n    \"a\"\n    \"b\"",
        .handler = BlmpopCommand,
        .plan_wait = PlanBlmpop,
    },
    {
        .name = "blpop",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kBlocking,
        .keys = kPopKeys,
        .group = Group::kList,
        .since = "2.0.0",
        .complexity = "O(N) with N keys",
        .summary = "Removes the first element of the first of several lists that has any, and "
                   "gives it; waits if none has.",
        .arguments = "key [key ...] timeout:double",
        .example = "RPUSH k a b; BLPOP none k 1",
        .example_reply = "*2\n  \"k\"\n  \"a\"",
        .handler = BlpopCommand,
        .history = kTimeoutHistory,
        .plan_wait = PlanPop,
    },
    {
        .name = "brpop",
        .arity = -3,
        .effect = Effect::kWrite,
        .flags = kBlocking,
        .keys = kPopKeys,
        .group = Group::kList,
        .since = "2.0.0",
        .complexity = "O(N) with N keys",
        .summary = "Removes the last element of the first of several lists that has any, and "
                   "gives it; waits if none has.",
        .arguments = "key [key ...] timeout:double",
        .example = "RPUSH k a b; BRPOP none k 1",
        .example_reply = "*2\n  \"k\"\n  \"b\"",
        .handler = BrpopCommand,
        .history = kTimeoutHistory,
        .plan_wait = PlanPop,
    },
    {
        .name = "brpoplpush",
        .arity = 4,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kBlocking,
        .keys = kMoveKeys,
        .group = Group::kList,
        .since = "2.2.0",
        .complexity = "O(1)",
        .summary = "Moves the last element of a list to the front of another, and gives it; waits "
                   "for one if there is none.",
        .arguments = "source destination timeout:double",
        .example = "RPUSH k a b; BRPOPLPUSH k target 1",
        .example_reply = "\"b\"",
        .handler = BrpoplpushCommand,
        .history = kTimeoutHistory,
        .deprecated = "6.2.0|`BLMOVE` with the `RIGHT` and `LEFT` arguments",
        .plan_wait = PlanBrpoplpush,
    },
};

}  // namespace

std::span<const CommandSpec> BlockingListFamily() { return kCommands; }

}  // namespace mydis
