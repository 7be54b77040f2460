// HGETDEL, HGETEX, HSETEX: several fields read and removed, or given deadlines, in one step.
#include <optional>

#include "commands/arg_parser.h"
#include "commands/hashes.h"
#include "commands/hashes_fields.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

struct Options {
  Expiry expiry = Expiry::kNone;
  int64_t deadline_ms = 0;
  bool only_new = false;      // FNX
  bool only_present = false;  // FXX
  size_t fields_at = 0;       // Where FIELDS stands.
};

std::optional<Expiry> ExpiryNamed(std::string_view word) {
  if (EqualsUpper(word, "EX")) return Expiry::kEx;
  if (EqualsUpper(word, "PX")) return Expiry::kPx;
  if (EqualsUpper(word, "EXAT")) return Expiry::kExAt;
  if (EqualsUpper(word, "PXAT")) return Expiry::kPxAt;
  if (EqualsUpper(word, "PERSIST")) return Expiry::kPersist;
  if (EqualsUpper(word, "KEEPTTL")) return Expiry::kKeep;
  return std::nullopt;
}

// The words between the key and FIELDS. nullopt if they are wrong: then the error has been sent.
std::optional<Options> ReadOptions(WriteContext& context, bool sets) {
  Options options;
  const Args args = context.args;
  const auto refuse = [&] {
    context.reply.Error(kErrSyntax);
    return std::nullopt;
  };
  size_t i = 2;
  for (; i < args.size() && !EqualsUpper(args[i], "FIELDS"); ++i) {
    if (sets && (EqualsUpper(args[i], "FNX") || EqualsUpper(args[i], "FXX"))) {
      if (options.only_new || options.only_present) return refuse();
      (EqualsUpper(args[i], "FNX") ? options.only_new : options.only_present) = true;
      continue;
    }
    const auto expiry = ExpiryNamed(args[i]);
    const bool fits = expiry && (sets ? *expiry != Expiry::kPersist : *expiry != Expiry::kKeep);
    if (!fits || options.expiry != Expiry::kNone) return refuse();
    options.expiry = *expiry;
    if (*expiry == Expiry::kPersist || *expiry == Expiry::kKeep) continue;
    if (++i == args.size()) return refuse();
    const auto deadline =
        ReadDeadline(args[i], *expiry, context.now_ms, sets ? "hsetex" : "hgetex", context.reply);
    if (!deadline) return std::nullopt;
    options.deadline_ms = *deadline;
  }
  options.fields_at = i;
  return options;
}

bool HasDeadline(const Options& options) {
  return options.expiry != Expiry::kNone && options.expiry != Expiry::kPersist &&
         options.expiry != Expiry::kKeep;
}

void SendFields(Reply& reply, const Hash* hash, Args fields) {
  reply.ArrayHeader(fields.size());
  for (const std::string_view field : fields) {
    const auto value = hash == nullptr ? std::nullopt : hash->Find(field);
    if (value)
      SendHashText(reply, *value);
    else
      reply.Null();
  }
}

}  // namespace

// HGETDEL key FIELDS numfields field [field ...]
void HgetdelCommand(WriteContext& context) {
  const auto fields = ReadFields(context.args, 2, 1, context.reply);
  if (!fields) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kHash, context.reply)) return;
  if (entry == nullptr) return SendFields(context.reply, nullptr, *fields);
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  bool removed = false;
  context.reply.ArrayHeader(fields->size());
  for (const std::string_view field : *fields) {
    if (const auto value = edit->Find(field)) {
      SendHashText(context.reply, *value);
      removed |= edit->Remove(field);
    } else {
      context.reply.Null();
    }
  }
  if (removed) edit.Changed(EventClass::kHash, "hdel");
}

// HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS numfields field [field ...]
void HgetexCommand(WriteContext& context) {
  const auto options = ReadOptions(context, false);
  if (!options) return;
  const auto fields = ReadFields(context.args, options->fields_at, 1, context.reply);
  if (!fields) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kHash, context.reply)) return;
  SendFields(context.reply, entry == nullptr ? nullptr : &entry->as<Hash>(), *fields);
  if (entry == nullptr || options->expiry == Expiry::kNone) return;
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  const bool past =
      HasDeadline(*options) && options->deadline_ms <= static_cast<int64_t>(context.now_ms);
  bool changed = false;
  for (const std::string_view field : *fields) {
    if (!edit->Contains(field)) continue;
    if (past) {
      changed |= edit->Remove(field);
    } else if (options->expiry == Expiry::kPersist) {
      changed |= edit->ClearDeadline(field);
    } else {
      edit->SetDeadline(field, options->deadline_ms);
      changed = true;
    }
  }
  if (!changed) return;
  edit.Changed(EventClass::kHash, past                                  ? "hdel"
                                  : options->expiry == Expiry::kPersist ? "hpersist"
                                                                        : "hexpire");
}

// HSETEX key [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS numfields field value …
void HsetexCommand(WriteContext& context) {
  const auto options = ReadOptions(context, true);
  if (!options) return;
  const auto pairs = ReadFields(context.args, options->fields_at, 2, context.reply);
  if (!pairs) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kHash, context.reply)) return;
  for (size_t i = 0; i < pairs->size(); i += 2) {
    const bool there = entry != nullptr && entry->as<Hash>().Contains((*pairs)[i]);
    if ((options->only_new && there) || (options->only_present && !there))
      return context.reply.Integer(0);
  }
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  const bool past =
      HasDeadline(*options) && options->deadline_ms <= static_cast<int64_t>(context.now_ms);
  ContainerEdit<Hash> edit(context.keyspace, context.db, context.args[1]);
  for (size_t i = 0; i < pairs->size(); i += 2) {
    const std::string_view field = (*pairs)[i];
    edit->Set(field, (*pairs)[i + 1], limits, options->expiry == Expiry::kKeep);
    if (past) {
      edit->Remove(field);
    } else if (HasDeadline(*options)) {
      edit->SetDeadline(field, options->deadline_ms);
    }
  }
  edit.Changed(EventClass::kHash, "hset");
  if (HasDeadline(*options)) edit.Changed(EventClass::kHash, past ? "hdel" : "hexpire");
  context.reply.Integer(1);
}

}  // namespace mydis
