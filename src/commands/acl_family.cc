#include "commands/acl_family.h"

#include <fmt/format.h>

#include "commands/acl_rights.h"
#include "commands/acl_rules.h"
#include "commands/subcommands.h"

namespace mydis {
namespace {

void TellUsersChanged(State& state) {
  if (state.messages != nullptr) state.messages->OnUsersChanged();
}

// ACL SETUSER name rule …: submitted with every password as its hash.
void SetUser(WriteContext& c) {
  const std::string_view name = c.args[2];
  if (HasAclSpace(name)) return c.reply.Error(kErrUserName);
  const bool all_channels = c.state.settings.new_users_all_channels();
  const auto known = c.state.users.Find(name);
  AclUser user = known != nullptr ? *known : NewAclUser(name, all_channels);
  if (known == nullptr) user.created_ms = c.now_ms;
  const Args rules = c.args.subspan(3);
  const auto error = ApplyAclRules(CommandsOf(c.state), all_channels, rules, rules, user);
  if (error) return c.reply.Error(*error);
  if (known == nullptr || *known != user) {
    c.state.users.Put(std::move(user));
    TellUsersChanged(c.state);
  }
  c.reply.Ok();
}

void DelUser(WriteContext& c) {
  for (std::string_view name : c.args.subspan(2)) {
    if (name == kDefaultUser) return c.reply.Error("ERR The 'default' user cannot be removed");
  }
  int64_t removed = 0;
  for (std::string_view name : c.args.subspan(2)) removed += c.state.users.Remove(name);
  if (removed > 0) TellUsersChanged(c.state);
  c.reply.Integer(removed);
}

void ReplySelector(const AclSelector& selector, Reply& reply) {
  reply.Bulk("commands");
  reply.Bulk(selector.DescribeCommands());
  reply.Bulk("keys");
  reply.Bulk(selector.DescribeKeys());
  reply.Bulk("channels");
  reply.Bulk(selector.DescribeChannels());
}

void GetUser(ReadContext& c) {
  const auto user = c.state.users.Find(c.args[2]);
  if (user == nullptr) return c.reply.Null();
  c.reply.MapHeader(6);
  c.reply.Bulk("flags");
  c.reply.SetHeader(user->no_password ? 3 : 2);
  c.reply.Bulk(user->enabled ? "on" : "off");
  if (user->no_password) c.reply.Bulk("nopass");
  c.reply.Bulk(user->sanitize_payload ? "sanitize-payload" : "skip-sanitize-payload");
  c.reply.Bulk("passwords");
  c.reply.ArrayHeader(user->passwords.size());
  for (const std::string& hash : user->passwords) c.reply.Bulk(hash);
  ReplySelector(user->root, c.reply);
  c.reply.Bulk("selectors");
  c.reply.ArrayHeader(user->selectors.size());
  for (const AclSelector& selector : user->selectors) {
    c.reply.MapHeader(3);
    ReplySelector(selector, c.reply);
  }
}

void List(ReadContext& c) {
  const AclUsers::Users& users = c.state.users.all();
  c.reply.ArrayHeader(users.size());
  for (const auto& [name, user] : users)
    c.reply.Bulk(fmt::format("user {} {}", name, user->Describe()));
}

void Users(ReadContext& c) {
  const AclUsers::Users& users = c.state.users.all();
  c.reply.ArrayHeader(users.size());
  for (const auto& [name, user] : users) c.reply.Bulk(name);
}

void DryRun(ReadContext& c) {
  const auto user = c.state.users.Find(c.args[2]);
  if (user == nullptr) return c.reply.Error(fmt::format("ERR User '{}' not found", c.args[2]));
  const CommandTable& table = CommandsOf(c.state);
  const Args words = c.args.subspan(3);
  const CommandSpec* spec = table.Resolve(words);
  if (spec == nullptr || (HasAclSubcommands(*spec) && words.size() > 1 &&
                          FindSubcommand(*spec, words[1]) == nullptr)) {
    return c.reply.Error(fmt::format("ERR Command '{}' not found", words[0]));
  }
  if (!ArityFits(*spec, words.size())) {
    return c.reply.Error(
        fmt::format("ERR wrong number of arguments for '{}' command", table.FullName(*spec)));
  }
  const AclRights rights(table, user);
  const AclVerdict verdict = rights.Check(*spec, words);
  if (!verdict.ok()) return c.reply.Bulk(rights.Explain(verdict, *spec, words, true));
  c.reply.Ok();
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale | kNoEffectFlag;
constexpr std::string_view kEverywhere = "request_policy:all_nodes,response_policy:all_succeeded";

constexpr Subcommands kRead{.flags = kFlags,
                            .group = Group::kServer,
                            .since = "6.0.0",
                            .complexity = "O(N) where N is the number of users",
                            .effect = Effect::kRead};
constexpr Subcommands kWrite{.flags = kFlags | kAudited,
                             .group = Group::kServer,
                             .since = "6.0.0",
                             .complexity = "O(N) where N is the number of rules or users given",
                             .effect = Effect::kWrite};

constexpr CommandSpec kSubcommands[] = {
    kWrite("deluser", -3, "Removes users and closes their connections.", "username [username ...]",
           DelUser, {.tips = kEverywhere}),
    kRead("dryrun", -4, "Whether a user may run a command, without running it.",
          "username command [arg [arg ...]]", DryRun, {.since = "7.0.0"}),
    kRead("getuser", 3, "The rules of a user.", "username", GetUser),
    kRead("list", 2, "All users with their rules.", "", List),
    kWrite("setuser", -3, "Makes a user, or changes what it may do.", "username [rule [rule ...]]",
           SetUser, {.tips = kEverywhere}),
    kRead("users", 2, "The names of all users.", "", Users),
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

std::span<const CommandSpec> AclFamily() { return kFamily; }

}  // namespace mydis
