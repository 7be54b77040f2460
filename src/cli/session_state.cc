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
  queued_.clear();
  queued_words_.clear();
  accepted_ = 0;
  repeatable_ = true;
  watched_.clear();
}

void SessionState::Answered(Kind kind, const Words& words, const RespValue& reply) {
  // A refused EXEC ends the transaction too, except one that was not begun.
  if (kind == Kind::kExec) return AnsweredExec(reply);
  if (kind == Kind::kDiscard) return EndTransaction();
  if (reply.is_error()) return;
  if (kind == Kind::kReset) {
    *this = SessionState(Beginning{});
  } else if (in_transaction_) {
    // It is only queued, as Queued was told.
    queued_words_.emplace_back(accepted_ - 1, words);
  } else if (Is(words[0], "select") && words.size() == 2) {
    database_ = std::atoi(words[1].c_str());
  } else if (kind == Kind::kMulti) {
    in_transaction_ = true;
  } else if (Is(words[0], "watch")) {
    watched_ = words[1];
  } else if (Is(words[0], "unwatch")) {
    watched_.clear();
  } else if (Is(words[0], "auth") && IsOk(reply)) {
    restore_["0 auth"] = words;
  } else if (Is(words[0], "hello") && words.size() > 1) {
    LearnHello(words);
  } else if (IsOk(reply) && words.size() > 2 && IsSetting(words[1])) {
    restore_["2 " + ToLower(words[1])] = words;
  }
}

void SessionState::AnsweredExec(const RespValue& reply) {
  const auto told = std::exchange(queued_words_, {});
  const bool executed = in_transaction_ && reply.type == RespValue::Type::kArray;
  EndTransaction();
  if (!executed) return;
  for (const auto& [place, words] : told)
    if (place < reply.elements.size()) Answered(Kind::kPlain, words, reply.elements[place]);
}

// HELLO version [AUTH user password] [SETNAME name]: as three commands, each of which may be said
// anew.
void SessionState::LearnHello(const Words& words) {
  restore_["1 hello"] = {"HELLO", words[1]};
  for (size_t i = 2; i + 1 < words.size(); ++i) {
    if (Is(words[i], "auth") && i + 2 < words.size()) {
      restore_["0 auth"] = {"AUTH", words[i + 1], words[i + 2]};
      i += 2;
    } else if (Is(words[i], "setname")) {
      restore_["2 setname"] = {"CLIENT", "SETNAME", words[++i]};
    }
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
