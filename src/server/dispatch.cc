#include "server/dispatch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace mydis {
namespace {

// Redis shows at most 128 bytes of what it did not understand.
std::string Shown(std::string_view word) {
  std::string out(UpToZero(word.substr(0, 128)));
  for (char& c : out) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return out;
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

}  // namespace

std::string FullName(const CommandTable& table, const CommandSpec& spec, Args args) {
  const CommandSpec* top = table.Find(args[0]);
  if (top == nullptr || top == &spec) return std::string(spec.name);
  return fmt::format("{}|{}", top->name, spec.name);
}

std::string CheckCommand(const CommandTable& table, const CommandSpec* spec, Args args) {
  if (spec == nullptr) {
    std::string shown;
    for (size_t i = 1; i < args.size() && shown.size() < 128; ++i)
      shown += fmt::format("'{}' ", Shown(args[i].substr(0, 128 - shown.size())));
    return fmt::format("ERR unknown command '{}', with args beginning with: {}", Shown(args[0]),
                       shown);
  }
  if (!spec->subcommands.empty() && args.size() > 1 && spec->handler.local == nullptr &&
      spec->handler.read == nullptr) {
    return fmt::format("ERR unknown subcommand '{}'. Try {} HELP.", Shown(args[1]),
                       Upper(spec->name));
  }
  if (!ArityFits(*spec, args.size())) {
    return fmt::format("ERR wrong number of arguments for '{}' command",
                       FullName(table, *spec, args));
  }
  return {};
}

std::string StaleRevision(uint64_t wanted, uint64_t here) {
  return fmt::format("STALE revision {} was asked for, and this instance is at {}", wanted, here);
}

size_t PrefixWords(const CommandSpec& spec) {
  if (spec.group != Group::kCluster) return 0;
  if (spec.name == "strong" || spec.name == "eventual") return 1;
  if (spec.name == "once" || spec.name == "atleast") return 2;
  return spec.name == "numbered" ? 4 : 0;
}

Args WithoutPrefixes(const CommandTable& table, Args args) {
  while (true) {
    const CommandSpec* spec = table.Find(args[0]);
    const size_t words = spec == nullptr ? 0 : PrefixWords(*spec);
    if (words == 0 || args.size() <= words) return args;
    args = args.subspan(words);
  }
}

bool IsExec(const CommandSpec& spec) {
  return spec.group == Group::kTransactions && spec.name == "exec";
}

bool IsWatch(const CommandTable& table, const CommandSpec& spec) {
  return spec.group == Group::kTransactions && spec.name == "watch" &&
         table.ContainerOf(spec) == nullptr;
}

bool IsSetUser(const CommandSpec& spec) { return spec.name == "setuser"; }

bool IsChangeOfUsers(const CommandSpec& spec) {
  return spec.name == "setuser" || spec.name == "deluser" ||
         (spec.group == Group::kServer && (spec.name == "add" || spec.name == "revoke") &&
          spec.effect == Effect::kWrite);
}

bool IsSubscription(const CommandSpec& spec) {
  return spec.group == Group::kPubSub && spec.effect == Effect::kLocal &&
         spec.name.ends_with("subscribe");
}

bool AllowedToSubscribers(const CommandSpec& spec) {
  if (IsSubscription(spec)) return true;
  return spec.group == Group::kConnection &&
         (spec.name == "ping" || spec.name == "quit" || spec.name == "reset");
}

bool IsOfTracking(const CommandSpec& spec) {
  return spec.group == Group::kConnection &&
         (spec.name == "tracking" || spec.name == "trackinginfo" || spec.name == "caching" ||
          spec.name == "getredir");
}

bool IsRequest(const CommandSpec& spec) {
  return spec.group == Group::kCluster && spec.name == "request";
}

bool ActsElsewhere(const CommandSpec& spec) {
  return spec.effect == Effect::kLocal && (spec.flags & (kAudited | kWriteFlag)) != 0;
}

bool IsLogin(const CommandSpec& spec) { return spec.name == "auth" || spec.name == "hello"; }

bool RunsInsideMulti(const CommandSpec& spec) {
  if (spec.group == Group::kTransactions) return spec.name != "unwatch";
  return spec.group == Group::kConnection && (spec.name == "quit" || spec.name == "reset");
}

bool RunsAhead(const CommandSpec& spec) {
  if (IsOfTracking(spec)) return false;
  if (spec.group == Group::kConnection)
    return spec.name != "reset" && spec.name != "quit" && spec.name != "attributes" &&
           !IsLogin(spec);
  return spec.group == Group::kTransactions && !IsExec(spec);
}

}  // namespace mydis
