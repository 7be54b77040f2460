// Elements put to and taken from the ends of lists.
#include <algorithm>
#include <string>

#include "commands/arg_parser.h"
#include "commands/lists.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNotPositive = "ERR value is out of range, must be positive";
constexpr std::string_view kErrNumkeys = "ERR numkeys should be greater than 0";
constexpr std::string_view kErrCount = "ERR count should be greater than 0";

std::string_view PushEvent(ListEnd end) { return end == ListEnd::kFront ? "lpush" : "rpush"; }
std::string_view PopEvent(ListEnd end) { return end == ListEnd::kFront ? "lpop" : "rpop"; }

// Of LPUSHX and RPUSHX with `only_existing`.
void Push(WriteContext& context, ListEnd end, bool only_existing) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  if (entry == nullptr && only_existing) return context.reply.Integer(0);
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  edit->Push(end, context.args.subspan(2), context.state.settings.encoding_limits());
  context.reply.Integer(static_cast<int64_t>(edit->size()));
  edit.Changed(EventClass::kList, PushEvent(end));
}

// Sends `count` elements as an array, the one at the end first.
void SendFromEnd(Reply& reply, const List& list, ListEnd end, size_t count) {
  reply.ArrayHeader(count);
  const bool forward = end == ListEnd::kFront;
  List::Cursor cursor(list, forward ? 0 : list.size() - 1, forward);
  for (; count > 0; --count, cursor.Next()) SendElement(reply, cursor.value());
}

void Pop(WriteContext& context, ListEnd end, std::string_view command) {
  const bool counted = context.args.size() == 3;
  size_t count = 1;
  if (context.args.size() > 3) return SendWrongArity(context.reply, command);
  if (counted) {
    const std::optional<int64_t> number = ParseInteger(context.args[2]);
    if (!number || *number < 0) return context.reply.Error(kErrNotPositive);
    count = static_cast<size_t>(*number);
  }
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return counted ? context.reply.NullArray() : context.reply.Null();
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  const List& list = entry->as<List>();
  if (count == 0) return context.reply.ArrayHeader(0);
  count = std::min(count, list.size());
  if (counted) {
    SendFromEnd(context.reply, list, end, count);
  } else {
    SendElement(context.reply, list.At(end == ListEnd::kFront ? 0 : list.size() - 1));
  }
  RemovePopped(context, key, end, count);
}

}  // namespace

void SendElement(Reply& reply, const ListpackValue& value) {
  ListpackValue::Scratch scratch;
  reply.Bulk(value.string(scratch));
}

void RemovePopped(WriteContext& context, std::string_view key, ListEnd end, size_t count) {
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  edit->Pop(end, count, context.state.settings.encoding_limits());
  edit.Changed(EventClass::kList, PopEvent(end));
}

bool PopFromFirst(WriteContext& context, std::span<const std::string_view> keys, ListEnd end,
                  size_t count) {
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (entry == nullptr) continue;
    if (!CheckType(entry, ValueType::kList, context.reply)) return true;
    const List& list = entry->as<List>();
    count = std::min(count, list.size());
    context.reply.ArrayHeader(2);
    context.reply.Bulk(key);
    SendFromEnd(context.reply, list, end, count);
    RemovePopped(context, key, end, count);
    return true;
  }
  return false;
}

bool MoveElement(WriteContext& context, std::string_view source, std::string_view target,
                 ListEnd from, ListEnd to) {
  const Entry* entry = context.keyspace.Find(context.db, source);
  if (entry == nullptr) return false;
  if (!CheckType(entry, ValueType::kList, context.reply)) return true;
  if (!CheckType(context.keyspace.Find(context.db, target), ValueType::kList, context.reply))
    return true;
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  ContainerEdit<List> edit(context.keyspace, context.db, source);
  const std::string value = edit->CopyAt(from);
  edit->Pop(from, 1, limits);
  if (source == target) {
    edit->Push(to, value, limits);
    edit.Changed(EventClass::kList, PushEvent(to));
  } else {
    ContainerEdit<List> other(context.keyspace, context.db, target);
    other->Push(to, value, limits);
    other.Changed(EventClass::kList, PushEvent(to));
  }
  context.reply.Bulk(value);
  edit.Changed(EventClass::kList, PopEvent(from));
  return true;
}

std::optional<ListEnd> ReadListEnd(std::string_view word) {
  if (EqualsUpper(word, "LEFT")) return ListEnd::kFront;
  if (EqualsUpper(word, "RIGHT")) return ListEnd::kBack;
  return std::nullopt;
}

std::optional<ListPopOptions> ReadListPopOptions(Args args, size_t first, std::string_view* error) {
  const auto fail = [error](std::string_view why) {
    *error = why;
    return std::nullopt;
  };
  const std::optional<int64_t> numkeys = ParseInteger(args[first]);
  if (!numkeys || *numkeys <= 0) return fail(kErrNumkeys);
  const auto keys = static_cast<size_t>(*numkeys);
  if (keys >= args.size() - first - 1) return fail(kErrSyntax);
  const size_t where = first + 1 + keys;
  const std::optional<ListEnd> end = ReadListEnd(args[where]);
  if (!end) return fail(kErrSyntax);
  ListPopOptions options{.keys = args.subspan(first + 1, keys), .end = *end};
  if (args.size() == where + 1) return options;
  if (args.size() < where + 3 || !EqualsUpper(args[where + 1], "COUNT")) return fail(kErrSyntax);
  const std::optional<int64_t> count = ParseInteger(args[where + 2]);
  if (!count || *count <= 0) return fail(kErrCount);
  if (args.size() > where + 3) return fail(kErrSyntax);
  options.count = static_cast<size_t>(*count);
  return options;
}

void LpushCommand(WriteContext& context) { Push(context, ListEnd::kFront, false); }
void RpushCommand(WriteContext& context) { Push(context, ListEnd::kBack, false); }
void LpushxCommand(WriteContext& context) { Push(context, ListEnd::kFront, true); }
void RpushxCommand(WriteContext& context) { Push(context, ListEnd::kBack, true); }

void LpopCommand(WriteContext& context) { Pop(context, ListEnd::kFront, "lpop"); }
void RpopCommand(WriteContext& context) { Pop(context, ListEnd::kBack, "rpop"); }

void LmpopCommand(WriteContext& context) {
  std::string_view error;
  const std::optional<ListPopOptions> options = ReadListPopOptions(context.args, 1, &error);
  if (!options) return context.reply.Error(error);
  if (!PopFromFirst(context, options->keys, options->end, options->count))
    context.reply.NullArray();
}

void LmoveCommand(WriteContext& context) {
  const std::optional<ListEnd> from = ReadListEnd(context.args[3]);
  const std::optional<ListEnd> to = ReadListEnd(context.args[4]);
  if (!from || !to) return context.reply.Error(kErrSyntax);
  if (!MoveElement(context, context.args[1], context.args[2], *from, *to)) context.reply.Null();
}

void RpoplpushCommand(WriteContext& context) {
  if (!MoveElement(context, context.args[1], context.args[2], ListEnd::kBack, ListEnd::kFront))
    context.reply.Null();
}

}  // namespace mydis
