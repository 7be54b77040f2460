#include "cli/cli_session.h"

#include <fmt/core.h>
#include <poll.h>
#include <strings.h>

#include <cstdio>
#include <utility>

#include "base/ascii.h"
#include "base/clock.h"
#include "cli/command_traits.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;

constexpr uint64_t kShownAfterUs = 500'000;

bool Is(const std::string& word, const char* name) { return strcasecmp(word.c_str(), name) == 0; }

bool Is(const Words& words, const char* name, const char* subcommand) {
  return words.size() >= 2 && Is(words[0], name) && Is(words[1], subcommand);
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

bool IsExec(const Words& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return TraitsOf(views).kind == CommandTraits::Kind::kExec;
}

bool IsSubscription(const Words& words) {
  return words.size() > 1 &&
         (Is(words[0], "subscribe") || Is(words[0], "psubscribe") || Is(words[0], "ssubscribe"));
}

// Whether it only says that a subscription, or MONITOR, has begun.
bool Confirms(const Words& words, const RespValue& value) {
  if (value.type == RespValue::Type::kSimple) return value.text == "OK";
  return !value.elements.empty() && Is(value.elements[0].text, words[0].c_str());
}

void Say(std::string_view line) {
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", line);
}

}  // namespace

CliSession::CliSession(Options options, Interrupt* interrupt)
    : options_(std::move(options)), interrupt_(interrupt), retrying_(options_.retrying, Say) {
  retrying_.connection().OnPush([this](RespValue push) {
    if (options_.interactive) fmt::print("{}", FormatForPeople(push));
  });
}

bool CliSession::Connect() {
  const Status status = retrying_.Connect();
  if (!status.ok()) Say(status.message());
  return status.ok();
}

// Says what became of a command that got no answer, and what of the transaction that was open.
bool CliSession::Failed(const Status& why, bool executes, bool transaction) {
  const bool interrupted = why.code() == ErrorCode::kBusy;
  if (interrupted) interrupt_->Take();
  Say(interrupted ? fmt::format("{}.", why.message()) : fmt::format("Error: {}.", why.message()));
  if (transaction) {
    Say(executes && retrying_.in_doubt()
            ? "The transaction may or may not have changed anything: look before you begin it "
              "again."
            : "The transaction ended with its connection and has changed nothing: begin it "
              "again.");
  }
  if (options_.interactive && Connect())
    Say(fmt::format("Connected to {}.", retrying_.address().ToString()));
  return false;
}

bool CliSession::RunWithoutReply(const Words& words) {
  if (Status s = retrying_.connection().Send(words); !s.ok()) {
    retrying_.state().EndSilence();
    return Failed(s, false, false);
  }
  if (options_.interactive && IsClientReply(words, "off"))
    Say("Nothing is answered from now on; CLIENT REPLY ON ends that.");
  return true;
}

// Connects if need be, or says why not.
bool CliSession::IsConnected() {
  if (retrying_.connected()) return true;
  if (!std::exchange(lost_, false)) return Connect();
  const Status status = retrying_.Recover({ErrorCode::kUnavailable, "the connection was lost"});
  return status.ok() || Failed(status, false, false);
}

bool CliSession::Run(const Words& words) {
  if (!IsConnected()) return false;
  SessionState& state = retrying_.state();
  const bool transaction = state.in_transaction();
  if (!transaction && (IsSubscription(words) || Is(words[0], "monitor"))) return Stream(words);
  if (!state.HasReply(words)) return RunWithoutReply(words);
  const uint64_t start = SystemClock().MonotonicUs();
  const Result<RespValue> reply = retrying_.Command(words);
  // It has no other answer.
  if (!reply && reply.error().code() == ErrorCode::kUnknown && Is(words[0], "shutdown"))
    return true;
  if (!reply) return Failed(reply.error(), IsExec(words), transaction);
  Print(words, *reply);
  const uint64_t took = SystemClock().MonotonicUs() - start;
  if (options_.interactive && options_.style == ReplyStyle::kPeople && took >= kShownAfterUs)
    fmt::print("({:.2f}s)\n", static_cast<double>(took) / 1e6);
  std::fflush(stdout);
  return !reply->is_error();
}

// Prints what comes until the connection ends or the user ends it; kInvalid: the command is
// refused. `again`: it was confirmed over another connection, and its confirmation is not printed
// again.
std::optional<Status> CliSession::Listen(const Words& words, bool again) {
  RemoteConnection& connection = retrying_.connection();
  if (Status s = connection.Send(words); !s.ok()) return s;
  while (true) {
    const Result<RespValue> value = connection.Receive();
    if (!value) return Status(value.error().code(), connection.loss());
    retrying_.Heard();
    if (!again || !Confirms(words, *value)) Print(words, *value);
    std::fflush(stdout);
    if (value->is_error()) return std::nullopt;
    // It may be quiet for long once it has begun.
    connection.set_reply_timeout_ms(-1);
  }
}

bool CliSession::Stream(const Words& words) {
  if (!Is(words[0], "monitor") && options_.style == ReplyStyle::kPeople)
    fmt::print("Reading messages... (press Ctrl-C to quit)\n");
  Status status;
  for (std::optional<Status> end = Listen(words, false); end; end = Listen(words, true)) {
    status = retrying_.Recover(*end);
    if (!status.ok()) break;
  }
  retrying_.connection().set_reply_timeout_ms(options_.retrying.connection.reply_timeout_ms);
  if (status.ok()) return false;
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

bool CliSession::Repeat(const Words& words, int64_t times, int64_t interval_ms) {
  bool good = true;
  for (int64_t i = 0; times < 0 || i < times; ++i) {
    if (i > 0 && interval_ms > 0 && !Sleep(interval_ms)) break;
    good = Run(words) && good;
    if (interrupt_ != nullptr && interrupt_->Take()) break;
    if (!retrying_.connected()) break;
  }
  return good;
}

// False: Ctrl-C was pressed.
bool CliSession::Sleep(int64_t ms) {
  pollfd fd = {interrupt_ == nullptr ? -1 : interrupt_->fd(), POLLIN, 0};
  return poll(&fd, 1, static_cast<int>(ms)) == 0;
}

RespValue CliSession::Ask(const Words& words) {
  if (!retrying_.connected() || retrying_.state().in_transaction()) return {};
  if (retrying_.state().replies_off()) return {};
  Result<RespValue> reply = retrying_.connection().Command(words);
  if (reply) return *std::move(reply);
  lost_ = true;
  return {};
}

Result<RespValue> CliSession::Call(const Words& words) {
  if (!retrying_.connected()) {
    if (Status s = retrying_.Connect(); !s.ok()) return Fail(ErrorCode::kUnavailable, s.message());
  }
  Result<RespValue> reply = retrying_.Command(words);
  if (reply && reply->is_error()) return Fail(ErrorCode::kUnavailable, reply->text);
  return reply;
}

Result<std::vector<RespValue>> CliSession::CallAll(const std::vector<Words>& commands) {
  std::vector<RespValue> replies;
  size_t started = 0;
  while (replies.size() < commands.size()) {
    while (started < commands.size() && !retrying_.full())
      retrying_.Start(std::span<const std::string>(commands[started++]));
    Result<RespValue> reply = retrying_.Next();
    if (!reply) return Fail(reply.error());
    replies.push_back(*std::move(reply));
  }
  return replies;
}

std::string CliSession::Prompt() const {
  if (!connected()) return "not connected> ";
  const SessionState& state = retrying_.state();
  std::string prompt = retrying_.address().ToString();
  if (state.database() != 0) prompt += fmt::format("[{}]", state.database());
  if (state.in_transaction()) prompt += "(TX)";
  return prompt + "> ";
}

}  // namespace mydis
