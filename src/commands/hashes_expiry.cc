// Deadlines of single fields: HEXPIRE and its relatives, HTTL and its relatives, HPERSIST.
#include <limits>
#include <string>
#include <vector>

#include "commands/hashes.h"
#include "commands/hashes_fields.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

constexpr int64_t kMaxTime = (int64_t{1} << 46) - 1;  // Redis's longest deadline of a field, in ms.

constexpr std::string_view kErrCount = "ERR Number of fields must be a positive integer";

enum class Condition : uint8_t { kNone, kNew, kPresent, kGreater, kLess };

// Replies of HEXPIRE for one field.
constexpr int64_t kNoField = -2, kNotMet = 0, kSet = 1, kDeleted = 2;

bool Allowed(Condition condition, int64_t current, int64_t deadline) {
  const bool has = current != Hash::kNoDeadline;
  switch (condition) {
    case Condition::kNone:
      return true;
    case Condition::kNew:
      return !has;
    case Condition::kPresent:
      return has;
    case Condition::kGreater:
      return has && deadline > current;
    case Condition::kLess:
      return !has || deadline < current;
  }
  return false;
}

// The word behind the time, if it is a condition.
Condition ReadCondition(std::string_view word) {
  if (EqualsUpper(word, "NX")) return Condition::kNew;
  if (EqualsUpper(word, "XX")) return Condition::kPresent;
  if (EqualsUpper(word, "GT")) return Condition::kGreater;
  return EqualsUpper(word, "LT") ? Condition::kLess : Condition::kNone;
}

void SendAll(Reply& reply, size_t count, int64_t value) {
  reply.ArrayHeader(count);
  for (size_t i = 0; i < count; ++i) reply.Integer(value);
}

int64_t ExpireField(Hash& hash, std::string_view field, Condition condition, int64_t deadline,
                    int64_t now_ms) {
  if (!hash.Contains(field)) return kNoField;
  if (!Allowed(condition, hash.DeadlineOf(field), deadline)) return kNotMet;
  if (deadline <= now_ms) {
    hash.Remove(field);
    return kDeleted;
  }
  hash.SetDeadline(field, deadline);
  return kSet;
}

// `base_ms` is what the amount counts from, `unit_ms` what it counts.
void Expire(WriteContext& context, std::string_view name, uint64_t base_ms, int64_t unit_ms) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kHash, context.reply)) return;
  const auto amount = ParseInteger(context.args[2]);
  if (!amount) return context.reply.Error(kErrNotInteger);
  const auto base = static_cast<int64_t>(base_ms);
  int64_t deadline = 0;
  if (*amount < 0) return context.reply.Error("ERR invalid expire time, must be >= 0");
  if (__builtin_mul_overflow(*amount, unit_ms, &deadline) ||
      __builtin_add_overflow(deadline, base, &deadline) || deadline > kMaxTime)
    return SendInvalidExpire(context.reply, name);
  const Condition condition = ReadCondition(context.args[3]);
  const auto fields =
      ReadFields(context.args, condition == Condition::kNone ? 3 : 4, 1, context.reply);
  if (!fields) return;
  if (entry == nullptr) return SendAll(context.reply, fields->size(), kNoField);
  bool set = false;
  bool deleted = false;
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  context.reply.ArrayHeader(fields->size());
  for (const std::string_view field : *fields) {
    const int64_t result =
        ExpireField(*edit, field, condition, deadline, static_cast<int64_t>(context.now_ms));
    set |= result == kSet;
    deleted |= result == kDeleted;
    context.reply.Integer(result);
  }
  if (deleted) edit.Changed(EventClass::kHash, "hdel");
  if (set) edit.Changed(EventClass::kHash, "hexpire");
}

// -2: no such field, -1: no deadline; else the deadline minus `base_ms`, in `unit_ms`.
void SendDeadlines(ReadContext& context, uint64_t base_ms, int64_t unit_ms) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  const auto fields = ReadFields(context.args, 2, 1, context.reply, kErrCount);
  if (!fields) return;
  if (hash == nullptr) return SendAll(context.reply, fields->size(), -2);
  context.reply.ArrayHeader(fields->size());
  for (const std::string_view field : *fields) {
    if (!hash->Contains(field)) {
      context.reply.Integer(-2);
      continue;
    }
    const int64_t deadline = hash->DeadlineOf(field);
    const int64_t rest = std::max<int64_t>(deadline - static_cast<int64_t>(base_ms), 0);
    context.reply.Integer(deadline == Hash::kNoDeadline ? -1 : (rest + unit_ms - 1) / unit_ms);
  }
}

}  // namespace

std::optional<Args> ReadFields(Args args, size_t at, size_t words_each, Reply& reply,
                               std::string_view count_error) {
  if (at >= args.size() || !EqualsUpper(args[at], "FIELDS") || at + 1 >= args.size()) {
    reply.Error("ERR Mandatory argument FIELDS is missing or not at the right position");
    return std::nullopt;
  }
  const auto count = ParseInteger(args[at + 1]);
  if (!count || *count < 1 || *count > std::numeric_limits<int32_t>::max()) {
    reply.Error(count_error);
    return std::nullopt;
  }
  if (args.size() - at - 2 != static_cast<size_t>(*count) * words_each) {
    reply.Error("ERR The `numfields` parameter must match the number of arguments");
    return std::nullopt;
  }
  return args.subspan(at + 2);
}

void HexpireCommand(WriteContext& context) { Expire(context, "hexpire", context.now_ms, 1000); }
void HpexpireCommand(WriteContext& context) { Expire(context, "hpexpire", context.now_ms, 1); }
void HexpireatCommand(WriteContext& context) { Expire(context, "hexpireat", 0, 1000); }
void HpexpireatCommand(WriteContext& context) { Expire(context, "hpexpireat", 0, 1); }

void HttlCommand(ReadContext& context) { SendDeadlines(context, context.now_ms, 1000); }
void HpttlCommand(ReadContext& context) { SendDeadlines(context, context.now_ms, 1); }
void HexpiretimeCommand(ReadContext& context) { SendDeadlines(context, 0, 1000); }
void HpexpiretimeCommand(ReadContext& context) { SendDeadlines(context, 0, 1); }

// HPERSIST key FIELDS numfields field [field ...]
void HpersistCommand(WriteContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kHash, context.reply)) return;
  const auto fields = ReadFields(context.args, 2, 1, context.reply, kErrCount);
  if (!fields) return;
  if (entry == nullptr) return SendAll(context.reply, fields->size(), -2);
  bool changed = false;
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  context.reply.ArrayHeader(fields->size());
  for (const std::string_view field : *fields) {
    const bool there = edit->Contains(field);
    const bool cleared = there && edit->ClearDeadline(field);
    changed |= cleared;
    context.reply.Integer(!there ? -2 : cleared ? 1 : -1);
  }
  if (changed) edit.Changed(EventClass::kHash, "hpersist");
}

}  // namespace mydis
