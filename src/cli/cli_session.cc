#include "cli/cli_session.h"

#include <fmt/core.h>
#include <poll.h>
#include <strings.h>

#include <cstdio>
#include <utility>

#include "base/ascii.h"
#include "base/clock.h"
#include "cli/addresses.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;

constexpr uint64_t kShownAfterUs = 500'000;

bool Is(const std::string& word, const char* name) { return strcasecmp(word.c_str(), name) == 0; }

bool Is(const Words& words, const char* name, const char* subcommand) {
  return words.size() >= 2 && Is(words[0], name) && Is(words[1], subcommand);
}

bool IsOk(const RespValue& reply) {
  return reply.type == RespValue::Type::kSimple && reply.text == "OK";
}

// Commands whose replies are text for people already.
bool IsReport(const Words& words) {
  return Is(words[0], "info") || Is(words[0], "lolwut") || Is(words, "client", "list") ||
         Is(words, "client", "info") || Is(words, "memory", "doctor") ||
         Is(words, "memory", "malloc-stats") || Is(words, "cluster", "nodes") ||
         Is(words, "cluster", "info") || Is(words, "latency", "doctor") ||
         Is(words, "latency", "graph") || Is(words, "debug", "htstats");
}

bool IsClientReply(const Words& words, const char* mode) {
  return words.size() == 3 && Is(words, "client", "reply") && Is(words[2], mode);
}

bool IsSubscription(const Words& words) {
  return words.size() > 1 &&
         (Is(words[0], "subscribe") || Is(words[0], "psubscribe") || Is(words[0], "ssubscribe"));
}

void Say(std::string_view line) {
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", line);
}

}  // namespace

CliSession::CliSession(Options options, Interrupt* interrupt)
    : options_(std::move(options)), interrupt_(interrupt), connection_(options_.connection) {
  database_ = options_.database;
  connection_.OnPush([this](RespValue push) {
    if (options_.interactive) fmt::print("{}", FormatForPeople(push));
  });
  if (!options_.login.empty()) restore_["0 auth"] = options_.login;
  if (options_.resp3) restore_["1 hello"] = {"HELLO", "3"};
  if (!options_.consistency.empty()) restore_["2 consistency"] = options_.consistency;
}

bool CliSession::Connect() {
  const Status status = connection_.Connect();
  if (!status.ok()) {
    Say(ConnectAdvice(status));
    return false;
  }
  return Restore();
}

// The order of the keys of restore_ is the order to send them in: authentication goes first.
bool CliSession::Restore() {
  Forget();
  std::vector<Words> commands;
  for (const auto& [what, command] : restore_) commands.push_back(command);
  if (database_ != 0) commands.push_back({"SELECT", std::to_string(database_)});
  if (commands.empty()) return true;
  const Result<std::vector<RespValue>> replies = connection_.Pipeline(commands);
  if (!replies) {
    Say(replies.error().message());
    return false;
  }
  for (size_t i = 0; i < replies->size(); ++i) {
    if (!(*replies)[i].is_error()) continue;
    Say(fmt::format("{} {}: {}", commands[i][0],
                    Is(commands[i][0], "auth") ? "..." : commands[i][1], (*replies)[i].text));
    if (Is(commands[i][0], "select")) database_ = 0;
    if (!options_.interactive) return false;
  }
  return true;
}

void CliSession::Forget() {
  in_transaction_ = false;
  queued_database_ = -1;
  replies_off_ = false;
  skip_reply_ = false;
}

// An idle connection may have ended since the last command: nothing was lost with it, except a
// transaction.
bool CliSession::EnsureConnected() {
  if (connection_.connected() && connection_.Alive()) return true;
  const bool lost = connection_.connected();
  const std::string before = connection_.address().ToString();
  const bool transaction = in_transaction_;
  connection_.Close();
  Forget();
  if (lost && !options_.interactive) {
    Say(fmt::format("Error: the connection to {} has ended; the command was not sent.", before));
    return false;
  }
  if (lost) Say(fmt::format("The connection to {} has ended; connecting again.", before));
  // Known whether or not there is another connection: its EXEC was not sent.
  if (transaction)
    Say("The transaction ended with its connection and has changed nothing: begin it again.");
  return Connect() && !transaction;
}

// Says what became of a command whose connection was lost, and goes on with another one.
bool CliSession::Failed(const Words& words, const Status& why) {
  const bool interrupted = why.code() == ErrorCode::kBusy;
  if (interrupted) {
    interrupt_->Take();
    Say("Interrupted; the command may or may not take effect.");
  } else {
    Say(fmt::format("Error: {}.", why.message()));
  }
  if (in_transaction_) {
    const bool in_doubt = Is(words[0], "exec") && why.code() != ErrorCode::kNotCommitted;
    Say(in_doubt ? "The transaction may or may not have changed anything: look before you begin it "
                   "again."
                 : "The transaction ended with its connection and has changed nothing: begin it "
                   "again.");
  }
  Forget();
  if (options_.interactive && Connect())
    Say(fmt::format("Connected to {}.", connection_.address().ToString()));
  return false;
}

// False: the server answers nothing to this one, because of CLIENT REPLY. In a transaction that
// command is queued like others.
bool CliSession::HasReply(const Words& words) {
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

bool CliSession::RunWithoutReply(const Words& words) {
  if (Status s = connection_.Send(words); !s.ok()) return Failed(words, s);
  if (options_.interactive && IsClientReply(words, "off"))
    Say("Nothing is answered from now on; CLIENT REPLY ON ends that.");
  return true;
}

bool CliSession::Run(const Words& words) {
  if (!EnsureConnected()) return false;
  if (!in_transaction_ && (IsSubscription(words) || Is(words[0], "monitor"))) return Stream(words);
  if (!HasReply(words)) return RunWithoutReply(words);
  const uint64_t start = SystemClock().MonotonicUs();
  const Result<RespValue> reply = connection_.Command(words);
  if (!reply) return Failed(words, reply.error());
  Follow(words, *reply);
  Print(words, *reply);
  const uint64_t took = SystemClock().MonotonicUs() - start;
  if (options_.interactive && options_.style == ReplyStyle::kPeople && took >= kShownAfterUs)
    fmt::print("({:.2f}s)\n", static_cast<double>(took) / 1e6);
  std::fflush(stdout);
  return !reply->is_error();
}

bool CliSession::Stream(const Words& words) {
  const bool monitor = Is(words[0], "monitor");
  Status status = connection_.Send(words);
  if (status.ok() && !monitor && options_.style == ReplyStyle::kPeople)
    fmt::print("Reading messages... (press Ctrl-C to quit)\n");
  while (status.ok()) {
    std::fflush(stdout);
    const Result<RespValue> value = connection_.Receive();
    if (!value) {
      status = value.error();
      break;
    }
    Print(words, *value);
    if (value->is_error()) return false;
    // It may be quiet for long once it has begun.
    connection_.set_reply_timeout_ms(-1);
  }
  connection_.set_reply_timeout_ms(options_.connection.reply_timeout_ms);
  const bool interrupted = status.code() == ErrorCode::kBusy;
  if (interrupted) {
    interrupt_->Take();
    fmt::print("\n");
  } else {
    Say(fmt::format("Error: {}.", status.message()));
  }
  // A stream ends only with its connection, so the session goes on with another one.
  if (options_.interactive) Connect();
  return interrupted;
}

void CliSession::Print(const Words& words, const RespValue& reply) {
  const bool monitor = Is(words[0], "monitor");
  const bool apart = options_.errors_apart && options_.style != ReplyStyle::kJson;
  // A program must not take an error for an answer.
  if (reply.is_error() && apart)
    return Say(options_.style == ReplyStyle::kPeople ? "(error) " + reply.text : reply.text);
  std::string text;
  if (options_.style != ReplyStyle::kJson && (IsReport(words) || monitor)) {
    text = FormatRaw(reply);
    if (monitor) text += '\n';
  } else {
    text = FormatReply(reply, options_.style, options_.delimiter);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// Keeps up with what a command has changed for its connection.
void CliSession::Follow(const Words& words, const RespValue& reply) {
  if (Is(words[0], "exec") || Is(words[0], "discard")) {
    // A refused EXEC ends the transaction too, except one that was not begun.
    if (in_transaction_ && reply.type == RespValue::Type::kArray && queued_database_ >= 0)
      database_ = queued_database_;
    Forget();
    return;
  }
  if (reply.is_error()) return;
  if (Is(words[0], "select") && words.size() == 2) {
    const int database = std::atoi(words[1].c_str());
    (in_transaction_ ? queued_database_ : database_) = database;
  } else if (Is(words[0], "multi")) {
    in_transaction_ = true;
  } else if (Is(words[0], "reset")) {
    Forget();
    database_ = 0;
    restore_.clear();
  } else if (Is(words[0], "auth") && IsOk(reply)) {
    restore_["0 auth"] = words;
  } else if (Is(words[0], "hello") && words.size() > 1) {
    restore_["1 hello"] = words;
  } else if (IsOk(reply) &&
             (Is(words, "client", "setname") || Is(words, "client", "consistency"))) {
    restore_["2 " + ToLower(words[1])] = words;
  }
}

bool CliSession::Repeat(const Words& words, int64_t times, int64_t interval_ms) {
  bool good = true;
  for (int64_t i = 0; times < 0 || i < times; ++i) {
    if (i > 0 && interval_ms > 0 && !Sleep(interval_ms)) break;
    good = Run(words) && good;
    if (interrupt_ != nullptr && interrupt_->Take()) break;
    if (!connection_.connected()) break;
  }
  return good;
}

// False: Ctrl-C was pressed.
bool CliSession::Sleep(int64_t ms) {
  pollfd fd = {interrupt_ == nullptr ? -1 : interrupt_->fd(), POLLIN, 0};
  return poll(&fd, 1, static_cast<int>(ms)) == 0;
}

RespValue CliSession::Ask(const Words& words) {
  if (!connection_.connected() || in_transaction_ || replies_off_ || skip_reply_) return {};
  Result<RespValue> reply = connection_.Command(words);
  return reply ? std::move(*reply) : RespValue();
}

Result<RespValue> CliSession::Call(const Words& words) {
  if (!connection_.connected()) {
    if (Status s = connection_.Connect(); !s.ok())
      return Fail(ErrorCode::kUnavailable, ConnectAdvice(s));
    if (!Restore()) return Fail(ErrorCode::kUnavailable, "the connection cannot be used");
  }
  Result<RespValue> reply = connection_.Command(words);
  if (reply && reply->is_error()) return Fail(ErrorCode::kUnavailable, reply->text);
  return reply;
}

std::string CliSession::Prompt() const {
  if (!connection_.connected()) return "not connected> ";
  std::string prompt = connection_.address().ToString();
  if (database_ != 0) prompt += fmt::format("[{}]", database_);
  if (in_transaction_) prompt += "(TX)";
  return prompt + "> ";
}

}  // namespace mydis
