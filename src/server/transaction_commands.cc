// MULTI, DISCARD, WATCH, UNWATCH: the session's part of a transaction. EXEC is carried out by the
// connection (connection_transaction.cc), since it may go through the log.
#include "server/connection.h"
#include "server/local_context.h"
#include "server/local_families.h"

namespace mydis {
namespace {

void Multi(LocalContext& c) {
  if (c.session.in_multi) return c.reply.Error("ERR MULTI calls can not be nested");
  c.session.in_multi = true;
  c.session.record->queued = 0;
  c.reply.Ok();
}

void Discard(LocalContext& c) {
  if (!c.session.in_multi) return c.reply.Error("ERR DISCARD without MULTI");
  c.connection.ResetTransaction();
  c.reply.Ok();
}

// Behind writes that are under way the connection sees to it that the revisions are those at its
// place.
void Watch(LocalContext& c) {
  if (c.session.in_multi) return c.reply.Error("ERR WATCH inside MULTI is not allowed");
  const Keyspace& keyspace = c.Read().keyspace;
  for (std::string_view key : c.args.subspan(1)) {
    bool known = false;
    for (const WatchedKey& watched : c.session.watched)
      known |= watched.db == c.session.db && watched.key == key;
    if (known) continue;
    c.session.watched.push_back(
        {c.session.db, std::string(key), keyspace.WatchRevision(c.session.db, key)});
  }
  c.session.record->watched = static_cast<uint32_t>(c.session.watched.size());
  c.reply.Ok();
}

void Unwatch(LocalContext& c) {
  c.session.watched.clear();
  c.session.watch_batch = 0;
  c.session.record->watched = 0;
  c.reply.Ok();
}

// Never called: the connection carries EXEC out.
void Exec(LocalContext& c) { c.reply.Error("ERR EXEC without MULTI"); }

constexpr uint32_t kFlags = kNoScript | kLoading | kStale | kFast | kAllowBusy;
constexpr KeySpec kWatchKeys[] = {KeyRange(kKeyRO, 1, -1)};

constexpr CommandSpec kFamily[] = {
    {.name = "discard",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kTransactions,
     .since = "2.0.0",
     .complexity = "O(N), when N is the number of queued commands",
     .summary = "Leaves a transaction without running it.",
     .arguments = "",
     .example = "MULTI; DISCARD",
     .example_reply = "+OK",
     .handler = Discard},
    {.name = "exec",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog,
     .group = Group::kTransactions,
     .since = "1.2.0",
     .complexity = "Depends on commands in the transaction",
     .summary = "Runs the queued commands as one indivisible step.",
     .arguments = "",
     .handler = Exec},
    {.name = "multi",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kTransactions,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Begins a transaction: the commands that follow are queued.",
     .arguments = "",
     .example = "MULTI",
     .example_reply = "+OK",
     .handler = Multi},
    {.name = "unwatch",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kTransactions,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Forgets all watched keys.",
     .arguments = "",
     .example = "UNWATCH",
     .example_reply = "+OK",
     .handler = Unwatch},
    {.name = "watch",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .keys = kWatchKeys,
     .group = Group::kTransactions,
     .since = "2.2.0",
     .complexity = "O(1) for every key.",
     .summary = "Makes the next transaction depend on these keys staying as they are.",
     .arguments = "key [key ...]",
     .example = "WATCH k",
     .example_reply = "+OK",
     .handler = Watch},
};

}  // namespace

std::span<const CommandSpec> TransactionFamily() { return kFamily; }

}  // namespace mydis
