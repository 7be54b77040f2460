#include "client/command_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace mydis {
namespace {

enum class Place : uint8_t { kFirst, kLast };

// Commands that wait for a key, and which of their arguments says how long, in seconds.
struct BlockingCommand {
  std::string_view name;
  Place timeout;
};
constexpr BlockingCommand kBlocking[] = {
    {"BLPOP", Place::kLast},   {"BRPOP", Place::kLast},    {"BRPOPLPUSH", Place::kLast},
    {"BLMOVE", Place::kLast},  {"BZPOPMIN", Place::kLast}, {"BZPOPMAX", Place::kLast},
    {"BLMPOP", Place::kFirst}, {"BZMPOP", Place::kFirst},
};

constexpr std::string_view kTransactions = "NewTransaction(), or Transact()";
constexpr std::string_view kSubscriptions = "Subscribe()";
constexpr std::string_view kWatches = "Watch()";
constexpr std::string_view kSessionOptions = "SessionOptions of NewSession()";
constexpr std::string_view kCallOptions = "CallOptions";
constexpr std::string_view kLogin = "the options of the Client";
constexpr std::string_view kOwnConnection = "a connection of your own";

// "CLIENT REPLY": of a container's subcommands only that one.
struct RefusedCommand {
  std::string_view name;
  std::string_view subcommand;
  std::string_view instead;
};
constexpr RefusedCommand kRefused[] = {
    {"MULTI", "", kTransactions},
    {"EXEC", "", kTransactions},
    {"DISCARD", "", kTransactions},
    {"WATCH", "", kTransactions},
    {"UNWATCH", "", kTransactions},
    {"MYDIS", "WATCH", kTransactions},
    {"SUBSCRIBE", "", kSubscriptions},
    {"PSUBSCRIBE", "", kSubscriptions},
    {"SSUBSCRIBE", "", kSubscriptions},
    {"UNSUBSCRIBE", "", kSubscriptions},
    {"PUNSUBSCRIBE", "", kSubscriptions},
    {"SUNSUBSCRIBE", "", kSubscriptions},
    {"MYDIS", "FOLLOW", kWatches},
    {"MYDIS", "LISTEN", kWatches},
    {"MYDIS", "PLISTEN", kWatches},
    {"MYDIS", "UNFOLLOW", kWatches},
    {"MYDIS", "REQUEST", kCallOptions},
    {"MYDIS", "BACKUP", kOwnConnection},
    {"SELECT", "", kSessionOptions},
    {"CLIENT", "CONSISTENCY", kSessionOptions},
    {"CLIENT", "SETNAME", kSessionOptions},
    {"STRONG", "", kCallOptions},
    {"EVENTUAL", "", kCallOptions},
    {"ATLEAST", "", kCallOptions},
    {"ONCE", "", kCallOptions},
    {"NUMBERED", "", kCallOptions},
    {"AUTH", "", kLogin},
    {"HELLO", "", kLogin},
    {"RESET", "", "a new session"},
    {"QUIT", "", "the session's end"},
    {"MONITOR", "", kOwnConnection},
    {"SYNC", "", kOwnConnection},
    {"PSYNC", "", kOwnConnection},
    {"REPLCONF", "", kOwnConnection},
    {"CLIENT", "REPLY", kOwnConnection},
    {"CLIENT", "ATTRIBUTES", kOwnConnection},
    {"CLIENT", "TRACKING", kOwnConnection},
    {"CLIENT", "CACHING", kOwnConnection},
};

// Sorted. Of containers, those whose subcommands are all reads.
constexpr std::string_view kReads[] = {
    "BITCOUNT",    "BITFIELD_RO", "BITPOS",         "DBSIZE",
    "DUMP",        "EXISTS",      "EXPIRETIME",     "GEODIST",
    "GEOHASH",     "GEOPOS",      "GEORADIUS_RO",   "GEORADIUSBYMEMBER_RO",
    "GEOSEARCH",   "GET",         "GETBIT",         "GETRANGE",
    "HEXISTS",     "HEXPIRETIME", "HGET",           "HGETALL",
    "HKEYS",       "HLEN",        "HMGET",          "HPEXPIRETIME",
    "HPTTL",       "HRANDFIELD",  "HSCAN",          "HSTRLEN",
    "HTTL",        "HVALS",       "KEYS",           "LCS",
    "LINDEX",      "LLEN",        "LPOS",           "LRANGE",
    "MGET",        "OBJECT",      "PEXPIRETIME",    "PFCOUNT",
    "PTTL",        "RANDOMKEY",   "SCAN",           "SCARD",
    "SDIFF",       "SINTER",      "SINTERCARD",     "SISMEMBER",
    "SMEMBERS",    "SMISMEMBER",  "SORT_RO",        "SRANDMEMBER",
    "SSCAN",       "STRLEN",      "SUBSTR",         "SUNION",
    "TOUCH",       "TTL",         "TYPE",           "XINFO",
    "XLEN",        "XPENDING",    "XRANGE",         "XREAD",
    "XREVRANGE",   "ZCARD",       "ZCOUNT",         "ZDIFF",
    "ZINTER",      "ZINTERCARD",  "ZLEXCOUNT",      "ZMSCORE",
    "ZRANDMEMBER", "ZRANGE",      "ZRANGEBYLEX",    "ZRANGEBYSCORE",
    "ZRANK",       "ZREVRANGE",   "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE",
    "ZREVRANK",    "ZSCAN",       "ZSCORE",         "ZUNION",
};
static_assert(std::ranges::is_sorted(kReads, LessIgnoreCase()));

constexpr std::string_view kAdministering[] = {
    "ACL",      "BGREWRITEAOF", "BGSAVE",  "CLIENT",  "CLUSTER", "CONFIG", "DEBUG",
    "FAILOVER", "LATENCY",      "MEMORY",  "MIGRATE", "MODULE",  "MYDIS",  "REPLICAOF",
    "SAVE",     "SHUTDOWN",     "SLAVEOF", "SLOWLOG", "TOKEN",
};
// Subcommands of these that are writes like others.
constexpr std::string_view kWritingSubcommands[] = {"SETUSER", "DELUSER", "PUTKEY", "DELETEKEY"};

bool IsAmong(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [word](auto one) { return EqualsIgnoreCase(word, one); });
}

uint64_t Scaled(std::string_view word, double microseconds) {
  double amount = 0;
  (void)std::from_chars(word.data(), word.data() + word.size(), amount);
  return static_cast<uint64_t>(std::clamp(amount, 0.0, 1e9) * microseconds);
}

// The word behind an option; empty if it is not there.
std::string_view After(std::span<const std::string_view> words, std::string_view option) {
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    if (EqualsIgnoreCase(words[i], option)) return words[i + 1];
  }
  return {};
}

}  // namespace

std::optional<CommandWait> WaitOf(std::span<const std::string_view> words) {
  constexpr double kSeconds = 1e6;
  constexpr double kMilliseconds = 1e3;
  if (words.size() < 3 || words[0].empty()) return std::nullopt;
  const std::string_view name = words[0];
  if (AsciiUpper(name[0]) == 'B') {
    for (const BlockingCommand& command : kBlocking) {
      if (!EqualsIgnoreCase(name, command.name)) continue;
      const std::string_view timeout = command.timeout == Place::kFirst ? words[1] : words.back();
      return CommandWait{.limit_us = Scaled(timeout, kSeconds)};
    }
    return std::nullopt;
  }
  if (EqualsIgnoreCase(name, "XREAD") || EqualsIgnoreCase(name, "XREADGROUP")) {
    const std::string_view timeout = After(words, "BLOCK");
    if (timeout.empty()) return std::nullopt;
    return CommandWait{.limit_us = Scaled(timeout, kMilliseconds),
                       .changes_nothing = EqualsIgnoreCase(name, "XREAD")};
  }
  if (EqualsIgnoreCase(name, "MYDIS") && EqualsIgnoreCase(words[1], "GETKEY")) {
    const std::string_view timeout = After(words.subspan(2), "WAIT");
    if (timeout.empty()) return std::nullopt;
    return CommandWait{.limit_us = Scaled(timeout, kMilliseconds), .changes_nothing = true};
  }
  // They are about what this connection has written.
  if (EqualsIgnoreCase(name, "WAIT") || EqualsIgnoreCase(name, "WAITAOF")) {
    return CommandWait{.limit_us = Scaled(words.back(), kMilliseconds),
                       .holds_up = false,
                       .changes_nothing = true};
  }
  return std::nullopt;
}

bool IsRead(std::span<const std::string_view> words) {
  return std::ranges::binary_search(kReads, words[0], LessIgnoreCase());
}

bool Administers(std::span<const std::string_view> words) {
  if (!IsAmong(words[0], kAdministering)) return false;
  return words.size() < 2 || !IsAmong(words[1], kWritingSubcommands);
}

Status CheckWords(std::span<const std::string_view> words) {
  if (words.empty()) return {ErrorCode::kInvalid, "a command has one word at least: its name"};
  if (words[0].empty())
    return {ErrorCode::kInvalid, "the first word, which is the command's name, is empty"};
  for (const RefusedCommand& refused : kRefused) {
    if (!EqualsIgnoreCase(words[0], refused.name)) continue;
    if (refused.subcommand.empty() ||
        (words.size() > 1 && EqualsIgnoreCase(words[1], refused.subcommand))) {
      return {ErrorCode::kInvalid,
              fmt::format("{}{}{} is about the connection, which belongs to the library: use {}",
                          refused.name, refused.subcommand.empty() ? "" : " ", refused.subcommand,
                          refused.instead)};
    }
  }
  return Status::Ok();
}

}  // namespace mydis
