#include "commands/acl_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/introspection.h"

namespace mydis {
namespace {

// Why a rule makes no sense; empty: it does.
using Problem = std::string_view;

constexpr Problem kFine = {};
constexpr Problem kSyntax = "Syntax error";
constexpr Problem kUnknown = "Unknown command or category name in ACL";
constexpr Problem kAfterAllKeys =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns";
constexpr Problem kAfterAllChannels =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels";
constexpr Problem kNoSuchPassword =
    "The password you are trying to remove from the user does not exist";
constexpr Problem kBadHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
constexpr Problem kNoTime =
    "The end must be a time in milliseconds since 1970, or 0 for none, and the 'default' user has "
    "none";
constexpr Problem kFirstArgument = "Allowing first-arg of a subcommand is not supported";

constexpr std::string_view kSpaces(" \t\n\v\f\r", 6);
constexpr size_t kHashDigits = 64;

bool IsHash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// "~pattern", "%R~pattern", "%RW~pattern".
Problem AddKeyPattern(AclSelector& selector, std::string_view rule) {
  if (selector.all_keys) return kAfterAllKeys;
  const bool both = rule[0] == '~';
  AclKeyPattern added{.pattern = {}, .read = both, .write = both};
  size_t i = 1;
  if (!both) {
    for (; i < rule.size() && rule[i] != '~'; ++i) {
      const char right = AsciiUpper(rule[i]);
      if (right != 'R' && right != 'W') return kSyntax;
      bool& has = right == 'R' ? added.read : added.write;
      if (std::exchange(has, true)) return kSyntax;
    }
    if (i == 1) return kSyntax;
    i = std::min(i + 1, rule.size());
  }
  added.pattern = rule.substr(i);
  if (HasAclSpace(added.pattern)) return kSyntax;
  for (AclKeyPattern& known : selector.keys) {
    if (known.pattern != added.pattern) continue;
    known.read |= added.read;
    known.write |= added.write;
    return kFine;
  }
  selector.keys.push_back(std::move(added));
  return kFine;
}

Problem AddChannel(AclSelector& selector, std::string_view pattern) {
  if (selector.all_channels) return kAfterAllChannels;
  if (HasAclSpace(pattern)) return kSyntax;
  if (std::ranges::find(selector.channels, pattern) == selector.channels.end())
    selector.channels.emplace_back(pattern);
  return kFine;
}

// What was said of the same command, or of its subcommands, holds no longer.
void Remember(AclSelector& selector, char sign, const std::string& name) {
  std::erase_if(selector.commands, [&](std::string_view known) {
    known.remove_prefix(1);
    return known == name || (known.starts_with(name) && known.substr(name.size(), 1) == "|");
  });
  selector.commands.push_back(sign + name);
}

// "+command", "-command|subcommand", "+command|first-argument".
Problem AddCommand(const CommandTable& table, AclSelector& selector, std::string_view rule) {
  const char sign = rule[0];
  const std::string name = ToLower(rule.substr(1));
  const size_t bar = name.rfind('|');
  const CommandSpec* spec = table.FindFullName(name);
  const CommandSpec* container = spec == nullptr ? nullptr : table.ContainerOf(*spec);
  if (spec == nullptr || (container != nullptr && !HasAclSubcommands(*container))) {
    if (bar == std::string::npos || sign == '-') return kUnknown;
    // What is no subcommand may be a first argument.
    const std::string_view front = std::string_view(name).substr(0, bar);
    const CommandSpec* command = table.FindFullName(front);
    if (command == nullptr) return kUnknown;
    if (table.ContainerOf(*command) != nullptr) return kFirstArgument;
    if (bar + 1 == name.size()) return kSyntax;
    if (HasAclSubcommands(*command)) return kUnknown;
  }
  if (HasAclSpace(name)) return kSyntax;
  Remember(selector, sign, name);
  return kFine;
}

void ResetCommands(AclSelector& selector, bool all) {
  selector.all_commands = all;
  selector.commands.clear();
}

// A rule about keys, channels and commands.
Problem ApplyToSelector(const CommandTable& table, AclSelector& selector, std::string_view rule) {
  const std::string word = ToLower(rule);
  if (word == "allkeys" || word == "~*") {
    selector.keys.clear();
    selector.all_keys = true;
  } else if (word == "resetkeys") {
    selector.keys.clear();
    selector.all_keys = false;
  } else if (word == "allchannels" || word == "&*") {
    selector.channels.clear();
    selector.all_channels = true;
  } else if (word == "resetchannels") {
    selector.channels.clear();
    selector.all_channels = false;
  } else if (word == "allcommands" || word == "+@all") {
    ResetCommands(selector, true);
  } else if (word == "nocommands" || word == "-@all") {
    ResetCommands(selector, false);
  } else if (word.starts_with('~') || word.starts_with('%')) {
    return AddKeyPattern(selector, rule);
  } else if (word.starts_with('&')) {
    return AddChannel(selector, rule.substr(1));
  } else if (word.starts_with("+@") || word.starts_with("-@")) {
    if (!CategoryBit(word.substr(2))) return kUnknown;
    Remember(selector, word[0], word.substr(1));
  } else if (word.starts_with('+') || word.starts_with('-')) {
    return AddCommand(table, selector, rule);
  } else {
    return kSyntax;
  }
  return kFine;
}

Problem AddSelector(const CommandTable& table, bool all_channels, AclUser& user,
                    std::string_view rule) {
  AclSelector selector{.all_channels = all_channels};
  std::string_view rest = rule.substr(1, rule.size() - 2);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of(kSpaces), rest.size());
    if (end > 0) {
      const Problem problem = ApplyToSelector(table, selector, rest.substr(0, end));
      if (!problem.empty()) return problem;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  user.selectors.push_back(std::move(selector));
  return kFine;
}

// "#hash", "!hash".
Problem ApplyPassword(AclUser& user, std::string_view rule) {
  const std::string_view hash = rule.substr(1);
  if (!IsHash(hash)) return kBadHash;
  const auto known = std::ranges::find(user.passwords, hash);
  if (rule[0] == '#') {
    user.no_password = false;
    if (known == user.passwords.end()) user.passwords.emplace_back(hash);
    return kFine;
  }
  if (known == user.passwords.end()) return kNoSuchPassword;
  user.passwords.erase(known);
  return kFine;
}

// "until:1790000000000", "until:0".
Problem ApplyUntil(AclUser& user, std::string_view rule) {
  const auto until_ms = ParseInteger(rule.substr(rule.find(':') + 1));
  if (!until_ms || *until_ms < 0 || user.name == kDefaultUser) return kNoTime;
  user.until_ms = static_cast<uint64_t>(*until_ms);
  return kFine;
}

Problem ApplyRule(const CommandTable& table, bool all_channels, AclUser& user,
                  std::string_view rule) {
  const std::string word = ToLower(rule);
  if (word.empty()) return kFine;
  if (word == "on" || word == "off") {
    user.enabled = word == "on";
  } else if (word == "nopass" || word == "resetpass") {
    user.no_password = word == "nopass";
    user.passwords.clear();
  } else if (word == "sanitize-payload" || word == "skip-sanitize-payload") {
    user.sanitize_payload = word == "sanitize-payload";
  } else if (word.starts_with("until:")) {
    return ApplyUntil(user, word);
  } else if (word == "clearselectors") {
    user.selectors.clear();
  } else if (word == "reset") {
    AclUser fresh = NewAclUser(user.name, all_channels);
    fresh.id = user.id;
    fresh.created_ms = user.created_ms;
    user = std::move(fresh);
  } else if (word[0] == '#' || word[0] == '!') {
    return ApplyPassword(user, rule);
  } else if (word[0] == '(' && word.back() == ')') {
    return AddSelector(table, all_channels, user, rule);
  } else {
    return ApplyToSelector(table, user.root, rule);
  }
  return kFine;
}

// A selector may be given in several words, "(~x" and "+get)": they are put together. Gives the
// position of one that is not closed.
std::optional<size_t> MergeSelectors(Args rules, std::vector<std::string>* merged) {
  std::optional<size_t> open;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (open) {
      merged->back().append(" ").append(rules[i]);
    } else {
      merged->emplace_back(rules[i]);
      if (rules[i].starts_with('(')) open = i;
    }
    if (rules[i].ends_with(')')) open.reset();
  }
  return open;
}

}  // namespace

bool HasAclSpace(std::string_view text) {
  return text.find_first_of(kSpaces) != text.npos || text.find('\0') != text.npos;
}

bool HasAclSubcommands(const CommandSpec& command) {
  return !command.subcommands.empty() && command.name != "debug";
}

std::string AclName(const CommandTable& table, const CommandSpec& spec) {
  const CommandSpec* container = table.ContainerOf(spec);
  const bool known = container == nullptr || HasAclSubcommands(*container);
  return known ? table.FullName(spec) : std::string(container->name);
}

std::optional<std::string> ApplyAclRules(const CommandTable& table, bool all_channels, Args rules,
                                         Args shown, AclUser& user) {
  std::vector<std::string> words;
  std::vector<std::string> originals;
  if (const auto open = MergeSelectors(rules, &words)) {
    return fmt::format("ERR Unmatched parenthesis in acl selector starting at '{}'.", shown[*open]);
  }
  MergeSelectors(shown, &originals);
  AclUser changed = user;
  for (size_t i = 0; i < words.size(); ++i) {
    const Problem problem = ApplyRule(table, all_channels, changed, words[i]);
    if (!problem.empty())
      return fmt::format("ERR Error in ACL SETUSER modifier '{}': {}", originals[i], problem);
  }
  user = std::move(changed);
  return std::nullopt;
}

}  // namespace mydis
