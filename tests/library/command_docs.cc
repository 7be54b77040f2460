#include "library/command_docs.h"

#include <fstream>

namespace mydis {
namespace {

struct Exception {
  std::string_view command;
  std::string_view reason;
};

constexpr std::string_view kOlder = "an older form of a call that there is";
constexpr std::string_view kMilliseconds = "the call counts milliseconds";
constexpr std::string_view kTransaction = "Session::NewTransaction, Session::Transact";
constexpr std::string_view kSubscribe = "Session::Subscribe";
constexpr std::string_view kOperator = "an operator's: Session::Command";

constexpr Exception kExceptions[] = {
    {"GETSET", kOlder},
    {"SETEX", kOlder},
    {"PSETEX", kOlder},
    {"SETNX", kOlder},
    {"SUBSTR", kOlder},
    {"HMSET", kOlder},
    {"RPOPLPUSH", kOlder},
    {"BRPOPLPUSH", kOlder},
    {"ZRANGEBYLEX", kOlder},
    {"ZRANGEBYSCORE", kOlder},
    {"ZREVRANGE", kOlder},
    {"ZREVRANGEBYLEX", kOlder},
    {"ZREVRANGEBYSCORE", kOlder},
    {"GEORADIUS", kOlder},
    {"GEORADIUS_RO", kOlder},
    {"GEORADIUSBYMEMBER", kOlder},
    {"GEORADIUSBYMEMBER_RO", kOlder},
    {"EXPIRE", kMilliseconds},
    {"EXPIREAT", kMilliseconds},
    {"EXPIRETIME", kMilliseconds},
    {"TTL", kMilliseconds},
    {"HEXPIRE", kMilliseconds},
    {"HEXPIREAT", kMilliseconds},
    {"HEXPIRETIME", kMilliseconds},
    {"HTTL", kMilliseconds},
    {"MULTI", kTransaction},
    {"EXEC", kTransaction},
    {"DISCARD", kTransaction},
    {"WATCH", kTransaction},
    {"UNWATCH", kTransaction},
    {"SUBSCRIBE", kSubscribe},
    {"PSUBSCRIBE", kSubscribe},
    {"UNSUBSCRIBE", kSubscribe},
    {"PUNSUBSCRIBE", kSubscribe},
    {"SSUBSCRIBE", "for clients of Redis Cluster: Session::Subscribe hears everything"},
    {"SUNSUBSCRIBE", "for clients of Redis Cluster: Session::Subscribe hears everything"},
    {"WAIT", "CallOptions::consistency, which concerns one write, not a connection"},
    {"WAITAOF", "CallOptions::consistency, which concerns one write, not a connection"},
    {"MIGRATE", kOperator},
    {"OBJECT FREQ", kOperator},
    {"PFDEBUG", kOperator},
    {"PFSELFTEST", kOperator},
    {"FUNCTION KILL", kOperator},
    {"FUNCTION STATS", kOperator},
    {"SCRIPT DEBUG", kOperator},
    {"SCRIPT KILL", kOperator},
};

}  // namespace

std::vector<DocumentedCommand> DocumentedCommands() {
  std::vector<DocumentedCommand> commands;
  std::ifstream file(MYDIS_SOURCE_DIR "/docs/commands.md");
  std::string family;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) family = line.substr(3);
    if (line.starts_with("### ")) commands.push_back({line.substr(4), family, ""});
    for (const std::string_view effect : {"Write", "Read", "Local"}) {
      if (commands.empty() || !commands.back().effect.empty()) break;
      if (line.starts_with(std::string(effect) + " · ")) commands.back().effect = effect;
    }
  }
  return commands;
}

std::string_view WhyNoCall(const DocumentedCommand& command) {
  if (command.name.ends_with(" HELP")) return "text for people";
  for (const Exception& exception : kExceptions) {
    if (exception.command == command.name) return exception.reason;
  }
  if (command.family == "Connection") return "the session does it, or SessionOptions";
  if (command.family == "Consistency and the cluster" || command.family == "Server") {
    return kOperator;
  }
  return "";
}

}  // namespace mydis
