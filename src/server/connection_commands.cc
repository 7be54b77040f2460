// PING, ECHO, SELECT, QUIT, RESET: commands about the connection itself. AUTH and HELLO are in
// auth_commands.cc, CLIENT is in client_command.cc.
#include <fmt/format.h>

#include <algorithm>

#include "commands/arg_parser.h"
#include "server/auth_commands.h"
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
  c.connection.BecomeDefaultUser();
  c.session.db = 0;
  c.session.record->db = 0;
  c.session.resp_version = 2;
  c.session.record->resp_version = 2;
  c.session.read_consistency.reset();
  c.session.write_consistency.reset();
  c.session.attributes = false;
  c.session.reply_mode = ClientSession::ReplyMode::kOn;
  {
    MutexLock guard(c.session.record->mutex);
    c.session.record->name.clear();
  }
  c.session.record->no_evict = false;
  c.session.record->no_touch = false;
  c.reply.set_version(2);
  c.reply.Simple("RESET");
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
     .handler = AuthCommand,
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
     .handler = HelloCommand,
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
