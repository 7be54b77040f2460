// How a connection is made, and told what the one before it was told.
#include <fmt/format.h>
#include <poll.h>

#include <utility>

#include "base/ascii.h"
#include "base/clock.h"
#include "cli/addresses.h"
#include "cli/retrying_connection.h"
#include "client/reply_status.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;

constexpr int kPauseMs = 200;
// The revision of no key.
constexpr std::string_view kNoRevision = "9223372036854775807";

uint64_t NowUs() { return SystemClock().MonotonicUs(); }

bool IsRefused(const RespValue& reply) {
  bool doubtful = false;
  return reply.is_error() && IsRefusal(reply.text, &doubtful);
}

// Without what the command says of passwords.
std::string Failure(const Words& command, const RespValue& reply) {
  const bool secret = EqualsIgnoreCase(command[0], "auth");
  return fmt::format("{} {}: {}", command[0], secret ? "..." : command[1], reply.text);
}

}  // namespace

Status RetryingConnection::Connect() {
  state_.EndTransaction();
  state_.EndSilence();
  lost_us_ = 0;
  if (Status s = connection_.Connect(); !s.ok())
    return {s.code() == ErrorCode::kBusy ? s.code() : ErrorCode::kUnavailable, ConnectAdvice(s)};
  // Of several, only one that has answered is taken.
  heard_ = options_.connection.addresses.size() > 1;
  numbers_ = Numbers::kUnasked;
  return Restore(false);
}

// Tries the addresses in turn until one of them takes what is to be restored.
Status RetryingConnection::Reconnect(Status why) {
  const bool first = lost_us_ == 0;
  if (first) {
    lost_us_ = NowUs();
    const std::string here = address().ToString();
    notice_(by_refusal_
                ? fmt::format("{} refuses ({}); trying another instance.", here, why.message())
            : connection_.stood_still()
                ? fmt::format("{} stands still; trying another instance.", here)
                : fmt::format("The connection to {} has ended; connecting again.", here));
  }
  for (bool pause = !first;; pause = true) {
    if (NowUs() - lost_us_ > static_cast<uint64_t>(options_.patience_ms) * 1000)
      return FirstFate(ErrorCode::kNotCommitted,
                       fmt::format("no instance has answered for {} s ({})",
                                   options_.patience_ms / 1000, why.message()));
    if (pause && !Pause()) return FirstFate(ErrorCode::kBusy, "Interrupted");
    connection_.PreferNext();
    why = connection_.Connect();
    if (why.ok()) {
      // It may stand still, too.
      connection_.set_reply_timeout_ms(options_.patience_ms);
      why = Restore(true);
      connection_.set_reply_timeout_ms(options_.connection.reply_timeout_ms);
    }
    if (why.ok()) return why;
    connection_.Close();
    if (why.code() == ErrorCode::kBusy) return FirstFate(ErrorCode::kBusy, "Interrupted");
    if (why.code() == ErrorCode::kInvalid)
      return FirstFate(ErrorCode::kNotCommitted, why.message());
  }
}

// False: Ctrl-C was pressed.
bool RetryingConnection::Pause() const {
  pollfd fd = {options_.connection.interrupt_fd, POLLIN, 0};
  return poll(&fd, 1, kPauseMs) == 0;
}

// `again`: there was a connection before. kInvalid: another instance would say the same.
Status RetryingConnection::Restore(bool again) {
  if (Status s = RestoreSettings(again); !s.ok()) return s;
  if (!again) return Status::Ok();
  // What was seen at another instance is to be seen here, too: this one has to catch up.
  if (seen_ && numbers_ == Numbers::kKnown) {
    const Words barrier = {"STRONG", "DBSIZE"};
    const Result<RespValue> reply = connection_.Command(barrier);
    if (!reply) return reply.error();
    if (IsRefused(*reply)) return {ErrorCode::kUnavailable, reply->text};
  }
  return RestoreTransaction();
}

Status RetryingConnection::RestoreSettings(bool again) {
  std::vector<Words> commands = state_.Setup();
  const size_t told = commands.size();
  if (again) commands.push_back({"COMMAND", "INFO", "NUMBERED"});
  if (commands.empty()) return Status::Ok();
  const Result<std::vector<RespValue>> replies = connection_.Pipeline(commands);
  if (!replies) return replies.error();
  heard_ = true;
  for (size_t i = 0; i < told; ++i) {
    const RespValue& reply = (*replies)[i];
    if (!reply.is_error()) continue;
    if (again && IsRefused(reply)) return {ErrorCode::kUnavailable, reply.text};
    if (!options_.goes_on_unrestored) return {ErrorCode::kInvalid, Failure(commands[i], reply)};
    notice_(Failure(commands[i], reply));
    if (EqualsIgnoreCase(commands[i][0], "select")) state_.ForgetDatabase();
  }
  return again ? TakeNumbers(replies->back()) : Status::Ok();
}

// Whether the other side knows of numbers.
Status RetryingConnection::Ask() {
  const Words question = {"COMMAND", "INFO", "NUMBERED"};
  const Result<RespValue> reply = connection_.Command(question);
  if (!reply) return reply.error();
  heard_ = true;
  return TakeNumbers(*reply);
}

// What COMMAND INFO says: null for a command that there is not.
Status RetryingConnection::TakeNumbers(const RespValue& reply) {
  if (lost_us_ != 0 && IsRefused(reply)) return {ErrorCode::kUnavailable, reply.text};
  const bool known = reply.type == RespValue::Type::kArray && reply.elements.size() == 1 &&
                     reply.elements[0].is_aggregate();
  numbers_ = known ? Numbers::kKnown : Numbers::kUnknown;
  return Status::Ok();
}

// What was queued is queued again. What was watched may have changed meanwhile: EXEC answers as if
// it had, unless it was carried out already, which its number shows.
Status RetryingConnection::RestoreTransaction() {
  const std::string& watched = state_.watched();
  std::vector<Words> commands;
  if (!watched.empty()) {
    if (numbers_ != Numbers::kKnown)
      return {ErrorCode::kInvalid, "the keys that were watched may have changed"};
    commands.push_back({"MYDIS", "WATCH", watched, std::string(kNoRevision)});
  }
  if (state_.in_transaction()) commands.push_back({"MULTI"});
  for (const Words& command : commands) {
    const Result<RespValue> reply = connection_.Command(command);
    if (!reply) return reply.error();
    if (reply->is_error()) return {ErrorCode::kInvalid, Failure({command[0], "..."}, *reply)};
  }
  if (state_.queued().empty()) return Status::Ok();
  std::string out;
  for (const EncodedCommand& command : state_.queued()) {
    RespWriter(out, 2).ArrayHeader(command.words);
    out += command.bulks;
  }
  if (Status s = connection_.SendEncoded(out); !s.ok()) return s;
  for (size_t i = 0; i < state_.queued().size(); ++i) {
    const Result<RespValue> reply = connection_.ReceiveReply();
    if (!reply) return reply.error();
  }
  return Status::Ok();
}

}  // namespace mydis
