// EXPIRE and its relatives. Deadlines are Unix times in ms, compared with the cluster's time.
#include <limits>
#include <string>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "commands/keys.h"
#include "commands/values.h"

namespace mydis {
namespace {

constexpr int64_t kMaxTime = std::numeric_limits<int64_t>::max();

enum Condition : uint8_t { kNew = 1, kPresent = 2, kGreater = 4, kLess = 8 };

// NX XX GT LT; nullopt if they are wrong: then the error has been sent.
std::optional<uint8_t> ReadConditions(Args words, Reply& reply) {
  uint8_t conditions = 0;
  for (const std::string_view word : words) {
    if (EqualsUpper(word, "NX")) {
      conditions |= kNew;
    } else if (EqualsUpper(word, "XX")) {
      conditions |= kPresent;
    } else if (EqualsUpper(word, "GT")) {
      conditions |= kGreater;
    } else if (EqualsUpper(word, "LT")) {
      conditions |= kLess;
    } else {
      reply.Error("ERR Unsupported option " + std::string(UpToZero(word)));
      return std::nullopt;
    }
  }
  if ((conditions & kNew) != 0 && conditions != kNew) {
    reply.Error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if ((conditions & kGreater) != 0 && (conditions & kLess) != 0) {
    reply.Error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return conditions;
}

// A key without a deadline counts as one that ends never.
bool Allowed(uint8_t conditions, std::optional<int64_t> current, int64_t deadline) {
  if ((conditions & kNew) != 0 && current) return false;
  if ((conditions & kPresent) != 0 && !current) return false;
  if ((conditions & kGreater) != 0 && (!current || deadline <= *current)) return false;
  return (conditions & kLess) == 0 || !current || deadline < *current;
}

// `base_ms` is what the amount counts from, `unit_ms` what it counts.
void Expire(WriteContext& context, std::string_view name, uint64_t base_ms, int64_t unit_ms) {
  const auto conditions = ReadConditions(context.args.subspan(3), context.reply);
  if (!conditions) return;
  const auto amount = ParseInteger(context.args[2]);
  if (!amount) {
    context.reply.Error(kErrNotInteger);
    return;
  }
  const auto base = static_cast<int64_t>(base_ms);
  int64_t deadline = 0;
  if (__builtin_mul_overflow(*amount, unit_ms, &deadline) || deadline > kMaxTime - base) {
    SendInvalidExpire(context.reply, name);
    return;
  }
  deadline += base;

  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr ||
      !Allowed(*conditions, context.keyspace.Deadline(context.db, *entry), deadline)) {
    context.reply.Integer(0);
    return;
  }
  if (deadline <= static_cast<int64_t>(context.now_ms)) {
    context.keyspace.Erase(context.db, context.args[1]);
    context.keyspace.Notify(EventClass::kGeneric, "del", context.db, context.args[1]);
  } else {
    context.keyspace.SetDeadline(context.db, context.args[1], deadline);
    context.keyspace.Notify(EventClass::kGeneric, "expire", context.db, context.args[1]);
  }
  context.reply.Integer(1);
}

// -2: no such key, -1: no deadline; else the deadline minus `base_ms`, in `unit_ms`.
void SendDeadline(ReadContext& context, uint64_t base_ms, int64_t unit_ms) {
  const UntouchedLookups untouched;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) {
    context.reply.Integer(-2);
    return;
  }
  const auto deadline = context.keyspace.Deadline(context.db, *entry);
  if (!deadline) {
    context.reply.Integer(-1);
    return;
  }
  const int64_t rest = std::max<int64_t>(*deadline - static_cast<int64_t>(base_ms), 0);
  // Rounded to the nearest second, in a way that does not overflow.
  context.reply.Integer(unit_ms == 1 ? rest : rest / unit_ms + (rest % unit_ms >= unit_ms / 2));
}

}  // namespace

void ExpireCommand(WriteContext& context) { Expire(context, "expire", context.now_ms, 1000); }
void PexpireCommand(WriteContext& context) { Expire(context, "pexpire", context.now_ms, 1); }
void ExpireatCommand(WriteContext& context) { Expire(context, "expireat", 0, 1000); }
void PexpireatCommand(WriteContext& context) { Expire(context, "pexpireat", 0, 1); }

void PersistCommand(WriteContext& context) {
  const bool cleared = context.keyspace.ClearDeadline(context.db, context.args[1]);
  if (cleared)
    context.keyspace.Notify(EventClass::kGeneric, "persist", context.db, context.args[1]);
  context.reply.Integer(cleared ? 1 : 0);
}

void TtlCommand(ReadContext& context) { SendDeadline(context, context.now_ms, 1000); }
void PttlCommand(ReadContext& context) { SendDeadline(context, context.now_ms, 1); }
void ExpiretimeCommand(ReadContext& context) { SendDeadline(context, 0, 1000); }
void PexpiretimeCommand(ReadContext& context) { SendDeadline(context, 0, 1); }

}  // namespace mydis
