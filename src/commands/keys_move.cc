// RENAME, RENAMENX, MOVE, COPY: a key's value and deadline under another name or elsewhere.
#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "commands/keys.h"
#include "commands/values.h"

namespace mydis {
namespace {

constexpr std::string_view kErrSameObject = "ERR source and destination objects are the same";

// True if the key has been moved; otherwise the reply has been sent.
bool Rename(WriteContext& context, bool only_if_new) {
  const std::string_view from = context.args[1];
  const std::string_view to = context.args[2];
  if (context.keyspace.Find(context.db, from) == nullptr) {
    context.reply.Error(kErrNoSuchKey);
    return false;
  }
  if (only_if_new && (from == to || context.keyspace.Find(context.db, to) != nullptr)) {
    context.reply.Integer(0);
    return false;
  }
  if (from == to) return true;
  // As Redis has it, what is at the target is removed, not overwritten: the key is new.
  context.keyspace.Erase(context.db, to);
  context.keyspace.Move(context.db, from, context.db, to);
  context.keyspace.Notify(EventClass::kGeneric, "rename_from", context.db, from);
  context.keyspace.Notify(EventClass::kGeneric, "rename_to", context.db, to);
  return true;
}

}  // namespace

void RenameCommand(WriteContext& context) {
  if (Rename(context, false)) context.reply.Ok();
}

void RenamenxCommand(WriteContext& context) {
  if (Rename(context, true)) context.reply.Integer(1);
}

void MoveCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const auto target = ReadDatabase(context.args[2], context.keyspace, context.reply);
  if (!target) return;
  if (*target == context.db) {
    context.reply.Error(kErrSameObject);
    return;
  }
  if (context.keyspace.Find(context.db, key) == nullptr ||
      context.keyspace.Find(*target, key) != nullptr) {
    context.reply.Integer(0);
    return;
  }
  context.keyspace.Move(context.db, key, *target, key);
  context.keyspace.Notify(EventClass::kGeneric, "move_from", context.db, key);
  context.keyspace.Notify(EventClass::kGeneric, "move_to", *target, key);
  context.reply.Integer(1);
}

// COPY source destination [DB destination-db] [REPLACE]
void CopyCommand(WriteContext& context) {
  const std::string_view from = context.args[1];
  const std::string_view to = context.args[2];
  uint32_t target = context.db;
  bool replace = false;
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (parser.Accept("REPLACE")) {
      replace = true;
    } else if (parser.remaining() >= 2 && parser.Accept("DB")) {
      const auto db = ReadDatabase(parser.Next(), context.keyspace, context.reply);
      if (!db) return;
      target = *db;
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (parser.Rejected(context.reply)) return;
  if (target == context.db && from == to) {
    context.reply.Error(kErrSameObject);
    return;
  }
  const Entry* source = context.keyspace.Find(context.db, from);
  NotifyMiss(context, source, from);
  if (source == nullptr || (!replace && context.keyspace.Find(target, to) != nullptr)) {
    context.reply.Integer(0);
    return;
  }
  context.keyspace.Erase(target, to);
  context.keyspace.Copy(context.db, from, target, to);
  context.keyspace.Notify(EventClass::kGeneric, "copy_to", target, to);
  context.reply.Integer(1);
}

}  // namespace mydis
