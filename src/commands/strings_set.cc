// Writing strings: SET and its relatives, APPEND, SETRANGE.
#include <cstring>

#include "commands/strings.h"
#include "commands/values.h"

namespace mydis {
namespace {

// The options of SET and GETEX. Options may be repeated; those that contradict are refused.
struct Options {
  bool only_new = false;
  bool only_existing = false;
  bool get = false;
  Expiry expiry = Expiry::kNone;
  std::string_view amount;
};

struct ExpiryWord {
  std::string_view word;
  Expiry expiry;
  bool of_set;
  bool of_getex;
};
constexpr ExpiryWord kExpiryWords[] = {
    {"EX", Expiry::kEx, true, true},         {"PX", Expiry::kPx, true, true},
    {"EXAT", Expiry::kExAt, true, true},     {"PXAT", Expiry::kPxAt, true, true},
    {"KEEPTTL", Expiry::kKeep, true, false}, {"PERSIST", Expiry::kPersist, false, true},
};

bool HasAmount(Expiry expiry) { return expiry >= Expiry::kEx; }

// Takes one of the words that say when the key expires.
bool AcceptExpiry(ArgParser& parser, bool of_set, Options& options) {
  for (const ExpiryWord& known : kExpiryWords) {
    if (!(of_set ? known.of_set : known.of_getex) || !parser.Accept(known.word)) continue;
    if (options.expiry != Expiry::kNone && options.expiry != known.expiry) parser.Fail(kErrSyntax);
    options.expiry = known.expiry;
    if (HasAmount(known.expiry)) options.amount = parser.Next();
    return true;
  }
  return false;
}

// False if the words are no options of SET; then the error has been sent.
bool ParseSetOptions(Args args, Options& options, Reply& reply) {
  ArgParser parser(args, 3);
  while (parser.HasNext()) {
    if (parser.Accept("NX")) {
      options.only_new = true;
    } else if (parser.Accept("XX")) {
      options.only_existing = true;
    } else if (parser.Accept("GET")) {
      options.get = true;
    } else if (!AcceptExpiry(parser, true, options)) {
      parser.Fail(kErrSyntax);
    }
    if (options.only_new && options.only_existing) parser.Fail(kErrSyntax);
  }
  return !parser.Rejected(reply);
}

bool IsPast(int64_t deadline_ms, const WriteContext& context) {
  return deadline_ms <= static_cast<int64_t>(context.now_ms);
}

void NotifySet(WriteContext& context, std::string_view key) {
  context.keyspace.Notify(EventClass::kString, "set", context.db, key);
}

void NotifyGeneric(WriteContext& context, std::string_view event, std::string_view key) {
  context.keyspace.Notify(EventClass::kGeneric, event, context.db, key);
}

// Sets the key to `value` until `ttl` says; a deadline that has passed removes the key.
void Store(WriteContext& context, std::string_view key, std::string_view value, Ttl ttl) {
  const bool past = ttl.kind == Ttl::Kind::kAt && IsPast(ttl.deadline_ms, context);
  context.keyspace.SetString(context.db, key, value, past ? Ttl::None() : ttl);
  NotifySet(context, key);
  if (ttl.kind == Ttl::Kind::kAt) NotifyGeneric(context, "expire", key);
  if (!past) return;
  context.keyspace.Erase(context.db, key);
  context.keyspace.Notify(EventClass::kExpired, "expired", context.db, key);
}

void SetWithExpiry(WriteContext& context, Expiry expiry, std::string_view command) {
  const auto deadline =
      ReadDeadline(context.args[2], expiry, context.now_ms, command, context.reply);
  if (!deadline) return;
  Store(context, context.args[1], context.args[3], Ttl::At(*deadline));
  context.reply.Ok();
}

// Sends the key's string or null; false if it holds something else, which has been sent.
bool SendOld(const Entry* entry, Reply& reply) {
  if (!CheckString(entry, reply)) return false;
  if (entry == nullptr) {
    reply.Null();
  } else {
    SendString(reply, *entry);
  }
  return true;
}

void SetPairs(WriteContext& context) {
  for (size_t i = 1; i < context.args.size(); i += 2) {
    context.keyspace.SetString(context.db, context.args[i], context.args[i + 1], Ttl::None());
    NotifySet(context, context.args[i]);
  }
}

// Keys and values come in pairs.
bool CheckPairs(const WriteContext& context, std::string_view command) {
  if (context.args.size() % 2 == 1) return true;
  SendWrongArity(context.reply, command);
  return false;
}

}  // namespace

void SetCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  if (context.args.size() == 3) [[likely]] {
    context.keyspace.SetString(context.db, key, context.args[2], Ttl::None());
    NotifySet(context, key);
    return context.reply.Ok();
  }
  Options options;
  if (!ParseSetOptions(context.args, options, context.reply)) return;
  Ttl ttl = options.expiry == Expiry::kKeep ? Ttl::Keep() : Ttl::None();
  if (HasAmount(options.expiry)) {
    const auto deadline =
        ReadDeadline(options.amount, options.expiry, context.now_ms, "set", context.reply);
    if (!deadline) return;
    ttl = Ttl::At(*deadline);
  }
  if (options.get || options.only_new || options.only_existing) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (options.get) NotifyMiss(context, entry, key);
    if (options.get && !SendOld(entry, context.reply)) return;
    if (entry != nullptr ? options.only_new : options.only_existing) {
      if (!options.get) context.reply.Null();
      return;
    }
  }
  Store(context, key, context.args[2], ttl);
  if (!options.get) context.reply.Ok();
}

void SetnxCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  if (context.keyspace.Find(context.db, key) != nullptr) return context.reply.Integer(0);
  context.keyspace.SetString(context.db, key, context.args[2], Ttl::None());
  NotifySet(context, key);
  context.reply.Integer(1);
}

void SetexCommand(WriteContext& context) { SetWithExpiry(context, Expiry::kEx, "setex"); }
void PsetexCommand(WriteContext& context) { SetWithExpiry(context, Expiry::kPx, "psetex"); }

void GetsetCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  NotifyMiss(context, entry, key);
  if (!SendOld(entry, context.reply)) return;
  context.keyspace.SetString(context.db, key, context.args[2], Ttl::None());
  NotifySet(context, key);
}

void GetexCommand(WriteContext& context) {
  Options options;
  ArgParser parser(context.args, 2);
  while (parser.HasNext()) {
    if (!AcceptExpiry(parser, false, options)) parser.Fail(kErrSyntax);
  }
  if (parser.Rejected(context.reply)) return;
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  NotifyMiss(context, entry, key);
  if (entry == nullptr) return context.reply.Null();
  if (!CheckString(entry, context.reply)) return;
  std::optional<int64_t> deadline;
  if (HasAmount(options.expiry)) {
    deadline = ReadDeadline(options.amount, options.expiry, context.now_ms, "getex", context.reply);
    if (!deadline) return;
  }
  SendString(context.reply, *entry);
  if (deadline && IsPast(*deadline, context)) {
    context.keyspace.Erase(context.db, key);
    NotifyGeneric(context, "del", key);
  } else if (deadline) {
    context.keyspace.SetDeadline(context.db, key, *deadline);
    NotifyGeneric(context, "expire", key);
  } else if (options.expiry == Expiry::kPersist &&
             context.keyspace.ClearDeadline(context.db, key)) {
    NotifyGeneric(context, "persist", key);
  }
}

void GetdelCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  NotifyMiss(context, entry, key);
  if (!SendOld(entry, context.reply) || entry == nullptr) return;
  context.keyspace.Erase(context.db, key);
  NotifyGeneric(context, "del", key);
}

void MsetCommand(WriteContext& context) {
  if (!CheckPairs(context, "mset")) return;
  SetPairs(context);
  context.reply.Ok();
}

void MsetnxCommand(WriteContext& context) {
  if (!CheckPairs(context, "msetnx")) return;
  for (size_t i = 1; i < context.args.size(); i += 2) {
    if (context.keyspace.Find(context.db, context.args[i]) != nullptr)
      return context.reply.Integer(0);
  }
  SetPairs(context);
  context.reply.Integer(1);
}

void AppendCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const std::string_view more = context.args[2];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;
  if (entry == nullptr) {
    context.keyspace.SetString(context.db, key, more, Ttl::None());
    context.keyspace.Notify(EventClass::kString, "append", context.db, key);
    return context.reply.Integer(static_cast<int64_t>(more.size()));
  }
  const size_t old_size = entry->string_size();
  if (!CheckStringLength(context.state, old_size, more.size(), context.reply)) return;
  context.keyspace.EditString(context.db, key, [&more](std::string& value) { value += more; });
  context.keyspace.Notify(EventClass::kString, "append", context.db, key);
  context.reply.Integer(static_cast<int64_t>(old_size + more.size()));
}

void SetrangeCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const std::string_view patch = context.args[3];
  const std::optional<int64_t> parsed = ParseInteger(context.args[2]);
  if (!parsed) return context.reply.Error(kErrNotInteger);
  if (*parsed < 0) return context.reply.Error("ERR offset is out of range");
  const auto offset = static_cast<size_t>(*parsed);
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;
  const size_t old_size = entry == nullptr ? 0 : entry->string_size();
  if (patch.empty()) return context.reply.Integer(static_cast<int64_t>(old_size));
  if (!CheckStringLength(context.state, offset, patch.size(), context.reply)) return;
  const size_t new_size = std::max(old_size, offset + patch.size());
  context.keyspace.EditString(context.db, key, [&](std::string& value) {
    value.resize(new_size);
    std::memcpy(value.data() + offset, patch.data(), patch.size());
  });
  context.keyspace.Notify(EventClass::kString, "setrange", context.db, key);
  context.reply.Integer(static_cast<int64_t>(new_size));
}

}  // namespace mydis
