#include "commands/acl_rights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/ascii.h"
#include "base/glob.h"
#include "commands/acl_rules.h"
#include "commands/introspection.h"

namespace mydis {
namespace {

// The words of a command that are channels: from `first` on, all of them or one.
struct Channels {
  size_t first = 0;  // 0: it has none that need a permission.
  bool all = false;
  bool patterns = false;
};

Channels ChannelsOf(const CommandSpec& spec) {
  if ((spec.flags & kPubSubFlag) == 0) return {};
  if (spec.name == "subscribe" || spec.name == "ssubscribe") return {1, true, false};
  if (spec.name == "psubscribe") return {1, true, true};
  if (spec.name == "publish" || spec.name == "spublish") return {1, false, false};
  if (spec.name == "listen") return {2, false, false};
  if (spec.name == "plisten") return {2, false, true};
  return {};
}

bool MayUseChannel(const AclSelector& rules, std::string_view channel, bool pattern) {
  if (rules.all_channels) return true;
  return std::ranges::any_of(rules.channels, [&](const std::string& known) {
    return pattern ? known == channel : GlobMatches(known, channel);
  });
}

// Where the pattern ends in a star that stands for itself: the size of what is before its stars.
std::optional<size_t> StemSize(std::string_view pattern) {
  size_t stem = 0;
  bool star = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    star = pattern[i] == '*';
    if (star) continue;
    if (pattern[i] == '[') {
      for (++i; i < pattern.size() && pattern[i] != ']'; ++i) i += pattern[i] == '\\' ? 1 : 0;
    } else if (pattern[i] == '\\') {
      ++i;
    }
    stem = std::min(i + 1, pattern.size());
  }
  return star ? std::optional(stem) : std::nullopt;
}

// Whether every key that begins with `prefix` fits. (An empty text fits no star.)
bool FitsAllUnder(std::string_view pattern, std::string_view prefix) {
  const auto stem = StemSize(pattern);
  return stem && (*stem == 0 || GlobMatches(pattern, prefix));
}

bool MayUseKey(const AclSelector& rules, std::string_view key, uint16_t flags) {
  const bool reads = (flags & kKeyAccess) != 0;
  const bool writes = (flags & (kKeyInsert | kKeyDelete | kKeyUpdate)) != 0;
  return std::ranges::any_of(rules.keys, [&](const AclKeyPattern& known) {
    if ((!known.read && reads) || (!known.write && writes)) return false;
    return (flags & kKeyPrefix) != 0 ? FitsAllUnder(known.pattern, key)
                                     : GlobMatches(known.pattern, key);
  });
}

bool MayReadAllKeys(const AclSelector& rules) {
  if (rules.all_keys) return true;
  return std::ranges::any_of(
      rules.keys, [](const AclKeyPattern& known) { return known.read && known.pattern == "*"; });
}

}  // namespace

AclRights::AclRights(const CommandTable& table, std::shared_ptr<const AclUser> user)
    : table_(table), user_(std::move(user)) {
  selectors_.push_back(Compile(user_->root));
  for (const AclSelector& rules : user_->selectors) selectors_.push_back(Compile(rules));
  unrestricted_ = std::ranges::any_of(selectors_, [](const Selector& selector) {
    return selector.rules->all_keys && selector.rules->all_channels && selector.all_commands;
  });
}

AclRights::Selector AclRights::Compile(const AclSelector& rules) const {
  Selector selector{.rules = &rules, .allowed = {}, .first_arguments = {}};
  selector.allowed.assign(table_.places(), rules.all_commands);
  for (const std::string& rule : rules.commands) ApplyRule(rule, selector);
  selector.all_commands = std::ranges::all_of(selector.allowed, std::identity());
  return selector;
}

void AclRights::Allow(const CommandSpec& spec, bool allow, Selector& selector) const {
  selector.allowed[table_.PlaceOf(spec)] = allow;
  for (const CommandSpec& sub : spec.subcommands) selector.allowed[table_.PlaceOf(sub)] = allow;
  std::erase_if(selector.first_arguments, [&](const auto& known) { return known.first == &spec; });
}

// What names no command (any more) allows nothing.
void AclRights::ApplyRule(std::string_view rule, Selector& selector) const {
  const bool allow = rule[0] == '+';
  const std::string_view name = rule.substr(1);
  if (name.starts_with('@')) {
    const auto category = CategoryBit(name.substr(1));
    if (!category) return;
    for (const CommandSpec* spec : table_.all()) {
      if ((table_.Categories(*spec) & *category) != 0) Allow(*spec, allow, selector);
      for (const CommandSpec& sub : spec->subcommands) {
        if ((table_.Categories(sub) & *category) != 0) Allow(sub, allow, selector);
      }
    }
    return;
  }
  if (const CommandSpec* spec = table_.FindFullName(name)) return Allow(*spec, allow, selector);
  const size_t bar = name.find('|');
  const CommandSpec* command = table_.Find(name.substr(0, bar));
  if (command != nullptr && bar != name.npos && allow)
    selector.first_arguments.emplace_back(command, name.substr(bar + 1));
}

bool AclRights::MayRun(const Selector& selector, const CommandSpec& spec, Args args) const {
  if (selector.all_commands || (spec.flags & kNoAuth) != 0) return true;
  if (selector.allowed[table_.PlaceOf(spec)]) return true;
  return args.size() > 1 && std::ranges::any_of(selector.first_arguments, [&](const auto& known) {
           return known.first == &spec && EqualsIgnoreCase(args[1], known.second);
         });
}

AclVerdict AclRights::CheckOne(const Selector& selector, const CommandSpec& spec, Args args) const {
  if (!MayRun(selector, spec, args)) return {AclRefusal::kCommand, 0};
  const AclSelector& rules = *selector.rules;
  if (!rules.all_keys && (!spec.keys.empty() || spec.find_keys != nullptr)) {
    std::vector<FoundKey> keys;
    // Words that make no sense name no keys: the command will say so itself.
    if (!FindKeys(spec, args, &keys)) keys.clear();
    for (const FoundKey& key : keys) {
      if (!MayUseKey(rules, args[key.position], key.flags)) return {AclRefusal::kKey, key.position};
    }
  }
  const Channels channels = ChannelsOf(spec);
  for (size_t i = channels.first; i != 0 && i < args.size(); ++i) {
    if (!MayUseChannel(rules, args[i], channels.patterns)) return {AclRefusal::kChannel, i};
    if (!channels.all) break;
  }
  return {};
}

// Of what the selectors refuse the strongest is told, and of several keys the last.
AclVerdict AclRights::Check(const CommandSpec& spec, Args args) const {
  if (unrestricted_) return {};
  AclVerdict worst{AclRefusal::kCommand, 0};
  for (const Selector& selector : selectors_) {
    const AclVerdict verdict = CheckOne(selector, spec, args);
    if (verdict.ok()) return verdict;
    if (verdict.refusal > worst.refusal ||
        (verdict.refusal == worst.refusal && verdict.position > worst.position))
      worst = verdict;
  }
  return worst;
}

std::string_view AclRights::CheckSort(const CommandSpec& spec, Args args) const {
  if (unrestricted_ || (spec.name != "sort" && spec.name != "sort_ro")) return {};
  const bool allowed = std::ranges::any_of(selectors_, [&](const Selector& selector) {
    return MayReadAllKeys(*selector.rules) && CheckOne(selector, spec, args).ok();
  });
  if (allowed) return {};
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "by")) {
      if (args[i + 1].find('*') != std::string_view::npos)
        return "ERR BY option of SORT denied due to insufficient ACL permissions.";
      ++i;
    } else if (EqualsIgnoreCase(args[i], "get")) {
      return "ERR GET option of SORT denied due to insufficient ACL permissions.";
    } else if (EqualsIgnoreCase(args[i], "store")) {
      ++i;
    } else if (EqualsIgnoreCase(args[i], "limit")) {
      i += 2;
    }
  }
  return {};
}

bool AclRights::MayHear(std::string_view channel, bool pattern) const {
  return unrestricted_ || std::ranges::any_of(selectors_, [&](const Selector& selector) {
           return MayUseChannel(*selector.rules, channel, pattern);
         });
}

std::string AclRights::Explain(const AclVerdict& verdict, const CommandSpec& spec, Args args,
                               bool verbose) const {
  if (verdict.refusal == AclRefusal::kCommand) {
    return fmt::format("User {} has no permissions to run the '{}' command", user_->name,
                       AclName(table_, spec));
  }
  const std::string_view what = verdict.refusal == AclRefusal::kKey ? "key" : "channel";
  if (!verbose) return fmt::format("No permissions to access a {}", what);
  return fmt::format("User {} has no permissions to access the '{}' {}", user_->name,
                     args[verdict.position], what);
}

std::shared_ptr<const AclRights> RightsOf(const CommandTable& table, const AclUsers& users,
                                          std::string_view name) {
  constexpr size_t kKept = 256;
  // lint: thread-ok what is made again from the users wherever it is missing
  thread_local std::map<std::string, std::shared_ptr<const AclRights>, std::less<>> made;
  const std::shared_ptr<const AclUser> user = users.Find(name);
  if (user == nullptr) return nullptr;
  auto it = made.find(name);
  if (it != made.end() && &it->second->user() == user.get() && &it->second->table() == &table)
    return it->second;
  if (made.size() >= kKept) made.clear();
  auto rights = std::make_shared<const AclRights>(table, user);
  made.insert_or_assign(std::string(name), rights);
  return rights;
}

}  // namespace mydis
