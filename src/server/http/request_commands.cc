// MYDIS REQUEST, which begins each request of an HTTP session, and MYDIS WATCH.
#include <fmt/format.h>

#include <optional>

#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "commands/tokens.h"
#include "server/auth_commands.h"
#include "server/connection.h"
#include "server/dispatch.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/password.h"

namespace mydis {
namespace {

constexpr std::string_view kErrWrongToken =
    "WRONGPASS the token is not valid, or its user is disabled";

constexpr std::string_view kErrWrongPassword =
    "WRONGPASS the user or the password is wrong, or the user is disabled";

constexpr std::string_view kErrNoPassword =
    "WRONGPASS this is no token, and the user default has no password: give a token or "
    "user:password, or leave Authorization out";

constexpr std::string_view kErrNoToken = "NOAUTH Authentication required.";

// What a token says that is "user:password", or the password of the user "default".
struct Login {
  std::string_view user = kDefaultUser;
  std::string_view password;

  explicit Login(std::string_view text) : password(text) {
    const size_t colon = text.find(':');
    if (colon == text.npos) return;
    user = text.substr(0, colon);
    password = text.substr(colon + 1);
  }
};

// A password alone where the user "default" has none: wrong, as AUTH has it.
bool IsPasswordOfNone(const State& state, std::string_view token) {
  if (token.find(':') != token.npos || NameInToken(token)) return false;
  const auto user = state.users.Find(kDefaultUser);
  return user != nullptr && user->no_password;
}

// nullptr: nobody.
std::shared_ptr<const AclUser> UserOf(const State& state, std::string_view token) {
  // The user "default" may need no password, but who brings a token wants to be that token's user.
  if (NameInToken(token)) return TokensUser(state, token);
  const Login login(token);
  auto user = state.users.Find(login.user);
  if (IsPasswordOfNone(state, token)) return nullptr;
  return user != nullptr && MayLogIn(*user, login.password) ? user : nullptr;
}

// False if the token is nobody's. A token that was good before costs no hash until users change.
bool BecomeTokensUser(Connection& connection, const State& state, uint64_t users_version,
                      std::string_view text) {
  ClientSession::Requester& requester = *connection.session().requester;
  if (requester.users_version == users_version && requester.token == text) return true;
  requester.users_version = 0;
  if (text.empty()) {
    connection.BecomeDefaultUser();
  } else {
    const auto user = UserOf(state, text);
    if (user == nullptr) return false;
    connection.BecomeUser(*user);
  }
  requester.token = text;
  // What is not known for certain yet is asked again.
  requester.users_version = connection.session().unproven ? 0 : users_version;
  return true;
}

// What a request says of itself.
struct Preface {
  uint64_t min_revision = 0;
  std::string token;
  bool may_log_in = false;  // Who it is may be said later.
};

// Empty if the request may go on; else why not. `last`: nothing is tried after this.
std::string TryBegin(Connection& connection, IoThread& thread, const Preface& preface, bool last) {
  const std::string& token = preface.token;
  const State& state = thread.Read();
  const uint64_t version = thread.node().core().users_version.load(std::memory_order_relaxed);
  if (!BecomeTokensUser(connection, state, version, token)) {
    if (last) {
      connection.NoteRefusal(AclLogEntry::Reason::kAuth, AclLogEntry::Context::kTopLevel, "REQUEST",
                             NameInToken(token) ? kTokenUserPrefix : Login(token).user);
      if (!NameInToken(token)) NotePasswordFailed(thread, connection);
    }
    if (IsPasswordOfNone(state, token)) return std::string(kErrNoPassword);
    return std::string(token.find(':') == token.npos ? kErrWrongToken : kErrWrongPassword);
  }
  if (connection.NeedsLogin() && !(token.empty() && preface.may_log_in))
    return std::string(kErrNoToken);
  if (state.revision >= preface.min_revision) return {};
  return StaleRevision(preface.min_revision, state.revision);
}

void Finish(Connection& connection, std::string error, Reply& reply) {
  error.empty() ? reply.Ok() : reply.Error(error);
  if (!error.empty() || !connection.session().requester->error.empty())
    connection.SetRequestError(std::move(error));
}

// Whether it is looked at later, since wrong ones came from there. What was good before is known.
bool Slowed(IoThread& thread, Connection& connection, std::string_view token) {
  return !token.empty() && connection.session().requester->token != token &&
         PasswordsSlowed(thread, connection, token);
}

// What is missing may be on another instance already: before a refusal this one catches up.
void BeginAfterBarrier(LocalContext& c, Preface preface, uint64_t delay_ms) {
  auto again = [&connection = c.connection, &thread = c.thread, preface = std::move(preface)](
                   RespReply& reply, const Status& status) {
    std::string error = TryBegin(connection, thread, preface, true);
    if (error.starts_with("STALE") && !status.ok()) error = RedisError(status);
    Finish(connection, std::move(error), reply);
  };
  auto done = [resume = c.Suspend(), again = std::move(again)](Status status) mutable {
    resume([again = std::move(again), status = std::move(status)](RespReply& reply) mutable {
      again(reply, status);
    });
  };
  auto catch_up = [&consensus = c.node.consensus(), done = std::move(done)]() mutable {
    consensus.Post([done = std::move(done)](Replica* replica) mutable {
      if (replica == nullptr)
        return done(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
      replica->Barrier(0, [done = std::move(done)](const Status& status) mutable { done(status); });
    });
  };
  if (delay_ms == 0) return catch_up();
  c.thread.loop().AddTimer(delay_ms, std::move(catch_up));
}

std::optional<Consistency> ReadConsistency(ArgParser& parser) {
  if (parser.Accept("DEFAULT")) return std::nullopt;
  if (parser.Accept("STRONG")) return Consistency::kStrong;
  if (!parser.Accept("EVENTUAL")) parser.Fail("ERR consistency must be eventual or strong");
  return Consistency::kEventual;
}

// MYDIS REQUEST db default|eventual|strong min_revision token [LOGIN] [PLAIN] [RESP2]. When it
// fails, so do all commands up to the next one: no request runs with what an earlier one has left.
void Request(LocalContext& c) {
  ClientSession& session = c.session;
  if (session.requester == nullptr || c.in_transaction)
    return c.reply.Error("ERR MYDIS REQUEST is for HTTP's own use");
  ArgParser parser(c.args, 2);
  const int64_t db = parser.Integer();
  const std::optional<Consistency> consistency = ReadConsistency(parser);
  const int64_t min_revision = parser.Integer();
  if (db < 0 || db >= kDatabases) parser.Fail("ERR DB index is out of range");
  if (min_revision < 0) parser.Fail("ERR min_revision is not a number of 0 or more");
  Preface preface{.min_revision = static_cast<uint64_t>(min_revision),
                  .token = std::string(parser.Next()),
                  .may_log_in = parser.Accept("LOGIN")};
  const bool plain = parser.Accept("PLAIN");
  const int resp_version = parser.Accept("RESP2") ? 2 : 3;
  if (parser.HasNext()) parser.Fail(kErrSyntax);
  if (!parser.error().empty()) return Finish(c.connection, parser.error(), c.reply);
  session.db = static_cast<uint32_t>(db);
  session.record->db = session.db;
  session.resp_version = resp_version;
  session.record->resp_version = resp_version;
  session.read_consistency = consistency;
  session.write_consistency = consistency;
  if (plain) {
    session.attributes = false;
    session.reply_mode = session.answering();
  }
  if (Slowed(c.thread, c.connection, preface.token))
    return BeginAfterBarrier(c, std::move(preface), FailedLogins::kDelayMs);
  const bool may_lag = c.node.consensus().readiness() == Readiness::kReady;
  std::string error = TryBegin(c.connection, c.thread, preface, !may_lag);
  if (error.empty() || error == kErrNoToken || !may_lag)
    return Finish(c.connection, std::move(error), c.reply);
  BeginAfterBarrier(c, std::move(preface), 0);
}

// MYDIS WATCH key revision [key revision ...]: as WATCH, but it is the client who knows the
// revision, from an earlier reply. 0: there must be no such key.
void Watch(LocalContext& c) {
  if (c.session.in_multi) return c.reply.Error("ERR MYDIS WATCH inside MULTI is not allowed");
  if (c.args.size() % 2 != 0)
    return c.reply.Error("ERR wrong number of arguments for 'mydis|watch' command");
  std::vector<WatchedKey> watched;
  for (size_t i = 2; i < c.args.size(); i += 2) {
    const auto revision = ParseInteger(c.args[i + 1]);
    if (!revision || *revision < 0)
      return c.reply.Error("ERR revision is not a number of 0 or more");
    watched.push_back(
        {c.session.db, std::string(c.args[i]),
         *revision == 0 ? Keyspace::kWatchMissing : static_cast<uint64_t>(*revision)});
  }
  for (WatchedKey& key : watched) c.session.watched.push_back(std::move(key));
  c.session.record->watched = static_cast<uint32_t>(c.session.watched.size());
  c.reply.Ok();
}

constexpr KeySpec kWatchKeys[] = {KeyRange(kKeyRO, 2, -1, 2)};

constexpr CommandSpec kSubcommands[] = {
    {.name = "request",
     .arity = -6,
     .effect = Effect::kLocal,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kSkipMonitor |
              kSkipSlowlog | kNoMulti,
     .group = Group::kCluster,
     .since = "0.1.0",
     .complexity = "O(1)",
     .summary = "Begins a request of an HTTP session. Not for clients.",
     .arguments =
         "db:integer <consistency: DEFAULT | EVENTUAL | STRONG> min-revision:integer token [LOGIN] "
         "[PLAIN] [RESP2]",
     .handler = Request},
    {.name = "watch",
     .arity = -4,
     .effect = Effect::kLocal,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kNoMulti,
     .keys = kWatchKeys,
     .group = Group::kTransactions,
     .since = "0.1.0",
     .complexity = "O(1) for every key",
     .summary = "Has EXEC run only if keys are at revisions that the client knows.",
     .arguments = "key revision:integer [key revision:integer ...]",
     .example = "MYDIS WATCH k 0",
     .example_reply = "+OK",
     .handler = Watch,
     .categories = "connection"},
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> RequestFamily() { return kFamily; }

}  // namespace mydis
