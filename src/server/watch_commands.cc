// MYDIS FOLLOW, LISTEN, PLISTEN and UNFOLLOW: docs/watching.md.
#include <fmt/format.h>

#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "server/connection.h"
#include "server/history_renewal.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNeedsPushes =
    "ERR a watch answers with pushes, which RESP2 does not have: send HELLO 3 first";

// What a client asks for.
struct Request {
  Watch watch;
  std::optional<uint64_t> from;
};

// The state is locked, and this instance as up to date as it can be.
void Begin(IoThread& thread, Connection& connection, Request request, Reply& reply) {
  const State& state = thread.Read();
  const ChangeHistory& history = thread.node().core().HistoryOfWatches(request.watch.history());
  const uint64_t from = request.from.value_or(state.revision);
  if (from > state.revision) {
    return reply.Error(
        fmt::format("ERR there is no revision {} yet, the state is at {}", from, state.revision));
  }
  const auto place = history.After(from);
  if (!place) {
    const uint64_t oldest = history.recording() ? history.oldest() : state.revision;
    return reply.Error(fmt::format(
        "GONE {} {} what came after revision {} is no longer kept, only what came after {}; the "
        "state is at {}",
        oldest, state.revision, from, oldest, state.revision));
  }
  Watch& watch = request.watch;
  watch.place = *place;
  watch.complete = from;
  watch.told = from;
  reply.MapHeader(2);
  reply.Bulk("watch");
  reply.Integer(static_cast<int64_t>(thread.watches().Add(connection, std::move(watch))));
  reply.Bulk("revision");
  reply.Integer(static_cast<int64_t>(from));
}

// Begins at once if history is kept and the revision is known here; otherwise once the cluster has
// agreed to keep it, which brings this instance up to date, too.
void BeginOrWait(LocalContext& c, Request request) {
  const bool known = request.from.value_or(0) <= c.Read().revision;
  const HistoryOf what = request.watch.history();
  if (known && c.node.core().HistoryOfWatches(what).recording())
    return Begin(c.thread, c.connection, std::move(request), c.reply);
  KeepHistory(c.node.consensus(), what,
              [resume = c.Suspend(), &thread = c.thread, &connection = c.connection,
               request = std::move(request)](const Status& status) mutable {
                resume([&thread, &connection, request = std::move(request),
                        status](RespReply& reply) mutable {
                  if (!status.ok()) return reply.Error(RedisError(status));
                  Begin(thread, connection, std::move(request), reply);
                  // It may have lost the right while it waited.
                  connection.CheckUser();
                });
              });
}

// False: it cannot be served, and the error has been sent.
bool MayBegin(LocalContext& c) {
  if (c.session.resp_version < 3) {
    c.reply.Error(kErrNeedsPushes);
    return false;
  }
  if (c.node.consensus().readiness() != Readiness::kReady) {
    c.reply.Error(c.node.StaleError());
    return false;
  }
  return true;
}

uint64_t ParseRevision(ArgParser& words) {
  const int64_t revision = words.Integer();
  if (revision < 0) words.Fail("ERR a revision is not negative");
  return static_cast<uint64_t>(revision);
}

void FollowCommand(LocalContext& c) {
  if (!MayBegin(c)) return;
  Request request;
  request.watch.name = c.args[2];
  request.watch.db = c.session.db;
  ArgParser words(c.args, 3);
  while (words.HasNext()) {
    if (words.Accept("FROM")) {
      request.from = ParseRevision(words);
    } else if (words.Accept("DB")) {
      const int64_t db = words.Integer();
      if (db < 0 || db >= kDatabases) words.Fail("ERR DB index is out of range");
      request.watch.db = static_cast<uint32_t>(db);
    } else if (words.Accept("VALUES")) {
      request.watch.values = true;
    } else {
      words.Fail(kErrSyntax);
    }
  }
  if (words.Rejected(c.reply)) return;
  BeginOrWait(c, std::move(request));
}

void Listen(LocalContext& c, Watch::Kind kind) {
  if (!MayBegin(c)) return;
  Request request;
  request.watch.kind = kind;
  request.watch.name = c.args[2];
  ArgParser words(c.args, 3);
  if (words.Accept("FROM")) request.from = ParseRevision(words);
  if (words.HasNext()) words.Fail(kErrSyntax);
  if (words.Rejected(c.reply)) return;
  BeginOrWait(c, std::move(request));
}

void ListenCommand(LocalContext& c) { Listen(c, Watch::Kind::kChannel); }
void PlistenCommand(LocalContext& c) { Listen(c, Watch::Kind::kPattern); }

void UnfollowCommand(LocalContext& c) {
  Watches& watches = c.thread.watches();
  if (c.args.size() == 2) {
    const uint32_t count = c.session.record->watches;
    watches.EndAll(c.connection);
    return c.reply.Integer(count);
  }
  ArgParser words(c.args, 2);
  std::vector<uint64_t> numbers;
  while (words.HasNext()) numbers.push_back(static_cast<uint64_t>(words.Integer()));
  if (words.Rejected(c.reply)) return;
  int64_t ended = 0;
  for (const uint64_t number : numbers) ended += watches.End(c.connection, number);
  c.reply.Integer(ended);
}

constexpr KeySpec kPrefix[] = {OneKey(kKeyRO | kKeyAccess, 2)};
constexpr uint32_t kFlags = kNoScript | kNoMulti;

constexpr CommandSpec kSubcommands[] = {
    {.name = "follow",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags | kReadOnlyFlag,
     .keys = kPrefix,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(1), and O(N) where N is the number of changes kept since the revision.",
     .summary =
         "Pushes what becomes of the keys with a prefix, after a revision: nothing is missed "
         "by who comes back, at whichever instance.",
     .arguments = "prefix:key [FROM revision:integer] [DB index:integer] [VALUES]",
     .handler = FollowCommand},
    {.name = "listen",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags | kPubSubFlag,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(1), and O(N) where N is the number of messages kept since the revision.",
     .summary = "Pushes the messages of a channel, those after a revision first: nothing is missed "
                "by who comes back, at whichever instance.",
     .arguments = "channel [FROM revision:integer]",
     .handler = ListenCommand},
    {.name = "plisten",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kFlags | kPubSubFlag,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(1), and O(N) where N is the number of messages kept since the revision.",
     .summary = "Pushes the messages of all channels that match a pattern, as MYDIS LISTEN does.",
     .arguments = "pattern [FROM revision:integer]",
     .handler = PlistenCommand},
    {.name = "unfollow",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kNoScript,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(N) where N is the number of watches of the connection.",
     .summary = "Ends watches of this connection, or all of them; answers how many.",
     .arguments = "[watch:integer [watch:integer ...]]",
     .example = "MYDIS UNFOLLOW",
     .example_reply = ":0",
     .handler = UnfollowCommand},
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> WatchFamily() { return kFamily; }

}  // namespace mydis
