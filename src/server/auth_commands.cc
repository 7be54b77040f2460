#include "server/auth_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "commands/arg_parser.h"
#include "commands/tokens.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"
#include "server/password.h"
#include "server/version.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNoPassword =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure "
    "your configuration is correct?";
constexpr std::string_view kErrWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";
constexpr std::string_view kErrWrongToken =
    "WRONGPASS invalid token: it is mistyped, was revoked, or its time is up.";
constexpr std::string_view kErrSlowed =
    "ERR too many wrong passwords came from this address: log in outside of a transaction";
constexpr std::string_view kErrHelloNeedsLogin =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
    "protocol version at the same time";

// What the client said about itself.
struct Login {
  std::string command;  // As it was written.
  std::string user;
  std::string password;
  bool password_alone = false;  // AUTH password.
};

// Empty if the connection is the user's now.
std::string_view TryLogin(Connection& connection, const State& state, const Login& login) {
  if (login.user == kDefaultUser) {
    if (const auto user = TokensUser(state, login.password)) {
      connection.BecomeUser(*user);
      return {};
    }
  }
  const auto user = state.users.Find(login.user);
  if (login.password_alone && user->no_password)
    return NameInToken(login.password) ? kErrWrongToken : kErrNoPassword;
  if (user == nullptr || !MayLogIn(*user, login.password)) return kErrWrongPassword;
  connection.BecomeUser(*user);
  return {};
}

void NoteFailure(IoThread& thread, Connection& connection, const Login& login,
                 std::string_view error) {
  if (error != kErrWrongPassword && error != kErrWrongToken) return;
  using Context = AclLogEntry::Context;
  connection.NoteRefusal(AclLogEntry::Reason::kAuth,
                         connection.session().in_multi ? Context::kMulti : Context::kTopLevel,
                         login.command, login.user);
  if (!NameInToken(login.password)) NotePasswordFailed(thread, connection);
}

// Calls `again` when this instance has caught up with the others, if it can.
void CatchUp(ConsensusDriver& consensus, LocalContext::Resume resume, LocalContext::Answer again) {
  if (consensus.readiness() != Readiness::kReady) return resume(std::move(again));
  consensus.Post([resume, again = std::move(again)](Replica* replica) mutable {
    if (replica == nullptr) return resume(std::move(again));
    replica->Barrier(
        0, [resume, again = std::move(again)](const Status&) mutable { resume(std::move(again)); });
  });
}

// Calls `done` with the reply and the error, if there is one. Who made the user may have done so
// through another instance a moment ago: before a refusal this instance catches up.
template <typename Done>
void LogIn(LocalContext& c, Login login, Done done) {
  const bool slowed = PasswordsSlowed(c.thread, c.connection, login.password);
  if (slowed && c.in_transaction) return done(c.reply, kErrSlowed);
  if (!slowed) {
    const std::string_view error = TryLogin(c.connection, c.Read(), login);
    const bool may_lag = c.node.consensus().readiness() == Readiness::kReady && !c.in_transaction;
    if (error.empty() || !may_lag) {
      NoteFailure(c.thread, c.connection, login, error);
      return done(c.reply, error);
    }
  }
  auto again = [&connection = c.connection, &thread = c.thread, login = std::move(login),
                done = std::move(done)](RespReply& reply) mutable {
    const std::string_view last = TryLogin(connection, thread.Read(), login);
    NoteFailure(thread, connection, login, last);
    done(reply, last);
  };
  ConsensusDriver& consensus = c.node.consensus();
  if (!slowed) return CatchUp(consensus, c.Suspend(), std::move(again));
  c.thread.loop().AddTimer(FailedLogins::kDelayMs,
                           [&consensus, resume = c.Suspend(), again = std::move(again)]() mutable {
                             CatchUp(consensus, resume, std::move(again));
                           });
}

// Printable characters without spaces, as CLIENT SETNAME wants them.
bool ValidName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char ch) { return ch >= '!' && ch <= '~'; });
}

void ReplyHello(Node& node, const ClientSession& session, Reply& reply) {
  const bool leads = node.consensus().status()->role == RaftRole::kLeader;
  reply.MapHeader(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(kRedisVersion);
  reply.Bulk("proto");
  reply.Integer(session.resp_version);
  reply.Bulk("id");
  reply.Integer(static_cast<int64_t>(session.record->id));
  reply.Bulk("mode");
  reply.Bulk("standalone");
  reply.Bulk("role");
  reply.Bulk(leads ? "master" : "replica");
  reply.Bulk("modules");
  reply.ArrayHeader(0);
}

struct HelloRequest {
  int version = 2;
  std::optional<std::string> name;
  std::optional<Login> login;
};

// False: an error has been sent.
bool ReadHello(LocalContext& c, HelloRequest* hello) {
  hello->version = c.session.resp_version;
  size_t next = 1;
  if (c.args.size() > 1) {
    const auto wanted = ParseInteger(c.args[next++]);
    if (!wanted || *wanted < 2 || *wanted > 3) {
      c.reply.Error(wanted ? "NOPROTO unsupported protocol version"
                           : "ERR Protocol version is not an integer or out of range");
      return false;
    }
    hello->version = static_cast<int>(*wanted);
  }
  while (next < c.args.size()) {
    const size_t left = c.args.size() - next - 1;
    if (EqualsUpper(c.args[next], "AUTH") && left >= 2) {
      hello->login = Login{.command = std::string(c.args[0]),
                           .user = std::string(c.args[next + 1]),
                           .password = std::string(c.args[next + 2])};
      next += 3;
    } else if (EqualsUpper(c.args[next], "SETNAME") && left >= 1) {
      hello->name = c.args[next + 1];
      if (!ValidName(*hello->name)) {
        c.reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
        return false;
      }
      next += 2;
    } else {
      c.reply.Error(
          fmt::format("ERR Syntax error in HELLO option '{}'", c.args[next].substr(0, 128)));
      return false;
    }
  }
  return true;
}

void FinishHello(IoThread& thread, Connection& connection, const HelloRequest& hello,
                 RespReply& reply) {
  ClientSession& session = connection.session();
  if (!session.authenticated) return reply.Error(kErrHelloNeedsLogin);
  if (hello.name) {
    MutexLock guard(session.record->mutex);
    session.record->name = *hello.name;
  }
  // RESP2 has no pushes.
  if (hello.version < 3) thread.watches().EndAll(connection);
  session.resp_version = hello.version;
  session.record->resp_version = hello.version;
  if (hello.version < 3 && session.attributes) {
    session.attributes = false;
    if (session.reply_mode == ClientSession::ReplyMode::kWithAttributes)
      session.reply_mode = session.answering();
  }
  reply.set_version(hello.version);
  ReplyHello(thread.node(), session, reply);
}

}  // namespace

std::shared_ptr<const AclUser> TokensUser(const State& state, std::string_view token) {
  const auto name = NameInToken(token);
  auto user = name ? state.users.Find(fmt::format("{}{}", kTokenUserPrefix, *name)) : nullptr;
  return user != nullptr && MayLogIn(*user, token) ? user : nullptr;
}

bool PasswordsSlowed(IoThread& thread, Connection& connection, std::string_view password) {
  const std::string& client = connection.session().record->address;
  return !NameInToken(password) && thread.node().failed_logins().Slowed(client, thread.now_ms());
}

void NotePasswordFailed(IoThread& thread, Connection& connection) {
  thread.node().failed_logins().Add(connection.session().record->address, thread.now_ms());
}

void AuthCommand(LocalContext& c) {
  if (c.args.size() > 3) return c.reply.Error(kErrSyntax);
  const bool alone = c.args.size() == 2;
  Login login{.command = std::string(c.args[0]),
              .user = std::string(alone ? kDefaultUser : c.args[1]),
              .password = std::string(c.args.back()),
              .password_alone = alone};
  LogIn(c, std::move(login), [](RespReply& reply, std::string_view error) {
    error.empty() ? reply.Ok() : reply.Error(error);
  });
}

void HelloCommand(LocalContext& c) {
  HelloRequest hello;
  if (!ReadHello(c, &hello)) return;
  if (!hello.login) return FinishHello(c.thread, c.connection, hello, c.reply);
  Login login = *std::move(hello.login);
  LogIn(c, std::move(login),
        [&thread = c.thread, &connection = c.connection, hello = std::move(hello)](
            RespReply& reply, std::string_view error) {
          error.empty() ? FinishHello(thread, connection, hello, reply) : reply.Error(error);
        });
}

}  // namespace mydis
