#include "commands/keys.h"

#include "base/assert.h"

namespace mydis {
namespace {

// A key that is named twice counts twice.
void CountFound(ReadContext& context) {
  int64_t found = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    found += context.keyspace.Find(context.db, key) != nullptr;
  }
  context.reply.Integer(found);
}

}  // namespace

void DelCommand(WriteContext& context) {
  int64_t deleted = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    if (!context.keyspace.Erase(context.db, key)) continue;
    context.keyspace.Notify(EventClass::kGeneric, "del", context.db, key);
    ++deleted;
  }
  context.reply.Integer(deleted);
}

void ExistsCommand(ReadContext& context) {
  const UntouchedLookups untouched;
  CountFound(context);
}

// As EXISTS, but the keys count as used.
void TouchCommand(ReadContext& context) { CountFound(context); }

void TypeCommand(ReadContext& context) {
  const UntouchedLookups untouched;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  context.reply.Simple(entry == nullptr ? "none" : TypeName(entry->type()));
}

void RandomkeyCommand(ReadContext& context) {
  const size_t size = context.keyspace.Size(context.db);
  if (size == 0) {
    context.reply.Null();
    return;
  }
  context.reply.Bulk(context.keyspace.Nth(context.db, context.random.Below(size)).key());
}

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return "string";
    case ValueType::kList:
      return "list";
    case ValueType::kSet:
      return "set";
    case ValueType::kSortedSet:
      return "zset";
    case ValueType::kHash:
      return "hash";
    case ValueType::kStream:
      return "stream";
  }
  MYDIS_ASSERT(false, "every type has a name");
}

}  // namespace mydis
