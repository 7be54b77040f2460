#include "cli/session_state.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;
using Kind = CommandTraits::Kind;

bool Is(std::string_view word, std::string_view name) { return EqualsIgnoreCase(word, name); }

bool IsOk(const RespValue& reply) {
  return reply.type == RespValue::Type::kSimple && reply.text == "OK";
}

bool IsClientReply(std::span<const std::string> words, std::string_view mode) {
  return words.size() == 3 && Is(words[0], "client") && Is(words[1], "reply") && Is(words[2], mode);
}

// What CLIENT sets for its own connection.
bool IsSetting(std::string_view subcommand) {
  constexpr std::string_view kSettings[] = {"attributes", "consistency", "no-evict", "no-touch",
                                            "setname"};
  return std::ranges::any_of(kSettings, [&](std::string_view one) { return Is(subcommand, one); });
}

}  // namespace

SessionState::SessionState(const Beginning& beginning) : database_(beginning.database) {
  if (!beginning.login.empty()) restore_["0 auth"] = beginning.login;
  if (beginning.resp3) restore_["1 hello"] = {"HELLO", "3"};
  if (!beginning.consistency.empty()) restore_["2 consistency"] = beginning.consistency;
}

bool SessionState::Concerns(Kind kind, std::span<const std::string_view> words) {
  if (kind != Kind::kPlain) return true;
  constexpr std::string_view kNames[] = {"client", "select", "unwatch", "watch"};
  return std::ranges::any_of(kNames, [&](std::string_view name) { return Is(words[0], name); });
}

void SessionState::EndTransaction() {
  in_transaction_ = false;
  queued_database_ = -1;
  queued_.clear();
  repeatable_ = true;
  watched_.clear();
}

void SessionState::Answered(Kind kind, const Words& words, const RespValue& reply) {
  if (kind == Kind::kExec || kind == Kind::kDiscard) {
    // A refused EXEC ends the transaction too, except one that was not begun.
    if (in_transaction_ && reply.type == RespValue::Type::kArray && queued_database_ >= 0)
      database_ = queued_database_;
    return EndTransaction();
  }
  if (reply.is_error()) return;
  if (kind == Kind::kReset) {
    *this = SessionState(Beginning{});
  } else if (Is(words[0], "select") && words.size() == 2) {
    (in_transaction_ ? queued_database_ : database_) = std::atoi(words[1].c_str());
  } else if (in_transaction_) {
    return;  // It is only queued.
  } else if (kind == Kind::kMulti) {
    in_transaction_ = true;
  } else if (Is(words[0], "watch")) {
    watched_ = words[1];
  } else if (Is(words[0], "unwatch")) {
    watched_.clear();
  } else if (Is(words[0], "auth") && IsOk(reply)) {
    restore_["0 auth"] = words;
  } else if (Is(words[0], "hello") && words.size() > 1) {
    restore_["1 hello"] = words;
  } else if (IsOk(reply) && words.size() > 2 && IsSetting(words[1])) {
    restore_["2 " + ToLower(words[1])] = words;
  }
}

std::vector<Words> SessionState::Setup() const {
  std::vector<Words> commands;
  for (const auto& [what, command] : restore_) commands.push_back(command);
  if (database_ != 0) commands.push_back({"SELECT", std::to_string(database_)});
  return commands;
}

bool SessionState::HasReply(std::span<const std::string> words) {
  if (in_transaction_ && !replies_off_) return true;
  if (IsClientReply(words, "on")) {
    replies_off_ = false;
    return true;
  }
  const bool skipped = std::exchange(skip_reply_, false);
  if (IsClientReply(words, "off")) replies_off_ = true;
  if (replies_off_) return false;
  skip_reply_ = IsClientReply(words, "skip");
  return !skip_reply_ && !skipped;
}

}  // namespace mydis
