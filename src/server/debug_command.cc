// DEBUG: the subcommands that clients' test suites use.
#include <fmt/format.h>

#include <thread>

#include "base/glob.h"
#include "base/hash.h"
#include "commands/arg_parser.h"
#include "commands/keys.h"
#include "commands/protocol_types.h"
#include "commands/subcommands.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/snapshot_request.h"
#include "state/container_ops.h"

namespace mydis {
namespace {

// Keeps the instance's applying thread busy, as Redis's keeps everything busy: nothing is read or
// written here meanwhile.
void Sleep(LocalContext& c) {
  const auto seconds = ParseDouble(c.args[2]);
  if (!seconds || *seconds < 0) return c.reply.Error(kErrNotFloat);
  // A transaction has taken effect by now; what waits for the rest of its replies is this thread.
  if (c.in_transaction) {
    std::this_thread::sleep_for(std::chrono::duration<double>(*seconds));
    return c.reply.Ok();
  }
  const auto resume = c.Suspend();
  Node& node = c.node;
  node.consensus().Post([resume, &node, seconds = *seconds](Replica*) {
    node.core().lock.LockExclusive();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    node.core().lock.UnlockExclusive();
    resume([](Reply& reply) { reply.Ok(); });
  });
}

// Makes this instance's state another than the others' have, to see that they find out.
void Corrupt(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR DEBUG MYDIS-CORRUPT is not allowed in a transaction");
  const auto resume = c.Suspend();
  Node& node = c.node;
  node.consensus().Post([resume, &node, key = std::string(c.args[2])](Replica*) {
    node.core().lock.LockExclusive();
    node.core().machine.Corrupt(key);
    node.core().lock.UnlockExclusive();
    resume([](Reply& reply) { reply.Ok(); });
  });
}

// Deadlines are part of the log's order here: a key exists until its deadline is reached, and then
// it does not, whatever this is set to. Accepted so that test suites go on.
void SetActiveExpire(LocalContext& c) {
  if (c.args[2] != "0" && c.args[2] != "1") return c.reply.Error(kErrSyntax);
  c.reply.Ok();
}

// Bytes that stand for the value, in `scratch` if need be.
std::string_view ValueBytes(const Entry& entry, std::string& scratch) {
  if (entry.is_string()) {
    Entry::Scratch digits;
    return scratch = entry.string(digits);
  }
  Encoder out(scratch);
  OpsOf(entry.type()).save(entry.container_word(), out);
  return scratch;
}

void Object(LocalContext& c) {
  const Keyspace& keyspace = c.Read().keyspace;
  const Entry* entry = keyspace.Find(c.session.db, c.args[2]);
  if (entry == nullptr) return c.reply.Error(kErrNoSuchKey);
  std::string scratch;
  const size_t size = ValueBytes(*entry, scratch).size();
  const uint64_t now_ms = c.node.core().cluster_clock.NowMs();
  const uint64_t idle_ms = entry->use_word() == 0 ? 0 : IdleMs(entry->use_word(), now_ms);
  c.reply.Simple(fmt::format(
      "Value at:0x{:x} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}",
      Hash64(entry->key()), EncodingNameOf(*entry), size + 1, (now_ms - idle_ms) / 1000,
      idle_ms / 1000));
}

// A hash of one database's keys and values, and of a single one.
uint64_t HashOf(const Entry& entry) {
  std::string scratch;
  return Hash64(ValueBytes(entry, scratch), Hash64(entry.key()));
}

std::string AsDigest(uint64_t sum) { return fmt::format("{:016x}{:024x}", sum, 0); }

void Digest(LocalContext& c) {
  const Keyspace& keyspace = c.Read().keyspace;
  uint64_t sum = 0;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    keyspace.ForEach(db, [&](const Entry& entry) { sum += HashOf(entry) * (2 * db + 1); });
  }
  c.reply.Simple(AsDigest(sum));
}

void DigestValue(LocalContext& c) {
  const Keyspace& keyspace = c.Read().keyspace;
  c.reply.ArrayHeader(c.args.size() - 2);
  for (std::string_view key : c.args.subspan(2)) {
    const Entry* entry = keyspace.Find(c.session.db, key);
    c.reply.Simple(AsDigest(entry == nullptr ? 0 : HashOf(*entry)));
  }
}

bool AnyKey(const Keyspace& keyspace) {
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    if (keyspace.Size(db) > 0) return true;
  }
  return false;
}

// Where Redis writes its state and reads it back. Here what was answered is on disk, and the
// state is not given up while others rely on it: a snapshot is taken. As in Redis, reading it back
// without emptying the state first would fail at the first key or library, unless they are merged.
void Reload(LocalContext& c) {
  if (c.in_transaction) return c.reply.Error("ERR DEBUG RELOAD is not allowed in a transaction");
  bool flush = true;
  bool merge = false;
  for (std::string_view word : c.args.subspan(2)) {
    if (EqualsUpper(word, "NOFLUSH")) {
      flush = false;
    } else if (EqualsUpper(word, "MERGE")) {
      merge = true;
    } else if (!EqualsUpper(word, "NOSAVE")) {
      return c.reply.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  const State& state = c.Read();
  if (!flush && !merge && (AnyKey(state.keyspace) || state.scripts.functions() > 0))
    return c.reply.Error("ERR Error trying to load the RDB dump, check server logs");
  ReplyAfterSnapshot(c);
}

void StringMatchTest(LocalContext& c) {
  // The worst that a pattern can do: many stars, and nothing to match them.
  const std::string text(1 << 16, 'a');
  std::string pattern;
  for (int i = 0; i < 32; ++i) pattern += "a*";
  if (GlobMatches(pattern + "b", text) || !GlobMatches(pattern, text))
    return c.reply.Error("ERR patterns are not matched as they should be");
  c.reply.Simple("Apparently Redis did not crash: test passed");
}

void Error(LocalContext& c) { c.reply.Error(c.args[2]); }

void AcceptOnly(LocalContext& c) { c.reply.Ok(); }

void Protocol(LocalContext& c) { ReplyOfType(c.args[2], c.reply); }

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "CHANGE-REPL-ID",
      "    Accepted, changes nothing.",
      "DIGEST",
      "    A hash of all keys and values.",
      "DIGEST-VALUE <key> [<key> ...]",
      "    A hash of each key's value.",
      "ERROR <string>",
      "    Reply with an error.",
      "LOADAOF",
      "    Take a snapshot.",
      "MYDIS-CORRUPT <key>",
      "    Change a key of database 0 on this instance alone; docs/digests.md says what follows.",
      "OBJECT <key>",
      "    How a value is kept.",
      "PROTOCOL <type>",
      "    Reply with a value of that type of the protocol.",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    Accepted, changes nothing.",
      "RELOAD [option ...]",
      "    Take a snapshot.",
      "PAUSE-CRON (0|1)",
      "    Accepted, changes nothing.",
      "SET-ACTIVE-EXPIRE (0|1)",
      "    Accepted, changes nothing: keys expire exactly at their deadline.",
      "SET-DISABLE-DENY-SCRIPTS (0|1)",
      "    1: scripts may call DEBUG PROTOCOL and DEBUG SLEEP, which does not wait there.",
      "SLEEP <seconds>",
      "    Stop this instance for a while.",
      "STRINGMATCH-TEST",
      "    Match hard patterns against a long text.",
  };
  ReplyHelp("DEBUG", kLines, c.reply);
}

constexpr uint32_t kFlags = kAdmin | kAudited | kNoScript | kLoading | kStale;

constexpr Subcommands kSub{.flags = kFlags,
                           .group = Group::kServer,
                           .since = "1.0.0",
                           .complexity = "Depends on subcommand."};

constexpr CommandSpec kSubcommands[] = {
    kSub("change-repl-id", 2, "Accepted, changes nothing.", "", AcceptOnly),
    kSub("digest", 2, "A hash of all keys and values.", "", Digest),
    kSub("digest-value", -2, "A hash of each key's value.", "[key [key ...]]", DigestValue),
    kSub("error", 3, "Replies with an error.", "string", Error),
    kSub.Help(Help),
    kSub("loadaof", 2, "Takes a snapshot.", "", Reload),
    kSub("mydis-corrupt", 3, "Changes a key on this instance alone.", "key", Corrupt),
    kSub("object", -3, "How a value is kept.", "key", Object),
    kSub("pause-cron", 3, "Accepted, changes nothing.", "flag", SetActiveExpire),
    kSub("protocol", 3, "Replies with a value of a type of the protocol.", "type", Protocol),
    kSub("quicklist-packed-threshold", 3, "Accepted, changes nothing.", "size", AcceptOnly),
    kSub("reload", -2, "Takes a snapshot.", "[option [option ...]]", Reload),
    kSub("set-active-expire", 3, "Accepted, changes nothing.", "flag", SetActiveExpire),
    kSub("sleep", 3, "Stops this instance for a while.", "seconds", Sleep),
    kSub("stringmatch-test", 2, "Matches hard patterns against a long text.", "", StringMatchTest),
};

constexpr CommandSpec kFamily[] = {
    {.name = "debug",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands that tests of clients use.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> DebugFamily() { return kFamily; }

}  // namespace mydis
