// PING, ECHO, SELECT, HELLO, AUTH, QUIT, RESET: commands about the connection itself. CLIENT is in
// client_command.cc.
#include <fmt/format.h>

#include <algorithm>

#include "commands/arg_parser.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/version.h"

namespace mydis {
namespace {

void Ping(LocalContext& c) {
  if (c.args.size() > 2) return c.reply.Error("ERR wrong number of arguments for 'ping' command");
  if (c.session.resp_version == 2 && c.session.subscribed()) {
    // In the form of a message, for clients that expect nothing else.
    c.reply.ArrayHeader(2);
    c.reply.Bulk("pong");
    return c.reply.Bulk(c.args.size() == 2 ? c.args[1] : "");
  }
  if (c.args.size() == 2) return c.reply.Bulk(c.args[1]);
  c.reply.Simple("PONG");
}

void Echo(LocalContext& c) { c.reply.Bulk(c.args[1]); }

void Select(LocalContext& c) {
  const auto index = ParseInteger(c.args[1]);
  if (!index) return c.reply.Error(kErrNotInteger);
  if (*index < INT32_MIN || *index > INT32_MAX) {
    return c.reply.Error(
        "ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (*index < 0 || *index >= kDatabases) return c.reply.Error("ERR DB index is out of range");
  c.session.db = static_cast<uint32_t>(*index);
  c.session.record->db = c.session.db;
  c.reply.Ok();
}

void Quit(LocalContext& c) {
  c.reply.Ok();
  c.connection.CloseAfterReply();
}

void Reset(LocalContext& c) {
  c.connection.ResetTransaction();
  c.thread.listeners().Forget(c.connection);
  c.session.db = 0;
  c.session.record->db = 0;
  c.session.resp_version = 2;
  c.session.record->resp_version = 2;
  c.session.read_consistency.reset();
  c.session.write_consistency.reset();
  c.session.reply_mode = Session::ReplyMode::kOn;
  {
    MutexLock guard(c.session.record->mutex);
    c.session.record->name.clear();
  }
  c.session.record->no_evict = false;
  c.session.record->no_touch = false;
  c.reply.set_version(2);
  c.reply.Simple("RESET");
}

constexpr std::string_view kNoPassword =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure "
    "your configuration is correct?";
constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

// There is one user, "default", who needs no password.
bool Authenticate(LocalContext& c, std::string_view user) {
  if (user == "default") return true;
  c.reply.Error(kWrongPassword);
  return false;
}

void Auth(LocalContext& c) {
  if (c.args.size() > 3) return c.reply.Error(kErrSyntax);
  if (c.args.size() == 2) return c.reply.Error(kNoPassword);
  if (Authenticate(c, c.args[1])) c.reply.Ok();
}

// Printable characters without spaces, as CLIENT SETNAME wants them.
bool ValidName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char ch) { return ch >= '!' && ch <= '~'; });
}

void HelloReply(LocalContext& c) {
  const auto status = c.node.consensus().status();
  const bool leads = status->role == RaftRole::kLeader;
  c.reply.MapHeader(7);
  c.reply.Bulk("server");
  c.reply.Bulk("redis");
  c.reply.Bulk("version");
  c.reply.Bulk(kRedisVersion);
  c.reply.Bulk("proto");
  c.reply.Integer(c.session.resp_version);
  c.reply.Bulk("id");
  c.reply.Integer(static_cast<int64_t>(c.session.record->id));
  c.reply.Bulk("mode");
  c.reply.Bulk("standalone");
  c.reply.Bulk("role");
  c.reply.Bulk(leads ? "master" : "replica");
  c.reply.Bulk("modules");
  c.reply.ArrayHeader(0);
}

void Hello(LocalContext& c) {
  int version = c.session.resp_version;
  size_t next = 1;
  if (c.args.size() > 1) {
    const auto wanted = ParseInteger(c.args[next++]);
    if (!wanted) return c.reply.Error("ERR Protocol version is not an integer or out of range");
    if (*wanted < 2 || *wanted > 3) return c.reply.Error("NOPROTO unsupported protocol version");
    version = static_cast<int>(*wanted);
  }
  std::optional<std::string_view> name;
  std::optional<std::string_view> user;
  while (next < c.args.size()) {
    const size_t left = c.args.size() - next - 1;
    if (EqualsUpper(c.args[next], "AUTH") && left >= 2) {
      user = c.args[next + 1];
      next += 3;
    } else if (EqualsUpper(c.args[next], "SETNAME") && left >= 1) {
      name = c.args[next + 1];
      if (!ValidName(*name)) {
        return c.reply.Error(
            "ERR Client names cannot contain spaces, newlines or special characters.");
      }
      next += 2;
    } else {
      return c.reply.Error(
          fmt::format("ERR Syntax error in HELLO option '{}'", c.args[next].substr(0, 128)));
    }
  }
  if (user && !Authenticate(c, *user)) return;
  if (name) {
    MutexLock guard(c.session.record->mutex);
    c.session.record->name = *name;
  }
  c.session.resp_version = version;
  c.session.record->resp_version = version;
  c.reply.set_version(version);
  HelloReply(c);
}

constexpr uint32_t kFlags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr CommandSpec kFamily[] = {
    {.name = "auth",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kConnection,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of passwords defined for the user",
     .summary = "Says who the client is.",
     .arguments = "[username@6.0.0] password",
     .handler = Auth,
     .history = "6.0.0: Added ACL style (username and password)."},
    {.name = "echo",
     .arity = 2,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kFast,
     .group = Group::kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Gives back what it is given.",
     .arguments = "message",
     .example = "ECHO hello",
     .example_reply = "\"hello\"",
     .handler = Echo},
    {.name = "hello",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Chooses the protocol's version and describes the server.",
     .arguments = "[arguments: protover:integer [AUTH username password] [SETNAME clientname]]",
     .handler = Hello,
     .history =
         "6.2.0: `protover` made optional; when called without arguments the command reports "
         "the current connection's context."},
    {.name = "ping",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kFast,
     .group = Group::kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers, to show that the connection is alive.",
     .arguments = "[message]",
     .example = "PING",
     .example_reply = "+PONG",
     .handler = Ping,
     .tips = "request_policy:all_shards,response_policy:all_succeeded"},
    {.name = "quit",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Closes the connection.",
     .arguments = "",
     .handler = Quit,
     .deprecated = "7.2.0|just closing the connection"},
    {.name = "reset",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kFlags,
     .group = Group::kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Makes the connection as good as new.",
     .arguments = "",
     .example = "RESET",
     .example_reply = "+RESET",
     .handler = Reset},
    {.name = "select",
     .arity = 2,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kFast,
     .group = Group::kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Chooses the database that the following commands use.",
     .arguments = "index",
     .example = "SELECT 1",
     .example_reply = "+OK",
     .handler = Select},
};

}  // namespace

std::span<const CommandSpec> ConnectionFamily() { return kFamily; }

}  // namespace mydis
