// Strings as counters: INCR and its relatives.
#include <cmath>
#include <limits>

#include "commands/strings.h"
#include "commands/values.h"

namespace mydis {
namespace {

void AddInteger(WriteContext& context, int64_t increment) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;
  int64_t value = 0;
  if (entry != nullptr) {
    const std::optional<int64_t> old =
        entry->is_integer() ? entry->integer() : ParseInteger(entry->text());
    if (!old) return context.reply.Error(kErrNotInteger);
    value = *old;
  }
  if (__builtin_add_overflow(value, increment, &value)) return context.reply.Error(kErrOverflow);
  if (entry != nullptr && entry->is_integer()) [[likely]] {
    context.keyspace.UpdateInteger(context.db, *entry, value);
  } else {
    context.keyspace.SetInteger(context.db, key, value, Ttl::Keep());
  }
  context.keyspace.Notify(EventClass::kString, "incrby", context.db, key);
  context.reply.Integer(value);
}

}  // namespace

void IncrCommand(WriteContext& context) { AddInteger(context, 1); }
void DecrCommand(WriteContext& context) { AddInteger(context, -1); }

void IncrbyCommand(WriteContext& context) {
  const std::optional<int64_t> increment = ParseInteger(context.args[2]);
  if (!increment) return context.reply.Error(kErrNotInteger);
  AddInteger(context, *increment);
}

void DecrbyCommand(WriteContext& context) {
  const std::optional<int64_t> decrement = ParseInteger(context.args[2]);
  if (!decrement) return context.reply.Error(kErrNotInteger);
  // The one number without an opposite.
  if (*decrement == std::numeric_limits<int64_t>::min())
    return context.reply.Error("ERR decrement would overflow");
  AddInteger(context, -*decrement);
}

void IncrbyfloatCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;
  Entry::Scratch scratch;
  const std::optional<long double> old =
      entry == nullptr ? 0.0L : ParseLongDouble(entry->string(scratch));
  const std::optional<long double> increment = ParseLongDouble(context.args[2]);
  if (!old || !increment) return context.reply.Error(kErrNotFloat);
  const long double sum = *old + *increment;
  if (!std::isfinite(sum))
    return context.reply.Error("ERR increment would produce NaN or Infinity");
  const std::string value = FormatLongDouble(sum);
  context.keyspace.SetText(context.db, key, value, Ttl::Keep());
  context.keyspace.Notify(EventClass::kString, "incrbyfloat", context.db, key);
  context.reply.Bulk(value);
}

}  // namespace mydis
