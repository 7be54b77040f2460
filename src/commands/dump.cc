#include "commands/dump.h"

#include <algorithm>

#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

struct RestoreOptions {
  int64_t ttl_ms = 0;
  bool replace = false;
  bool absolute = false;
  int64_t idle_s = -1;
  int64_t frequency = -1;
};

// False if the words make no sense; then the error has been sent.
bool ReadOptions(const WriteContext& context, RestoreOptions& options) {
  ArgParser parser(context.args, 4);
  while (parser.HasNext()) {
    const bool more = parser.remaining() >= 2;
    if (parser.Accept("REPLACE")) {
      options.replace = true;
    } else if (parser.Accept("ABSTTL")) {
      options.absolute = true;
    } else if (more && options.frequency < 0 && parser.Accept("IDLETIME")) {
      options.idle_s = parser.Integer();
      if (options.idle_s < 0) parser.Fail("ERR Invalid IDLETIME value, must be >= 0");
    } else if (more && options.idle_s < 0 && parser.Accept("FREQ")) {
      options.frequency = parser.Integer();
      if (options.frequency < 0 || options.frequency > 255)
        parser.Fail("ERR Invalid FREQ value, must be >= 0 and <= 255");
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return !parser.Rejected(context.reply);
}

// The time to live of the words; false if it makes no sense: then the error has been sent.
bool ReadTtl(const WriteContext& context, RestoreOptions& options) {
  const auto ttl = ParseInteger(context.args[2]);
  if (!ttl) {
    context.reply.Error(kErrNotInteger);
    return false;
  }
  if (*ttl < 0) {
    context.reply.Error("ERR Invalid TTL value, must be >= 0");
    return false;
  }
  options.ttl_ms = *ttl;
  return true;
}

// When the key expires; a time beyond what can be said is the last that can.
Ttl TtlOf(const RestoreOptions& options, uint64_t now_ms) {
  if (options.ttl_ms == 0) return Ttl::None();
  if (options.absolute) return Ttl::At(options.ttl_ms);
  const auto now = static_cast<int64_t>(now_ms);
  return Ttl::At(options.ttl_ms > INT64_MAX - now ? INT64_MAX : now + options.ttl_ms);
}

bool IsPast(const Ttl& ttl, uint64_t now_ms) {
  return ttl.kind == Ttl::Kind::kAt && ttl.deadline_ms <= static_cast<int64_t>(now_ms);
}

// An entry knows no longer time without a use.
constexpr int64_t kLongestIdleS = int64_t{1} * 365 * 24 * 3600;

// IDLETIME and FREQ: each has its meaning under the policies that use it, and none under others.
void NoteUse(const WriteContext& context, const RestoreOptions& options) {
  const Entry& entry = *context.keyspace.Find(context.db, context.args[1]);
  const bool frequency = context.state.settings.use_rule().frequency;
  if (frequency && options.frequency >= 0) {
    entry.set_use_word(FrequencyWord(static_cast<uint32_t>(options.frequency), context.now_ms));
  } else if (!frequency && options.idle_s >= 0) {
    const auto now_s = static_cast<int64_t>(context.now_ms / 1000);
    const int64_t idle_s = std::min({options.idle_s, now_s, kLongestIdleS});
    entry.set_use_word(WordOfUse(context.now_ms - static_cast<uint64_t>(idle_s) * 1000));
  }
}

// A hash loses the fields whose deadline has passed; false if nothing is left of it.
bool DropDueFields(RdbValue& value, uint64_t now_ms) {
  Hash* hash = std::get_if<Hash>(&value);
  if (hash == nullptr) return true;
  hash->RemoveDue(static_cast<int64_t>(now_ms));
  return hash->size() > 0;
}

void DumpCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Null();
  context.reply.Bulk(DumpPayload(*entry));
}

// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
void RestoreCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const std::string_view payload = context.args[3];
  RestoreOptions options;
  if (!ReadOptions(context, options)) return;
  const bool there = context.keyspace.Find(context.db, key) != nullptr;
  if (there && !options.replace)
    return context.reply.Error("BUSYKEY Target key name already exists.");
  if (!ReadTtl(context, options)) return;
  if (!IsDumpPayload(payload))
    return context.reply.Error("ERR DUMP payload version or checksum are wrong");
  auto value = ReadDumpPayload(payload, context.state.settings.encoding_limits());
  if (!value) return context.reply.Error("ERR Bad data format");

  Keyspace& keyspace = context.keyspace;
  const Ttl ttl = TtlOf(options, context.now_ms);
  if (IsPast(ttl, context.now_ms) || !DropDueFields(*value, context.now_ms)) {
    if (there && keyspace.Erase(context.db, key))
      keyspace.Notify(EventClass::kGeneric, "del", context.db, key);
    return context.reply.Ok();
  }
  if (there) keyspace.Erase(context.db, key);
  PutRdbValue(keyspace, context.db, key, std::move(*value), ttl);
  NoteUse(context, options);
  keyspace.Notify(EventClass::kGeneric, "restore", context.db, key);
  context.reply.Ok();
}

constexpr KeySpec kReadsKey[] = {OneKey(kKeyRO | kKeyAccess)};
constexpr KeySpec kReplacesKey[] = {OneKey(kKeyOW | kKeyUpdate)};
constexpr std::string_view kRestoreArguments =
    "key ttl:integer serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] "
    "[FREQ frequency:integer@5.0.0]";

constexpr CommandSpec kCommands[] = {
    {
        .name = "dump",
        .arity = 2,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadsKey,
        .group = Group::kGeneric,
        .since = "2.6.0",
        .complexity = "O(N), with N the size of the value.",
        .summary = "Gives a key's value in Redis's file format.",
        .arguments = "key",
        .example = "DUMP nokey",
        .example_reply = "(nil)",
        .handler = DumpCommand,
        .tips = "nondeterministic_output",
    },
    {
        .name = "restore",
        .arity = -4,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kDangerous,
        .keys = kReplacesKey,
        .group = Group::kGeneric,
        .since = "2.6.0",
        .complexity = "O(N), with N the size of the value.",
        .summary = "Creates a key from what DUMP gave.",
        .arguments = kRestoreArguments,
        .example = "RESTORE k 0 "
                   "\"\\x00\\x05hello\\x0b\\x00\\n\\xadb\\x05\\x98\\xab\\xc9\\x83\"",
        .example_reply = "+OK",
        .handler = RestoreCommand,
        .history = "3.0.0: REPLACE.|5.0.0: ABSTTL, IDLETIME and FREQ.",
    },
};

}  // namespace

std::span<const CommandSpec> DumpFamily() { return kCommands; }

}  // namespace mydis
