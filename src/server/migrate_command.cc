// MIGRATE: sends keys to another server, and removes them here once they are there. The removal is
// a transaction that watches the keys since they were read: what others change meanwhile, on any
// instance, is not lost.
#include <fmt/format.h>

#include <algorithm>

#include "commands/arg_parser.h"
#include "protocol/resp_writer.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/migrations.h"
#include "server/node.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr uint32_t kDefaultTimeoutMs = 1000;

struct Options {
  std::string_view host;
  int64_t port = 0;
  int64_t db = 0;
  int64_t timeout_ms = 0;
  bool copy = false;
  bool replace = false;
  std::vector<std::string_view> auth;  // AUTH and its words; empty for none.
  std::vector<std::string_view> keys;
};

// nullopt if the words make no sense; then the error has been sent.
std::optional<Options> ReadOptions(LocalContext& c) {
  Options options{.host = c.args[1], .auth = {}, .keys = {c.args[3]}};
  ArgParser parser(c.args, 6);
  while (parser.HasNext()) {
    const size_t left = parser.remaining();
    if (parser.Accept("COPY")) {
      options.copy = true;
    } else if (parser.Accept("REPLACE")) {
      options.replace = true;
    } else if (left >= 2 && parser.Accept("AUTH")) {
      options.auth = {"AUTH", parser.Next()};
    } else if (left >= 3 && parser.Accept("AUTH2")) {
      const std::string_view user = parser.Next();
      options.auth = {"AUTH", user, parser.Next()};
    } else if (parser.Accept("KEYS")) {
      if (!c.args[3].empty()) {
        parser.Fail(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty "
            "string");
        break;
      }
      options.keys.clear();
      while (parser.HasNext()) options.keys.push_back(parser.Next());
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (parser.Rejected(c.reply)) return std::nullopt;
  const auto port = ParseInteger(c.args[2]);
  const auto db = ParseInteger(c.args[4]);
  const auto timeout = ParseInteger(c.args[5]);
  if (!db || !timeout || !port || *port < 1 || *port > UINT16_MAX) {
    c.reply.Error(kErrNotInteger);
    return std::nullopt;
  }
  options.port = *port;
  options.db = *db;
  options.timeout_ms = std::min<int64_t>(*timeout, INT32_MAX);
  return options;
}

struct Moving {
  uint32_t db = 0;
  bool copy = false;
  size_t first_key = 0;  // Which reply is that of the first key.
  std::vector<WatchedKey> keys;
};

void AddRequest(std::string& out, std::span<const std::string_view> words) {
  RespWriter writer(out, 2);
  writer.ArrayHeader(words.size());
  for (std::string_view word : words) writer.Bulk(word);
}

// The requests for the keys that are there.
Migrations::Order Compose(LocalContext& c, const Options& options, Moving* moving) {
  Migrations::Order order{.host = std::string(options.host),
                          .port = static_cast<uint16_t>(options.port),
                          .timeout_ms = options.timeout_ms <= 0
                                            ? kDefaultTimeoutMs
                                            : static_cast<uint32_t>(options.timeout_ms),
                          .requests = {}};
  if (!options.auth.empty()) AddRequest(order.requests, options.auth);
  const std::string db = std::to_string(options.db);
  AddRequest(order.requests, std::vector<std::string_view>{"SELECT", db});
  moving->first_key = options.auth.empty() ? 1 : 2;
  const Keyspace& keyspace = c.Read().keyspace;
  const auto now_ms = static_cast<int64_t>(c.node.core().cluster_clock.NowMs());
  for (std::string_view key : options.keys) {
    const Entry* entry = keyspace.Find(moving->db, key);
    if (entry == nullptr) continue;
    const auto deadline = keyspace.Deadline(moving->db, *entry);
    const std::string ttl = std::to_string(deadline ? std::max<int64_t>(*deadline - now_ms, 1) : 0);
    const std::string payload = DumpPayload(*entry);
    std::vector<std::string_view> words = {"RESTORE", key, ttl, payload};
    if (options.replace) words.push_back("REPLACE");
    AddRequest(order.requests, words);
    moving->keys.push_back({moving->db, std::string(key), entry->revision()});
  }
  order.replies = moving->first_key + moving->keys.size();
  return order;
}

// What the other side says against it, if anything; takes the keys that it has refused off.
std::string TakeRefused(const std::vector<RespValue>& replies, Moving* moving) {
  std::string error;
  std::vector<WatchedKey> moved;
  const bool all_refused = std::any_of(replies.begin(), replies.begin() + moving->first_key,
                                       [](const RespValue& reply) { return reply.is_error(); });
  for (size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].is_error()) {
      if (error.empty()) error = "ERR Target instance replied with error: " + replies[i].text;
    } else if (i >= moving->first_key && !all_refused) {
      moved.push_back(std::move(moving->keys[i - moving->first_key]));
    }
  }
  moving->keys = std::move(moved);
  return error;
}

void Sent(IoThread& thread, uint64_t client, Moving& moving,
          const Result<std::vector<RespValue>>& replies, Reply& reply) {
  if (!replies) {
    const bool sent = replies.error().code() != ErrorCode::kUnavailable;
    return reply.Error(
        fmt::format("IOERR error or timeout {} ({})",
                    sent ? "reading from target instance" : "connecting to the client",
                    replies.error().message()));
  }
  const std::string error = TakeRefused(*replies, &moving);
  Connection* connection = thread.Find(client);
  if (moving.copy || moving.keys.empty() || connection == nullptr)
    return error.empty() ? reply.Ok() : reply.Error(error);
  std::string answer;
  RespWriter writer(answer, 2);
  error.empty() ? writer.Ok() : writer.Error(error);
  connection->SubmitRemoval(moving.keys, std::move(answer));
}

void Migrate(LocalContext& c) {
  if (c.in_transaction) return c.reply.Error("ERR MIGRATE is not allowed in a transaction");
  const auto options = ReadOptions(c);
  if (!options) return;
  Moving moving{.db = c.session.db, .copy = options->copy, .keys = {}};
  Migrations::Order order = Compose(c, *options, &moving);
  if (moving.keys.empty()) return c.reply.Simple("NOKEY");
  const auto resume = c.Suspend();
  c.thread.migrations().Send(
      std::move(order), [resume, &thread = c.thread, client = c.connection.id(),
                         moving = std::move(moving)](auto replies) mutable {
        resume([&thread, client, moving = std::move(moving), replies = std::move(replies)](
                   Reply& reply) mutable { Sent(thread, client, moving, replies, reply); });
      });
}

bool FindMigrateKeys(Args args, std::vector<FoundKey>* keys) {
  constexpr uint16_t kFlags = kKeyRW | kKeyAccess | kKeyDelete;
  if (!args[3].empty()) {
    keys->push_back({3, kFlags});
    return true;
  }
  for (size_t i = 6; i < args.size(); ++i) {
    // A user or a password may be called KEYS.
    if (EqualsUpper(args[i], "AUTH")) {
      i += 1;
    } else if (EqualsUpper(args[i], "AUTH2")) {
      i += 2;
    } else if (EqualsUpper(args[i], "KEYS")) {
      while (++i < args.size()) keys->push_back({i, kFlags});
    }
  }
  return true;
}

constexpr KeySpec kMigrateKeys[] = {
    OneKey(kKeyRW | kKeyAccess | kKeyDelete, 3),
    {.flags = kKeyRW | kKeyAccess | kKeyDelete | kKeyIncomplete,
     .begin = KeySpec::Begin::kKeyword,
     .keyword = "KEYS",
     .start_from = -2,
     .last = -1},
};

constexpr CommandSpec kFamily[] = {
    {.name = "migrate",
     .arity = -6,
     .effect = Effect::kLocal,
     .flags = kWriteFlag | kMovableKeys | kDangerous | kAudited,
     .keys = kMigrateKeys,
     .group = Group::kGeneric,
     .since = "2.6.0",
     .complexity = "O(N) where N is the size of the values, here and there.",
     .summary = "Moves keys to another server.",
     .arguments =
         "host port:integer <key-selector: key | empty-string:\"\"> destination-db:integer "
         "timeout:integer [COPY@3.0.0] [REPLACE@3.0.0] [authentication: AUTH auth/password@4.0.7 | "
         "<AUTH2 username password>@6.0.0] [KEYS keys:key/key@3.0.6 [keys ...]]",
     .handler = Migrate,
     .tips = "nondeterministic_output",
     .history = "3.0.0: Added the `COPY` and `REPLACE` options.|3.0.6: Added the `KEYS` option.|"
                "4.0.7: Added the `AUTH` option.|6.0.0: Added the `AUTH2` option.",
     .find_keys = FindMigrateKeys},
};

}  // namespace

std::span<const CommandSpec> MigrateFamily() { return kFamily; }

}  // namespace mydis
