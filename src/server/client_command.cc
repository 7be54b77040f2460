// CLIENT: what a client may ask about itself and others, and do to them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/subcommands.h"
#include "server/client_info.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

bool ValidText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

void Id(LocalContext& c) { c.reply.Integer(static_cast<int64_t>(c.session.record->id)); }

void GetName(LocalContext& c) {
  MutexLock guard(c.session.record->mutex);
  if (c.session.record->name.empty()) return c.reply.Null();
  c.reply.Bulk(c.session.record->name);
}

void SetName(LocalContext& c) {
  if (!ValidText(c.args[2])) {
    return c.reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  MutexLock guard(c.session.record->mutex);
  c.session.record->name = c.args[2];
  c.reply.Ok();
}

void SetInfo(LocalContext& c) {
  ClientRecord& record = *c.session.record;
  const std::string option = ToLower(c.args[2]);
  if (option != "lib-name" && option != "lib-ver")
    return c.reply.Error(fmt::format("ERR Unrecognized option '{}'", c.args[2]));
  if (!ValidText(c.args[3])) {
    return c.reply.Error(
        fmt::format("ERR {} cannot contain spaces, newlines or special characters.", c.args[2]));
  }
  MutexLock guard(record.mutex);
  (option == "lib-name" ? record.lib_name : record.lib_version) = c.args[3];
  c.reply.Ok();
}

void Info(LocalContext& c) {
  c.reply.Verbatim("txt", ClientInfo(c.node, *c.session.record) + "\n");
}

// Which clients CLIENT LIST shows or CLIENT KILL ends.
struct Filter {
  std::optional<std::string> type, user, address, local_address;
  std::vector<uint64_t> ids;
  std::optional<uint64_t> max_age_s;

  bool Matches(ClientRecord& client, uint64_t now_ms) const {
    if (type && *type != (client.Subscriptions() > 0 ? "pubsub" : "normal")) return false;
    if (user && *user != client.UserName()) return false;
    if (address && *address != client.address) return false;
    if (local_address && *local_address != client.local_address) return false;
    if (!ids.empty() && std::find(ids.begin(), ids.end(), client.id) == ids.end()) return false;
    return !max_age_s || (now_ms - client.connected_ms) / 1000 >= *max_age_s;
  }
};

bool ParseType(std::string_view word, Filter& filter, Reply& reply) {
  std::string type = ToLower(word);
  if (type == "slave") type = "replica";
  if (type != "normal" && type != "master" && type != "replica" && type != "pubsub") {
    reply.Error(fmt::format("ERR Unknown client type '{}'", word));
    return false;
  }
  filter.type = type;
  return true;
}

bool ParseId(std::string_view word, Filter& filter, Reply& reply) {
  const auto id = ParseInteger(word);
  if (!id || *id < 1) {
    reply.Error("ERR Invalid client ID");
    return false;
  }
  filter.ids.push_back(static_cast<uint64_t>(*id));
  return true;
}

void List(LocalContext& c) {
  Filter filter;
  if (c.args.size() > 2) {
    if (EqualsUpper(c.args[2], "TYPE") && c.args.size() == 4) {
      if (!ParseType(c.args[3], filter, c.reply)) return;
    } else if (EqualsUpper(c.args[2], "ID") && c.args.size() > 3) {
      for (std::string_view word : c.args.subspan(3)) {
        if (!ParseId(word, filter, c.reply)) return;
      }
    } else {
      return c.reply.Error(kErrSyntax);
    }
  }
  std::string text;
  const uint64_t now_ms = c.node.clock().MonotonicUs() / 1000;
  for (const auto& client : c.node.clients().List()) {
    if (filter.Matches(*client, now_ms)) text += ClientInfo(c.node, *client) + "\n";
  }
  c.reply.Verbatim("txt", text);
}

int64_t KillMatching(LocalContext& c, const Filter& filter, bool skip_me) {
  int64_t killed = 0;
  const uint64_t now_ms = c.node.clock().MonotonicUs() / 1000;
  for (const auto& client : c.node.clients().List()) {
    const bool me = client == c.session.record;
    if ((me && skip_me) || !filter.Matches(*client, now_ms)) continue;
    ++killed;
    if (me) {
      c.connection.CloseAfterReply();
    } else {
      c.node.threads()[client->thread]->WithConnection(client->id,
                                                       [](Connection& other) { other.Kill(); });
    }
  }
  return killed;
}

void Kill(LocalContext& c) {
  Filter filter;
  if (c.args.size() == 3) {
    filter.address = std::string(c.args[2]);
    if (KillMatching(c, filter, false) == 0) return c.reply.Error("ERR No such client");
    return c.reply.Ok();
  }
  bool skip_me = true;
  if (c.args.size() % 2 != 0) return c.reply.Error(kErrSyntax);
  for (size_t i = 2; i < c.args.size(); i += 2) {
    const std::string_view value = c.args[i + 1];
    const std::string option = ToUpper(c.args[i]);
    if (option == "ID") {
      if (const auto id = ParseInteger(value); !id || *id < 1)
        return c.reply.Error("ERR client-id should be greater than 0");
      if (!ParseId(value, filter, c.reply)) return;
    } else if (option == "TYPE") {
      if (!ParseType(value, filter, c.reply)) return;
    } else if (option == "ADDR") {
      filter.address = std::string(value);
    } else if (option == "LADDR") {
      filter.local_address = std::string(value);
    } else if (option == "USER") {
      if (c.Read().users.Find(value) == nullptr)
        return c.reply.Error(fmt::format("ERR No such user '{}'", value));
      filter.user = std::string(value);
    } else if (option == "SKIPME") {
      const std::string yes = ToLower(value);
      if (yes != "yes" && yes != "no") return c.reply.Error(kErrSyntax);
      skip_me = yes == "yes";
    } else if (option == "MAXAGE") {
      const auto age = ParseInteger(value);
      if (!age) return c.reply.Error("ERR maxage is not an integer or out of range");
      if (*age <= 0) return c.reply.Error("ERR maxage should be greater than 0");
      filter.max_age_s = static_cast<uint64_t>(*age);
    } else {
      return c.reply.Error(kErrSyntax);
    }
  }
  c.reply.Integer(KillMatching(c, filter, skip_me));
}

void ReplyMode(LocalContext& c) {
  using Mode = ClientSession::ReplyMode;
  const std::string mode = ToLower(c.args[2]);
  if (mode == "on") {
    c.session.reply_mode = c.session.answering();
    return c.reply.Ok();
  }
  if (mode == "off") {
    c.session.reply_mode = Mode::kOff;
  } else if (mode == "skip") {
    // Neither this command nor the next is answered.
    if (c.session.reply_mode != Mode::kOff) c.session.reply_mode = Mode::kSkipNext;
  } else {
    c.reply.Error(kErrSyntax);
  }
}

// CLIENT ATTRIBUTES ON|OFF: each reply has the state's revision before it, as an attribute.
void Attributes(LocalContext& c) {
  const std::string mode = ToLower(c.args[2]);
  if (mode != "on" && mode != "off") return c.reply.Error(kErrSyntax);
  if (mode == "on" && c.session.resp_version < 3)
    return c.reply.Error("ERR attributes need RESP3: say HELLO 3 first");
  c.session.attributes = mode == "on";
  using Mode = ClientSession::ReplyMode;
  if (c.session.reply_mode == Mode::kOn || c.session.reply_mode == Mode::kWithAttributes)
    c.session.reply_mode = c.session.answering();
  c.reply.Ok();
}

void NoEvict(LocalContext& c) {
  const std::string mode = ToLower(c.args[2]);
  if (mode != "on" && mode != "off") return c.reply.Error(kErrSyntax);
  c.session.record->no_evict = mode == "on";
  c.reply.Ok();
}

void NoTouch(LocalContext& c) {
  const std::string mode = ToLower(c.args[2]);
  if (mode != "on" && mode != "off") return c.reply.Error(kErrSyntax);
  c.session.record->no_touch = mode == "on";
  c.reply.Ok();
}

void Pause(LocalContext& c) {
  bool writes_only = false;
  const auto timeout = ParseInteger(c.args[2]);
  if (!timeout) return c.reply.Error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return c.reply.Error("ERR timeout is negative");
  if (c.args.size() == 4) {
    if (EqualsUpper(c.args[3], "WRITE")) {
      writes_only = true;
    } else if (!EqualsUpper(c.args[3], "ALL")) {
      return c.reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  } else if (c.args.size() > 4) {
    return c.reply.Error(kErrSyntax);
  }
  c.node.Pause(c.node.clock().MonotonicUs() / 1000 + static_cast<uint64_t>(*timeout), writes_only);
  c.reply.Ok();
}

void Unpause(LocalContext& c) {
  c.node.Unpause();
  c.reply.Ok();
}

void Unblock(LocalContext& c) {
  if (c.args.size() > 4) return c.reply.Error(kErrSyntax);
  const bool with_error = c.args.size() == 4 && EqualsUpper(c.args[3], "ERROR");
  if (c.args.size() == 4 && !with_error && !EqualsUpper(c.args[3], "TIMEOUT"))
    return c.reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  const auto id = ParseInteger(c.args[2]);
  if (!id) return c.reply.Error(kErrNotInteger);
  const auto client = c.node.clients().Find(static_cast<uint64_t>(*id));
  if (client == nullptr || !client->blocked) return c.reply.Integer(0);
  IoThread& thread = *c.node.threads()[client->thread];
  if (c.in_transaction) {
    // It must answer at once: the truth is known a moment later.
    thread.WithConnection(
        client->id, [with_error](Connection& other) { other.Unblock(with_error, [](bool) {}); });
    return c.reply.Integer(1);
  }
  const auto resume = c.Suspend();
  thread.FindConnection(client->id, [resume, with_error](Connection* other) {
    const auto answer = [resume](bool unblocked) {
      resume([unblocked](Reply& reply) { reply.Integer(unblocked ? 1 : 0); });
    };
    if (other == nullptr) return answer(false);
    other->Unblock(with_error, answer);
  });
}

std::string_view NameOf(const std::optional<Consistency>& wanted, Consistency otherwise) {
  return wanted.value_or(otherwise) == Consistency::kStrong ? "strong" : "eventual";
}

// CLIENT CONSISTENCY [READ eventual|strong] [WRITE eventual|strong]: sets what is named; shows
// both.
void SetConsistency(LocalContext& c) {
  std::optional<Consistency> read, write;
  if (c.args.size() % 2 != 0) return c.reply.Error(kErrSyntax);
  for (size_t i = 2; i < c.args.size(); i += 2) {
    std::optional<Consistency> value;
    if (EqualsUpper(c.args[i + 1], "STRONG")) value = Consistency::kStrong;
    if (EqualsUpper(c.args[i + 1], "EVENTUAL")) value = Consistency::kEventual;
    if (!value) return c.reply.Error("ERR consistency must be eventual or strong");
    if (EqualsUpper(c.args[i], "READ")) {
      read = value;
    } else if (EqualsUpper(c.args[i], "WRITE")) {
      write = value;
    } else {
      return c.reply.Error(kErrSyntax);
    }
  }
  if (c.args.size() > 2) {
    if (read) c.session.read_consistency = read;
    if (write) c.session.write_consistency = write;
    return c.reply.Ok();
  }
  c.reply.MapHeader(2);
  c.reply.Bulk("read");
  c.reply.Bulk(NameOf(c.session.read_consistency, c.node.options().read_consistency));
  c.reply.Bulk("write");
  c.reply.Bulk(NameOf(c.session.write_consistency, c.node.options().write_consistency));
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "ATTRIBUTES (ON|OFF)",
      "    Whether each reply has the revision before it, as an attribute (RESP3).",
      "CONSISTENCY [READ eventual|strong] [WRITE eventual|strong]",
      "    What this connection's commands promise; without options, show it.",
      "GETNAME",
      "    The name of this connection.",
      "ID",
      "    The number of this connection.",
      "INFO",
      "    Facts about this connection.",
      "KILL <ip:port> | <option> <value> [...]",
      "    End connections. Options: ID, TYPE, USER, ADDR, LADDR, SKIPME, MAXAGE.",
      "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <id> [<id> ...]]",
      "    Facts about connections.",
      "NO-EVICT (ON|OFF)",
      "    Protect this connection from client eviction.",
      "NO-TOUCH (ON|OFF)",
      "    Do not count this connection's reads as uses of the keys.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Hold commands back for some milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Whether this connection is answered.",
      "SETINFO <option> <value>",
      "    Say which library the client uses. Options: LIB-NAME, LIB-VER.",
      "SETNAME <name>",
      "    Name this connection.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    Wake a client that waits for a key.",
      "UNPAUSE",
      "    End a pause.",
  };
  ReplyHelp("CLIENT", kLines, c.reply);
}

constexpr std::string_view kChanging = "nondeterministic_output";
constexpr std::string_view kEverywhere = "request_policy:all_nodes,response_policy:all_succeeded";

constexpr Subcommands kSub{.flags = kNoScript | kLoading | kStale,
                           .group = Group::kConnection,
                           .since = "5.0.0",
                           .complexity = "O(1)"};

constexpr std::string_view kKillArguments =
    "<filter: old-format/ip:port | <new-format: [ID client-id:integer@2.8.12] | [TYPE "
    "<client-type: 'normal' | 'master'@3.2.0 | 'slave' | 'replica'@5.0.0 | 'pubsub'>]@2.8.12 | "
    "[USER username] | [ADDR addr/ip:port] | [LADDR laddr/ip:port@6.2.0] | [SKIPME <skipme: YES | "
    "NO>]> [...]>";
constexpr std::string_view kListArguments =
    "[TYPE <client-type: 'normal' | 'master' | 'replica' | 'pubsub'>]@5.0.0 [ID "
    "client-id:integer@6.2.0 [client-id ...]]";

constexpr CommandSpec kSubcommands[] = {
    kSub("attributes", 3, "Whether each reply comes with the revision that it belongs to.",
         "<enabled: ON | OFF>", Attributes, {.since = "7.2.0"}),
    kSub("consistency", -2, "What the connection's reads and writes promise.",
         "[READ <EVENTUAL | STRONG>] [WRITE <EVENTUAL | STRONG>]", SetConsistency,
         {.since = "7.2.0"}),
    kSub("getname", 2, "The name of the connection.", "", GetName, {.since = "2.6.9"}),
    kSub.Help(Help),
    kSub("id", 2, "The number of the connection.", "", Id),
    kSub("info", 2, "Facts about the connection.", "", Info, {.since = "6.2.0", .tips = kChanging}),
    kSub("kill", -3, "Ends connections.", kKillArguments, Kill,
         {.flags = kAdmin | kDangerous | kAudited, .since = "2.4.0"}),
    kSub("list", -2, "Facts about all connections.", kListArguments, List,
         {.flags = kAdmin | kDangerous, .since = "2.4.0", .tips = kChanging}),
    kSub("no-evict", 3, "Protects the connection from client eviction.", "<enabled: ON | OFF>",
         NoEvict, {.flags = kAdmin, .since = "7.0.0"}),
    kSub("no-touch", 3, "Keeps the connection's reads from counting as uses of the keys.",
         "<enabled: ON | OFF>", NoTouch, {.since = "7.2.0"}),
    kSub("pause", -3, "Holds commands back for a while.",
         "timeout:integer [mode: WRITE | ALL]@6.2.0", Pause,
         {.flags = kAdmin | kAudited, .since = "3.0.0"}),
    kSub("reply", 3, "Whether the connection is answered.", "<action: ON | OFF | SKIP>", ReplyMode,
         {.since = "3.2.0"}),
    kSub("setinfo", 4, "Says which library the client uses.",
         "<attr: 'lib-name' libname | 'lib-ver' libver>", SetInfo,
         {.since = "7.2.0", .tips = kEverywhere}),
    kSub("setname", 3, "Names the connection.", "connection-name", SetName,
         {.since = "2.6.9", .tips = kEverywhere}),
    kSub("unblock", -3, "Wakes a client that waits for a key.",
         "client-id:integer [unblock-type: TIMEOUT | ERROR]", Unblock,
         {.flags = kAdmin | kAudited}),
    kSub("unpause", 2, "Ends a pause.", "", Unpause,
         {.flags = kAdmin | kAudited, .since = "6.2.0"}),
};

constexpr CommandSpec kFamily[] = {
    {.name = "client",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kConnection,
     .since = "2.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about connections.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> ClientFamily() { return kFamily; }

}  // namespace mydis
