// TOKEN CREATE: invents a token's secret, of which the log and the state see only the hash. The
// rest of TOKEN is in commands/tokens.cc.
#include <fmt/format.h>

#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "commands/subcommands.h"
#include "commands/tokens.h"
#include "server/connection.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/password.h"

namespace mydis {
namespace {

constexpr size_t kSecretDigits = 48;  // 192 bits.
constexpr size_t kNameDigits = 8;
constexpr int64_t kLongestSeconds = int64_t{100} * 366 * 86'400;

struct Request {
  TokenRights rights;
  std::string name;
  int64_t seconds = 0;  // 0: without an end.
};

// False: an error has been sent.
bool ReadRequest(LocalContext& c, Request* request) {
  using Access = TokenRights::Access;
  const auto set_access = [&](Access access) {
    if (request->rights.access != Access::kReadWrite) return false;
    request->rights.access = access;
    return true;
  };
  for (size_t i = 2; i < c.args.size(); ++i) {
    const bool more = i + 1 < c.args.size();
    bool fits = true;
    if (EqualsUpper(c.args[i], "READONLY")) {
      fits = set_access(Access::kReadOnly);
    } else if (EqualsUpper(c.args[i], "WRITEONLY")) {
      fits = set_access(Access::kWriteOnly);
    } else if (EqualsUpper(c.args[i], "MONITORING")) {
      fits = set_access(Access::kMonitoring);
    } else if (EqualsUpper(c.args[i], "ADMIN")) {
      fits = set_access(Access::kAdmin);
    } else if (EqualsUpper(c.args[i], "NAME") && more) {
      request->name = c.args[++i];
    } else if (EqualsUpper(c.args[i], "PREFIX") && more) {
      request->rights.prefixes.push_back(c.args[++i]);
    } else if (EqualsUpper(c.args[i], "EX") && more) {
      const auto seconds = ParseInteger(c.args[++i]);
      if (!seconds || *seconds <= 0 || *seconds > kLongestSeconds) {
        c.reply.Error("ERR invalid expire time in 'token|create' command");
        return false;
      }
      request->seconds = *seconds;
    } else {
      fits = false;
    }
    if (!fits) {
      c.reply.Error(kErrSyntax);
      return false;
    }
  }
  const bool keyless =
      request->rights.access == Access::kAdmin || request->rights.access == Access::kMonitoring;
  if (keyless && !request->rights.prefixes.empty()) {
    c.reply.Error("ERR PREFIX makes no sense with ADMIN, which may do everything, or MONITORING");
    return false;
  }
  if (request->name.empty()) request->name = RandomHexDigits(kNameDigits);
  return true;
}

void Create(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR TOKEN CREATE is not allowed inside a transaction");
  Request request;
  if (!ReadRequest(c, &request)) return;
  const std::string secret = MakeToken(request.name, RandomHexDigits(kSecretDigits));
  std::vector<std::string> words = {"TOKEN", "ADD", request.name, "#" + HashPassword(secret)};
  for (std::string& rule : TokenRules(request.rights)) words.push_back(std::move(rule));
  if (request.seconds > 0) {
    const uint64_t now_ms = c.node.core().cluster_clock.NowMs();
    words.push_back(
        fmt::format("until:{}", now_ms + static_cast<uint64_t>(request.seconds) * 1000));
  }
  c.connection.SubmitOne(words, fmt::format("${}\r\n{}\r\n", secret.size(), secret));
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "ADD <name> <rule> [<rule> ...]",
      "    Make a token from the hash of its secret (#<sha256>) and the rules of ACL SETUSER.",
      "CREATE [NAME <name>] [PREFIX <prefix> ...] [READONLY|WRITEONLY|MONITORING|ADMIN] [EX "
      "<seconds>]",
      "    Make a token for keys and channels that begin so; answers with its secret, which",
      "    nobody can see again.",
      "LIST",
      "    All tokens with their rights.",
      "REVOKE <name> [<name> ...]",
      "    Remove tokens, and close their connections.",
  };
  ReplyHelp("TOKEN", kLines, c.reply);
}

constexpr Subcommands kSub{.flags = kAdmin | kNoScript | kAudited,
                           .group = Group::kServer,
                           .since = "0.1.0",
                           .complexity = "O(N) where N is the number of prefixes"};

constexpr CommandSpec kSubcommands[] = {
    kSub("create", -2, "Makes a token, and gives its secret.",
         "[NAME name] [PREFIX prefix [PREFIX prefix ...]] [access: READONLY | WRITEONLY | "
         "MONITORING | ADMIN] "
         "[EX seconds:integer]",
         Create),
    kSub.Help(Help),
};

constexpr CommandSpec kFamily[] = {
    TokenContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> TokenFamily() { return kFamily; }

}  // namespace mydis
