#include "commands/tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands/acl_rights.h"
#include "commands/acl_rules.h"
#include "commands/containers.h"
#include "commands/subcommands.h"

namespace mydis {
namespace {

constexpr std::string_view kTokenStart = "mydis_";
constexpr size_t kLongestName = 40;
constexpr std::string_view kErrName =
    "ERR the name of a token is 1 to 40 letters, digits, dots and hyphens";

void TellUsersChanged(State& state) {
  if (state.messages != nullptr) state.messages->OnUsersChanged();
}

// TOKEN ADD name rule …, with the password as its hash.
void Add(WriteContext& c) {
  const std::string_view name = c.args[2];
  if (!IsTokenName(name)) return c.reply.Error(kErrName);
  AclUser user = NewAclUser(fmt::format("{}{}", kTokenUserPrefix, name), false);
  if (c.state.users.Find(user.name) != nullptr) {
    return c.reply.Error(fmt::format(
        "ERR there is a token {} already: revoke it first, or give another name", name));
  }
  user.created_ms = c.now_ms;
  user.enabled = true;
  const Args rules = c.args.subspan(3);
  if (const auto error = ApplyAclRules(CommandsOf(c.state), false, rules, rules, user))
    return c.reply.Error(*error);
  c.state.users.Put(std::move(user));
  TellUsersChanged(c.state);
  c.reply.Ok();
}

// TOKEN REVOKE name …: all of them, or none if one is not there.
void Revoke(WriteContext& c) {
  std::vector<std::string> users;
  for (std::string_view name : c.args.subspan(2)) {
    users.push_back(fmt::format("{}{}", kTokenUserPrefix, name));
    if (c.state.users.Find(users.back()) == nullptr)
      return c.reply.Error(fmt::format("ERR there is no token {}; TOKEN LIST shows them", name));
  }
  int64_t removed = 0;
  for (const std::string& user : users) removed += c.state.users.Remove(user);
  TellUsersChanged(c.state);
  c.reply.Integer(removed);
}

std::string_view AccessOf(const AclUser& user) {
  if (user.root.all_commands && user.root.commands.empty()) return "admin";
  const auto& keys = user.root.keys;
  if (!user.root.all_keys && keys.empty()) return "monitoring";
  if (!user.root.all_commands) return "read-only";
  const bool writes_only =
      !keys.empty() && std::ranges::none_of(keys, [](const auto& key) { return key.read; });
  return writes_only ? "write-only" : "read-write";
}

void ReplyToken(std::string_view name, const AclUser& user, Reply& reply) {
  reply.MapHeader(6);
  reply.Bulk("name");
  reply.Bulk(name);
  reply.Bulk("access");
  reply.Bulk(AccessOf(user));
  reply.Bulk("keys");
  reply.Bulk(user.root.DescribeKeys());
  reply.Bulk("channels");
  reply.Bulk(user.root.DescribeChannels());
  for (const auto& [field, value] :
       {std::pair{"created-ms", user.created_ms}, {"until-ms", user.until_ms}}) {
    reply.Bulk(field);
    reply.Integer(static_cast<int64_t>(value));
  }
}

void List(ReadContext& c) {
  const size_t array = c.reply.OpenArray();
  size_t count = 0;
  for (const auto& [name, user] : c.state.users.all()) {
    if (!name.starts_with(kTokenUserPrefix)) continue;
    ReplyToken(std::string_view(name).substr(kTokenUserPrefix.size()), *user, c.reply);
    ++count;
  }
  c.reply.CloseArray(array, count);
}

constexpr Subcommands kRead{.flags = kAdmin | kNoScript | kNoEffectFlag,
                            .group = Group::kServer,
                            .since = "0.1.0",
                            .complexity = "O(N) where N is the number of users",
                            .effect = Effect::kRead};
constexpr Subcommands kWrite{.flags = kAdmin | kAudited | kNoScript | kNoEffectFlag,
                             .group = Group::kServer,
                             .since = "0.1.0",
                             .complexity = "O(N) where N is the number of rules or tokens given",
                             .effect = Effect::kWrite};

constexpr CommandSpec kSubcommands[] = {
    kWrite("add", -4, "Makes a token whose secret somebody else has invented, from its hash.",
           "name rule [rule ...]", Add),
    kRead("list", 2, "All tokens with their rights, without their secrets.", "", List),
    kWrite("revoke", -3, "Removes tokens and closes their connections.", "name [name ...]", Revoke),
};

constexpr CommandSpec kFamily[] = {
    TokenContainer(kSubcommands),
};

// A prefix as a pattern that matches what begins with it, whatever is in it.
std::string PatternOf(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("*?[]^\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

// What each kind of access is made of. Administration and what touches keys that are not named is
// for administrators.
std::vector<std::string> CommandRules(const TokenRights& rights) {
  using Access = TokenRights::Access;
  if (rights.access == Access::kAdmin) return {"+@all"};
  if (rights.access == Access::kMonitoring)
    return {"-@all", "+@connection",   "-@admin",       "-@dangerous",  "+info",
            "+role", "+mydis|metrics", "+mydis|status", "+mydis|leader"};
  std::vector<std::string> rules = {"+@all", "-@admin", "-@dangerous"};
  if (rights.access == Access::kReadOnly) {
    rules = {"-@all",       "+@read",      "+@connection", "+@transaction", "+subscribe",
             "+psubscribe", "+ssubscribe", "+unsubscribe", "+punsubscribe", "+sunsubscribe",
             "+eval_ro",    "+evalsha_ro", "+fcall_ro",    "-@admin",       "-@dangerous"};
  }
  if (!rights.prefixes.empty()) {
    for (const char* rule : {"-scan", "-randomkey", "-dbsize", "-pubsub", "-function"})
      rules.emplace_back(rule);
  }
  return rules;
}

}  // namespace

std::span<const CommandSpec> TokensFamily() { return kFamily; }

bool IsTokenName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

std::optional<std::string_view> NameInToken(std::string_view secret) {
  if (!secret.starts_with(kTokenStart)) return std::nullopt;
  secret.remove_prefix(kTokenStart.size());
  const std::string_view name = secret.substr(0, secret.find('_'));
  if (name.size() == secret.size() || !IsTokenName(name)) return std::nullopt;
  return name;
}

std::string MakeToken(std::string_view name, std::string_view digits) {
  return fmt::format("{}{}_{}", kTokenStart, name, digits);
}

std::vector<std::string> TokenRules(const TokenRights& rights) {
  using Access = TokenRights::Access;
  std::vector<std::string> rules = CommandRules(rights);
  if (rights.access == Access::kMonitoring) return rules;
  const std::string_view sign = rights.access == Access::kReadOnly    ? "%R~"
                                : rights.access == Access::kWriteOnly ? "%W~"
                                                                      : "~";
  if (rights.prefixes.empty()) {
    rules.push_back(fmt::format("{}*", sign));
    rules.emplace_back("&*");
  }
  for (std::string_view prefix : rights.prefixes) {
    rules.push_back(fmt::format("{}{}", sign, PatternOf(prefix)));
    rules.push_back(fmt::format("&{}", PatternOf(prefix)));
  }
  return rules;
}

}  // namespace mydis
