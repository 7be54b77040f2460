// The subcommands of ACL about the session, the commands and this instance. Those about the users
// are in commands/acl_family.cc.
#include <fmt/format.h>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/introspection.h"
#include "commands/subcommands.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/password.h"

namespace mydis {
namespace {

constexpr int64_t kDefaultPasswordBits = 256;
constexpr int64_t kMaxPasswordBits = 4096;
constexpr int64_t kDefaultLogEntries = 10;

void WhoAmI(LocalContext& c) { c.reply.Bulk(c.session.user); }

// More words than the subcommand takes, in Redis's words.
bool RejectsWords(LocalContext& c, size_t most) {
  if (c.args.size() <= most) return false;
  c.reply.Error(fmt::format(
      "ERR unknown subcommand or wrong number of arguments for '{}'. Try ACL HELP.", c.args[1]));
  return true;
}

void Cat(LocalContext& c) {
  if (RejectsWords(c, 3)) return;
  if (c.args.size() == 2) {
    c.reply.ArrayHeader(CategoryNames().size());
    for (std::string_view name : CategoryNames()) c.reply.Bulk(name);
    return;
  }
  const auto category = CategoryBit(c.args[2]);
  if (!category)
    return c.reply.Error(fmt::format("ERR Unknown category '{}'", c.args[2].substr(0, 128)));
  const size_t array = c.reply.OpenArray();
  size_t count = 0;
  const auto add = [&](const CommandSpec& spec) {
    if ((CategoriesOf(spec) & *category) == 0) return;
    c.reply.Bulk(c.node.table().FullName(spec));
    ++count;
  };
  for (const CommandSpec* spec : c.node.table().all()) {
    add(*spec);
    for (const CommandSpec& sub : spec->subcommands) add(sub);
  }
  c.reply.CloseArray(array, count);
}

void GenPass(LocalContext& c) {
  if (RejectsWords(c, 3)) return;
  int64_t bits = kDefaultPasswordBits;
  if (c.args.size() == 3) {
    const auto wanted = ParseInteger(c.args[2]);
    if (!wanted) return c.reply.Error(kErrNotInteger);
    bits = *wanted;
  }
  if (bits <= 0 || bits > kMaxPasswordBits) {
    return c.reply.Error(
        fmt::format("ERR ACL GENPASS argument must be the number of bits for the output password, "
                    "a positive number up to {}",
                    kMaxPasswordBits));
  }
  c.reply.Bulk(RandomHexDigits(static_cast<size_t>(bits + 3) / 4));
}

std::string_view NameOf(AclLogEntry::Context context) {
  constexpr std::string_view kNames[] = {"toplevel", "multi", "lua"};
  return kNames[static_cast<size_t>(context)];
}

void ReplyEntry(const AclLogEntry& entry, uint64_t now_ms, Reply& reply) {
  const auto integer = [&reply](std::string_view name, uint64_t value) {
    reply.Bulk(name);
    reply.Integer(static_cast<int64_t>(value));
  };
  const auto text = [&reply](std::string_view name, std::string_view value) {
    reply.Bulk(name);
    reply.Bulk(value);
  };
  reply.MapHeader(10);
  integer("count", entry.count);
  text("reason", NameOf(entry.reason));
  text("context", NameOf(entry.context));
  text("object", entry.object);
  text("username", entry.user);
  reply.Bulk("age-seconds");
  reply.Double(static_cast<double>(now_ms - std::min(now_ms, entry.updated_ms)) / 1000);
  text("client-info", entry.client);
  integer("entry-id", entry.id);
  integer("timestamp-created", entry.created_ms);
  integer("timestamp-last-updated", entry.updated_ms);
}

void Log(LocalContext& c) {
  if (RejectsWords(c, 3)) return;
  int64_t count = kDefaultLogEntries;
  if (c.args.size() == 3) {
    if (EqualsIgnoreCase(c.args[2], "reset")) {
      c.node.acl_log().Reset();
      return c.reply.Ok();
    }
    const auto wanted = ParseInteger(c.args[2]);
    if (!wanted) return c.reply.Error(kErrNotInteger);
    count = std::max<int64_t>(*wanted, 0);
  }
  const auto entries = c.node.acl_log().Newest(static_cast<size_t>(count));
  const uint64_t now_ms = c.node.clock().WallMs();
  c.reply.ArrayHeader(entries.size());
  for (const AclLogEntry& entry : entries) ReplyEntry(entry, now_ms, c.reply);
}

// There is nothing to save or load: users are part of the data.
void NoFile(LocalContext& c) {
  c.reply.Error(
      "ERR This Redis instance is not configured to use an ACL file. Users are part of the "
      "replicated data, which keeps them on every instance: ACL SETUSER is all that is needed.");
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "CAT [<category>]",
      "    The commands of a category, or all categories.",
      "DELUSER <username> [<username> ...]",
      "    Remove users and close their connections.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Whether a user may run a command, without running it.",
      "GENPASS [<bits>]",
      "    A password that nobody can guess, of 256 bits or as many as wanted.",
      "GETUSER <username>",
      "    The rules of a user.",
      "LIST",
      "    All users with their rules.",
      "LOAD",
      "    Refused: users are part of the replicated data.",
      "LOG [<count> | RESET]",
      "    What clients of this instance were refused lately.",
      "SAVE",
      "    Refused: users are part of the replicated data.",
      "SETUSER <username> <rule> [<rule> ...]",
      "    Make a user, or change what it may do.",
      "USERS",
      "    The names of all users.",
      "WHOAMI",
      "    The user of this connection.",
  };
  ReplyHelp("ACL", kLines, c.reply);
}

constexpr std::string_view kEverywhere = "request_policy:all_nodes,response_policy:all_succeeded";

constexpr Subcommands kSub{.flags = kNoScript | kLoading | kStale,
                           .group = Group::kServer,
                           .since = "6.0.0",
                           .complexity = "O(1)"};
constexpr Subcommands kAdminSub{.flags = kAdmin | kNoScript | kLoading | kStale,
                                .group = Group::kServer,
                                .since = "6.0.0",
                                .complexity = "O(N) where N is the number of entries shown"};

constexpr CommandSpec kSubcommands[] = {
    kSub("cat", -2, "The categories, or the commands of one.", "[category]", Cat),
    kSub("genpass", -2, "A password that nobody can guess.", "[bits:integer]", GenPass),
    kSub.Help(Help),
    kAdminSub("load", 2, "Refused: users are part of the data.", "", NoFile),
    kAdminSub("log", -2, "What clients of this instance were refused lately.",
              "[operation: count | RESET]", Log),
    kAdminSub("save", 2, "Refused: users are part of the data.", "", NoFile, {.tips = kEverywhere}),
    kSub("whoami", 2, "The user of this connection.", "", WhoAmI),
};

constexpr CommandSpec kFamily[] = {
    {.name = "acl",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kServer,
     .since = "6.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about users and their rights.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> AclLocalFamily() { return kFamily; }

}  // namespace mydis
