// Changing fields: HSET, HMSET, HSETNX, HDEL, HINCRBY, HINCRBYFLOAT.
#include "commands/hashes.h"

#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

constexpr std::string_view kErrHashNotInteger = "ERR hash value is not an integer";
constexpr std::string_view kErrHashNotFloat = "ERR hash value is not a float";

const EncodingLimits& Limits(const WriteContext& context) {
  return context.state.settings.encoding_limits();
}

// nullptr if there is none; false if it is of another type: then the error has been sent.
bool FindForWrite(WriteContext& context, const Hash** hash) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  *hash = nullptr;
  if (entry == nullptr) return true;
  if (!CheckType(entry, ValueType::kHash, context.reply)) return false;
  *hash = &entry->as<Hash>();
  return true;
}

// Sets all pairs; gives how many fields are new, or -1 if the error has been sent.
int64_t SetPairs(WriteContext& context) {
  if (context.args.size() % 2 != 0) {
    context.reply.Error(std::string("ERR wrong number of arguments for '") +
                        ToLower(context.args[0]) + "' command");
    return -1;
  }
  const Hash* hash = nullptr;
  if (!FindForWrite(context, &hash)) return -1;
  int64_t added = 0;
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  edit->Expect(context.args.size() / 2 - 1, Limits(context));
  for (size_t i = 2; i < context.args.size(); i += 2)
    added += edit->Set(context.args[i], context.args[i + 1], Limits(context)) ? 1 : 0;
  edit.Changed(EventClass::kHash, "hset");
  return added;
}

}  // namespace

// HSET key field value [field value ...]
void HsetCommand(WriteContext& context) {
  const int64_t added = SetPairs(context);
  if (added >= 0) context.reply.Integer(added);
}

// HMSET key field value [field value ...]
void HmsetCommand(WriteContext& context) {
  if (SetPairs(context) >= 0) context.reply.Ok();
}

// HSETNX key field value
void HsetnxCommand(WriteContext& context) {
  const Hash* hash = nullptr;
  if (!FindForWrite(context, &hash)) return;
  if (hash != nullptr && hash->Contains(context.args[2])) return context.reply.Integer(0);
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  edit->Set(context.args[2], context.args[3], Limits(context));
  edit.Changed(EventClass::kHash, "hset");
  context.reply.Integer(1);
}

// HDEL key field [field ...]
void HdelCommand(WriteContext& context) {
  const Hash* hash = nullptr;
  if (!FindForWrite(context, &hash)) return;
  if (hash == nullptr) return context.reply.Integer(0);
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  int64_t removed = 0;
  for (const std::string_view field : context.args.subspan(2))
    removed += edit->Remove(field) ? 1 : 0;
  if (removed > 0) edit.Changed(EventClass::kHash, "hdel");
  context.reply.Integer(removed);
}

// HINCRBY key field increment
void HincrbyCommand(WriteContext& context) {
  const auto increment = ParseInteger(context.args[3]);
  if (!increment) return context.reply.Error(kErrNotInteger);
  const Hash* hash = nullptr;
  if (!FindForWrite(context, &hash)) return;
  int64_t value = 0;
  if (hash != nullptr) {
    if (const auto old = hash->Find(context.args[2])) {
      Hash::Value::Scratch scratch;
      const auto number = ParseInteger(old->string(scratch));
      if (!number) return context.reply.Error(kErrHashNotInteger);
      value = *number;
    }
  }
  if (__builtin_add_overflow(value, *increment, &value)) return context.reply.Error(kErrOverflow);
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  edit->Set(context.args[2], {digits, static_cast<size_t>(end - digits)}, Limits(context), true);
  edit.Changed(EventClass::kHash, "hincrby");
  context.reply.Integer(value);
}

// HINCRBYFLOAT key field increment
void HincrbyfloatCommand(WriteContext& context) {
  const auto increment = ParseLongDouble(context.args[3]);
  if (!increment) return context.reply.Error(kErrNotFloat);
  if (!std::isfinite(*increment)) return context.reply.Error("ERR value is NaN or Infinity");
  const Hash* hash = nullptr;
  if (!FindForWrite(context, &hash)) return;
  long double value = 0;
  if (hash != nullptr) {
    if (const auto old = hash->Find(context.args[2])) {
      Hash::Value::Scratch scratch;
      const auto number = ParseLongDouble(old->string(scratch));
      if (!number) return context.reply.Error(kErrHashNotFloat);
      value = *number;
    }
  }
  value += *increment;
  if (!std::isfinite(value))
    return context.reply.Error("ERR increment would produce NaN or Infinity");
  const std::string text = FormatLongDouble(value);
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  edit->Set(context.args[2], text, Limits(context), true);
  edit.Changed(EventClass::kHash, "hincrbyfloat");
  context.reply.Bulk(text);
}

}  // namespace mydis
