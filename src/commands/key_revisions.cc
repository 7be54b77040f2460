// MYDIS GETKEY, PUTKEY, DELETEKEY, LISTKEYS and REVISIONS.
#include "commands/key_revisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "commands/keys.h"
#include "commands/scan.h"
#include "commands/values.h"

namespace mydis {
namespace {

constexpr std::string_view kErrRevision = "ERR revision is not a number of 0 or more";
constexpr int64_t kNoKey = -2;  // As PTTL says it.
constexpr int64_t kNoTtl = -1;

uint64_t RevisionOf(const Entry* entry) { return entry == nullptr ? 0 : entry->revision(); }

uint64_t ReadRevision(ArgParser& parser) {
  const int64_t revision = parser.Integer(kErrRevision);
  if (revision < 0) parser.Fail(kErrRevision);
  return static_cast<uint64_t>(revision);
}

int64_t TtlOf(const Keyspace& keyspace, uint32_t db, const Entry* entry, uint64_t now_ms) {
  if (entry == nullptr) return kNoKey;
  const auto deadline = keyspace.Deadline(db, *entry);
  return deadline ? std::max<int64_t>(*deadline - static_cast<int64_t>(now_ms), 0) : kNoTtl;
}

// --- GETKEY ---

struct GetOptions {
  bool length = false;
  bool waits = false;
  int64_t timeout_ms = 0;
  size_t timeout_word = 0;  // Which word says it.
  std::string_view revision_word;
  uint64_t revision = 0;
};

std::string ReadGetOptions(const ReadContext& context, GetOptions* options) {
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (parser.Accept("LENGTH")) {
      options->length = true;
    } else if (!options->waits && parser.Accept("WAIT")) {
      options->waits = true;
      options->timeout_word = context.args.size() - parser.remaining();
      std::string_view error;
      const auto timeout = ParseTimeoutMs(parser.Next(), context.now_ms, &error);
      if (!timeout) parser.Fail(error);
      options->timeout_ms = timeout.value_or(0);
      if (!parser.Accept("REVISION")) parser.Fail(kErrSyntax);
      if (parser.remaining() > 0)
        options->revision_word = context.args[context.args.size() - parser.remaining()];
      options->revision = ReadRevision(parser);
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return parser.error();
}

// MYDIS GETKEY key [LENGTH] [WAIT milliseconds REVISION revision]. A key of any type has a
// revision, but what is given is a string's bytes.
void GetKey(ReadContext& context) {
  GetOptions options;
  const std::string error = ReadGetOptions(context, &options);
  if (!error.empty()) return context.reply.Error(error);
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  if (!CheckString(entry, context.reply)) return;
  context.reply.MapHeader(3);
  context.reply.Bulk("revision");
  context.reply.Integer(static_cast<int64_t>(RevisionOf(entry)));
  context.reply.Bulk("ttl");
  context.reply.Integer(TtlOf(context.keyspace, context.db, entry, context.now_ms));
  context.reply.Bulk(options.length ? "length" : "value");
  if (entry == nullptr) return context.reply.Null();
  if (options.length) return context.reply.Integer(static_cast<int64_t>(entry->string_size()));
  SendString(context.reply, *entry);
}

// `known` is the revision that the client has, 0 for a key that was not there.
size_t ChangeSupply(const Entry* entry, std::string_view known) {
  uint64_t revision = 0;
  std::from_chars(known.data(), known.data() + known.size(), revision);
  const bool changed = entry == nullptr ? revision != 0 : entry->revision() > revision;
  return changed ? kUnlimitedSupply : 0;
}

constexpr WaitRule kChangeRule{.supply = ChangeSupply, .writes = false};

bool PlanGetKey(const ReadContext& context, WaitPlan* plan) {
  GetOptions options;
  if (!ReadGetOptions(context, &options).empty() || !options.waits || context.in_script)
    return false;
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  if (entry != nullptr && !entry->is_string()) return false;
  plan->rule = &kChangeRule;
  plan->tag = options.revision_word;
  plan->keys.assign(1, context.args[2]);
  plan->timeout_ms = options.timeout_ms;
  plan->timeout_word = options.timeout_word;
  plan->ready = ChangeSupply(entry, options.revision_word) > 0;
  return true;
}

// --- PUTKEY, DELETEKEY ---

// What must hold for a change to be made.
struct Condition {
  enum class Kind : uint8_t { kNone, kRevision, kExists, kMissing };
  Kind kind = Kind::kNone;
  uint64_t revision = 0;

  bool Accept(ArgParser& parser) {
    const Kind before = kind;
    if (parser.Accept("IF")) {
      kind = Kind::kRevision;
      revision = ReadRevision(parser);
    } else if (parser.Accept("EXISTS")) {
      kind = Kind::kExists;
    } else if (parser.Accept("MISSING")) {
      kind = Kind::kMissing;
    } else {
      return false;
    }
    if (before != Kind::kNone) parser.Fail(kErrSyntax);
    return true;
  }
  // False: the error has been sent.
  bool Holds(const Entry* entry, Reply& reply) const {
    const uint64_t now = RevisionOf(entry);
    if (kind == Kind::kNone || (kind == Kind::kExists && entry != nullptr)) return true;
    if (kind != Kind::kExists && now == (kind == Kind::kMissing ? 0 : revision)) return true;
    reply.Error(entry == nullptr
                    ? std::string("CONDITION not written: there is no such key")
                    : fmt::format("CONDITION not written: the key is at revision {}", now));
    return false;
  }
};

// MYDIS PUTKEY key value [IF revision | EXISTS | MISSING] [PX milliseconds]
void PutKey(WriteContext& context) {
  Condition condition;
  std::optional<std::string_view> amount;
  ArgParser parser(context.args, 4);
  while (parser.HasNext()) {
    if (condition.Accept(parser)) continue;
    if (parser.Accept("PX")) {
      amount = parser.Next();
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (parser.Rejected(context.reply)) return;
  Ttl ttl = Ttl::None();
  if (amount) {
    const auto deadline =
        ReadDeadline(*amount, Expiry::kPx, context.now_ms, "mydis|putkey", context.reply);
    if (!deadline) return;
    ttl = Ttl::At(*deadline);
  }
  const std::string_view key = context.args[2];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!condition.Holds(entry, context.reply)) return;
  const bool created = entry == nullptr;
  context.keyspace.SetString(context.db, key, context.args[3], ttl);
  context.keyspace.Notify(EventClass::kString, "set", context.db, key);
  if (ttl.kind == Ttl::Kind::kAt)
    context.keyspace.Notify(EventClass::kGeneric, "expire", context.db, key);
  context.reply.MapHeader(2);
  context.reply.Bulk("revision");
  context.reply.Integer(static_cast<int64_t>(context.state.revision));
  context.reply.Bulk("created");
  context.reply.Bool(created);
}

// MYDIS DELETEKEY key [IF revision | EXISTS | MISSING]
void DeleteKey(WriteContext& context) {
  Condition condition;
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (!condition.Accept(parser)) parser.Fail(kErrSyntax);
  }
  if (parser.Rejected(context.reply)) return;
  const std::string_view key = context.args[2];
  if (!condition.Holds(context.keyspace.Find(context.db, key), context.reply)) return;
  const bool erased = context.keyspace.Erase(context.db, key);
  if (erased) context.keyspace.Notify(EventClass::kGeneric, "del", context.db, key);
  context.reply.Integer(erased ? 1 : 0);
}

// --- LISTKEYS ---

// Bounds of one answer: keys looked at, and bytes of values given.
constexpr size_t kMostVisited = 20'000;
constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kStep = 64;  // Keys of one step of the scan.

struct ListOptions {
  uint64_t cursor = 0;
  size_t count = 100;
  bool values = false;
};

// False: the error has been sent.
bool ReadListOptions(ReadContext& context, ListOptions* options) {
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (parser.Accept("CURSOR")) {
      const auto cursor = ReadCursor(parser.Next(), context.reply);
      if (!cursor) return false;
      options->cursor = *cursor;
    } else if (parser.Accept("COUNT")) {
      const int64_t count = parser.Integer();
      if (count < 1 || count > static_cast<int64_t>(kMostListedKeys))
        parser.Fail(fmt::format("ERR COUNT is a number of keys from 1 to {}", kMostListedKeys));
      options->count = static_cast<size_t>(count);
    } else if (parser.Accept("VALUES")) {
      options->values = true;
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return !parser.Rejected(context.reply);
}

void SendListed(ReadContext& context, const Entry& entry, bool values) {
  context.reply.ArrayHeader(values ? 5 : 4);
  context.reply.Bulk(entry.key());
  context.reply.Bulk(TypeName(entry.type()));
  context.reply.Integer(static_cast<int64_t>(entry.revision()));
  context.reply.Integer(TtlOf(context.keyspace, context.db, &entry, context.now_ms));
  if (!values) return;
  if (entry.is_string()) return SendString(context.reply, entry);
  context.reply.Null();
}

// MYDIS LISTKEYS prefix [CURSOR cursor] [COUNT count] [VALUES]
void ListKeys(ReadContext& context) {
  ListOptions options;
  if (!ReadListOptions(context, &options)) return;
  std::vector<const Entry*> found;
  size_t visited = 0;
  size_t bytes = 0;
  uint64_t cursor = options.cursor;
  do {
    const size_t step = std::min(kStep, options.count - found.size());
    cursor = context.keyspace.Scan(context.db, cursor, step, [&](const Entry& entry) {
      ++visited;
      if (!entry.key().starts_with(context.args[2])) return;
      found.push_back(&entry);
      if (options.values && entry.is_string()) bytes += entry.string_size();
    });
    // A step without keys has looked at places where some could be.
    ++visited;
  } while (cursor != 0 && found.size() < options.count && visited < kMostVisited &&
           bytes < kMostBytes);
  context.reply.ArrayHeader(2);
  SendCursor(context.reply, cursor);
  context.reply.ArrayHeader(found.size());
  for (const Entry* entry : found) SendListed(context, *entry, options.values);
}

// --- REVISIONS ---

// MYDIS REVISIONS key [key ...]: 0 for what is not there.
void Revisions(ReadContext& context) {
  const Args keys = context.args.subspan(2);
  context.reply.ArrayHeader(keys.size());
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    context.reply.Integer(static_cast<int64_t>(RevisionOf(entry)));
  }
}

constexpr KeySpec kReadKeys[] = {KeyRange(kKeyRO, 2, -1, 1)};
constexpr KeySpec kReadKey[] = {OneKey(kKeyRO | kKeyAccess, 2)};
constexpr KeySpec kPutKey[] = {OneKey(kKeyOW | kKeyUpdate, 2)};
constexpr KeySpec kDeleteKey[] = {OneKey(kKeyRM | kKeyDelete, 2)};
constexpr KeySpec kPrefix[] = {OneKey(kKeyRO | kKeyAccess | kKeyPrefix, 2)};

constexpr CommandSpec kSubcommands[] = {
    {.name = "deletekey",
     .arity = -3,
     .effect = Effect::kWrite,
     .flags = kFast,
     .keys = kDeleteKey,
     .group = Group::kGeneric,
     .since = "0.1.0",
     .complexity = "O(1)",
     .summary = "Deletes a key of any type, if it is at a revision.",
     .arguments = "key [condition: IF revision:integer | EXISTS | MISSING]",
     .example = "SET k v; MYDIS DELETEKEY k EXISTS",
     .example_reply = ":1",
     .handler = DeleteKey},
    {.name = "getkey",
     .arity = -3,
     .effect = Effect::kRead,
     .flags = kFast | kBlocking,
     .keys = kReadKey,
     .group = Group::kString,
     .since = "0.1.0",
     .complexity = "O(1)",
     .summary = "A string with its revision and time to live; waits until the key changes.",
     .arguments = "key [LENGTH] [WAIT milliseconds REVISION revision:integer]",
     .handler = GetKey,
     .plan_wait = PlanGetKey},
    {.name = "listkeys",
     .arity = -3,
     .effect = Effect::kRead,
     .flags = kFlagNone,
     .keys = kPrefix,
     .group = Group::kGeneric,
     .since = "0.1.0",
     .complexity = "O(N) where N is the number of keys that are looked at, 20,000 at most",
     .summary = "Keys that begin alike, with type, revision and time to live, some at a time.",
     .arguments = "prefix [CURSOR cursor:integer] [COUNT count:integer] [VALUES]",
     .handler = ListKeys},
    {.name = "putkey",
     .arity = -4,
     .effect = Effect::kWrite,
     .flags = kDenyOom,
     .keys = kPutKey,
     .group = Group::kString,
     .since = "0.1.0",
     .complexity = "O(1)",
     .summary = "Sets a string, if the key is at a revision, and gives the new one.",
     .arguments = "key value [condition: IF revision:integer | EXISTS | MISSING] [PX milliseconds]",
     .handler = PutKey},
    {.name = "revisions",
     .arity = -3,
     .effect = Effect::kRead,
     .flags = kFast,
     .keys = kReadKeys,
     .group = Group::kGeneric,
     .since = "0.1.0",
     .complexity = "O(N) where N is the number of keys",
     .summary = "The revisions at which keys of any type were last changed, 0 for those that are "
                "not there.",
     .arguments = "key [key ...]",
     .example = "MYDIS REVISIONS k other",
     .example_reply = "*2\n  :0\n  :0",
     .handler = Revisions},
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> KeyRevisionFamily() { return kFamily; }

}  // namespace mydis
