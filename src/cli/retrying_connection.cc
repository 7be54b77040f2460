#include "cli/retrying_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "base/random.h"
#include "client/pending_call.h"
#include "client/reply_status.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

using Kind = CommandTraits::Kind;

// So much is sent at once, unless there is nothing else to wait for.
constexpr size_t kSendAt = 64 << 10;

// An instance that is silent for so long is asked whether it lives.
constexpr int64_t kSilenceMs = 5000;

// Of a word as it is sent: its length, if that is no longer than six digits, and the line ends.
constexpr size_t kBulkHeader = 11;

uint64_t NowUs() { return SystemClock().MonotonicUs(); }

EncodedCommand Encode(std::span<const std::string_view> words) {
  EncodedCommand command{.words = static_cast<uint32_t>(words.size())};
  size_t size = 0;
  for (const std::string_view word : words) size += word.size() + kBulkHeader;
  command.bulks.reserve(size);
  RespWriter writer(command.bulks, 2);
  for (const std::string_view word : words) writer.Bulk(word);
  return command;
}

std::string NewClient() {
  std::string out;
  RespWriter writer(out, 2);
  writer.Bulk("NUMBERED");
  writer.Bulk(fmt::format("{:016x}{:016x}", RandomSeed(), RandomSeed()));
  return out;
}

// With one address there is nobody else to go to.
RetryingConnection::Options WithSilence(RetryingConnection::Options options) {
  if (options.connection.addresses.size() > 1) options.connection.silence_ms = kSilenceMs;
  return options;
}

// Whether an error leaves open what has become of an earlier attempt.
bool TellsOnlyOfItself(std::string_view error) {
  bool doubtful = false;
  return (IsRefusal(error, &doubtful) && !doubtful) || IsSaidBeforehand(error);
}

}  // namespace

RetryingConnection::RetryingConnection(Options options,
                                       std::function<void(const std::string&)> notice)
    : options_(WithSilence(std::move(options))),
      notice_(std::move(notice)),
      connection_(options_.connection),
      state_(options_.beginning),
      numbered_(NewClient()) {}

// ---- Commands ----

void RetryingConnection::Start(std::span<const std::string> words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  Start(views, TraitsOf(views));
}

void RetryingConnection::Start(std::span<const std::string_view> words,
                               const CommandTraits& traits) {
  Call& call = calls_.emplace_back(Call{.encoded = Encode(words), .traits = traits});
  const auto command = words.subspan(traits.prefixes);
  if (SessionState::Concerns(traits.kind, command))
    call.words.assign(command.begin(), command.end());
  bytes_ += call.bytes();
  unsent_bytes_ += call.bytes();
}

Result<RespValue> RetryingConnection::Command(std::span<const std::string> words) {
  MYDIS_ASSERT(calls_.empty(), "the answer would be another command's");
  Start(words);
  return Next();
}

Result<RespValue> RetryingConnection::Next() {
  MYDIS_ASSERT(!calls_.empty(), "start something first");
  Result<RespValue> reply = Exchange();
  while (!reply || GoesElsewhere(*reply)) {
    by_refusal_ &= reply.has_value();
    const Status why = reply ? Status(ErrorCode::kUnavailable, std::move(reply->text))
                             : Status(reply.error().code(), connection_.loss());
    connection_.Close();
    if (Status s = Recover(why); !s.ok()) {
      GiveUp();
      reply = Fail(std::move(s));
      return reply;
    }
    reply = Exchange();
  }
  Take(*reply);
  return reply;
}

Result<RespValue> RetryingConnection::Exchange() {
  if (!early_.empty()) {
    RespValue reply = std::move(early_.front());
    early_.pop_front();
    return reply;
  }
  if (early_end_) return Fail(*std::exchange(early_end_, std::nullopt));
  // What keeps one instance busy may do so for long, and is done by no other.
  connection_.set_silence_ms(IsOfOneInstance(calls_.front()) ? 0 : options_.connection.silence_ms);
  // It may have ended while nothing was on its way, which leaves nothing in doubt.
  if (sent_ == 0 && !connection_.Alive()) return Fail(connection_.EndIdle());
  if (sent_ == 0 || unsent_bytes_ >= kSendAt) {
    if (Status s = SendWaiting(); !s.ok()) return Fail(std::move(s));
  }
  return connection_.ReceiveReply();
}

Status RetryingConnection::SendWaiting() {
  const size_t before = sent_;
  if (before == 0) {
    in_multi_ = state_.in_transaction();
    multi_repeats_ = state_.repeatable();
  }
  std::string out;
  const uint64_t now_us = NowUs();
  for (; sent_ < calls_.size(); ++sent_) {
    Call& call = calls_[sent_];
    const bool first = sent_ == 0;
    // After a loss the first goes alone, too: were it refused, those behind it would overtake it.
    if (!first && (lost_us_ != 0 || last_alone_ || GoesAlone(call) || MustAsk(call))) break;
    if (MustAsk(call)) {
      if (Status s = Ask(); !s.ok()) return s;
    }
    if (call.doubt_us != 0 && (numbers_ != Numbers::kKnown || !MayRepeat(call))) {
      if (!first) break;
      may_not_repeat_ = true;
      return {ErrorCode::kUnknown, ""};
    }
    last_alone_ = GoesAlone(call);
    Put(call, now_us, out);
  }
  if (out.empty()) return Status::Ok();
  Status status = connection_.SendEncoded(out);
  // Nothing has left this side.
  if (status.code() == ErrorCode::kNotCommitted && before == 0) {
    for (Call& call : calls_) call.sent_us = 0;
  }
  return status;
}

// A transaction's EXEC will want a number.
bool RetryingConnection::MustAsk(const Call& call) const {
  if (numbers_ != Numbers::kUnasked || in_multi_) return false;
  return call.traits.resend == Resend::kNumbered || call.traits.kind == Kind::kMulti;
}

// Neither behind a command without an answer nor before one that is sent.
bool RetryingConnection::GoesAlone(const Call& call) const {
  // Those behind it are another user's.
  if (call.traits.kind == Kind::kLogin || call.traits.kind == Kind::kReset) return true;
  if (in_multi_) return false;
  if (call.traits.kind == Kind::kMulti) return !multi_works_;
  // Of it alone it will not be known what has become of it.
  return call.traits.resend == Resend::kNever && numbers_ == Numbers::kKnown;
}

void RetryingConnection::Put(Call& call, uint64_t now_us, std::string& out) {
  const Kind kind = call.traits.kind;
  const bool ends = kind == Kind::kExec || kind == Kind::kDiscard || kind == Kind::kReset;
  call.queued = in_multi_ && !ends;
  const bool again = call.traits.resend != Resend::kNever;
  if (call.queued) multi_repeats_ &= again;
  // What a transaction does to one instance is done again with it.
  if (kind == Kind::kExec && in_multi_ && !multi_repeats_) call.traits.resend = Resend::kNever;
  if (kind == Kind::kMulti && !in_multi_) in_multi_ = multi_repeats_ = true;
  if (ends) in_multi_ = false;
  if (call.number == 0 && !call.queued && numbers_ == Numbers::kKnown &&
      call.traits.resend == Resend::kNumbered)
    call.number = next_number_++;
  call.sent_us = now_us;
  RespWriter writer(out, 2);
  writer.ArrayHeader(call.encoded.words + (call.number == 0 ? 0u : 4u));
  if (call.number != 0) {
    out += numbered_;
    writer.BulkInteger(static_cast<int64_t>(call.number));
    writer.BulkInteger(static_cast<int64_t>(oldest_number_));
  }
  out += call.encoded.bulks;
  unsent_bytes_ -= call.bytes();
}

void RetryingConnection::Take(RespValue& reply) {
  Heard();
  seen_ = true;
  Call& call = calls_.front();
  bytes_ -= call.bytes();
  if (call.doubt_us != 0 && reply.is_error() && TellsOnlyOfItself(reply.text))
    reply.text =
        fmt::format("UNKNOWN the command may or may not have taken effect: {}", reply.text);
  if (--sent_ == 0) last_alone_ = false;
  if (call.number != 0) oldest_number_ = call.number + 1;
  const Kind kind = call.traits.kind;
  if (kind == Kind::kMulti && !reply.is_error()) multi_works_ = true;
  if (kind == Kind::kLogin || kind == Kind::kReset) {
    multi_works_ = false;
    if (numbers_ == Numbers::kUnknown) numbers_ = Numbers::kUnasked;
  }
  if (call.queued && state_.in_transaction())
    state_.Queued(std::move(call.encoded), call.traits.resend != Resend::kNever, reply);
  if (!call.words.empty()) state_.Answered(kind, call.words, reply);
  calls_.pop_front();
}

void RetryingConnection::Heard() {
  heard_ = true;
  by_refusal_ = false;
  if (std::exchange(lost_us_, 0) != 0)
    notice_(fmt::format("Connected to {}.", address().ToString()));
}

// ---- Losing a connection ----

bool RetryingConnection::Changes(const Call& call) {
  return !call.queued && call.traits.resend != Resend::kFreely;
}

// Whether it was meant for the instance that was connected to, and no other.
bool RetryingConnection::IsOfOneInstance(const Call& call) const {
  return call.traits.resend == Resend::kNever && !call.queued && !state_.in_transaction() &&
         options_.connection.addresses.size() > 1;
}

bool RetryingConnection::MayRepeat(const Call& call) {
  return call.number != 0 && NowUs() - call.doubt_us <= kRepeatWindowUs;
}

// Whether an instance cannot do it now, another may, and it may be sent there.
bool RetryingConnection::MayGoElsewhere(Call& call, const RespValue& reply) const {
  bool doubtful = false;
  if (!reply.is_error() || !IsRefusal(reply.text, &doubtful) || IsOfOneInstance(call)) return false;
  if (doubtful && Changes(call) && call.number == 0) return false;
  if (!doubtful) call.sent_us = 0;
  return true;
}

// Whether the first of those under way is to be sent elsewhere, since this is its answer: within
// the time that a lost connection leaves; else to each other address once.
bool RetryingConnection::GoesElsewhere(const RespValue& reply) {
  if (!MayGoElsewhere(calls_.front(), reply)) return false;
  if (options_.takes_failures_elsewhere) return true;
  if (lost_us_ == 0) refusals_left_ = options_.connection.addresses.size() - 1;
  if (lost_us_ == 0 || by_refusal_) {
    if (refusals_left_ == 0 || !AreOthersRefused()) return false;
    --refusals_left_;
    by_refusal_ = true;
  }
  return true;
}

// Whether none of those behind the first was carried out: else it would be carried out behind them.
bool RetryingConnection::AreOthersRefused() {
  while (early_.size() + 1 < sent_) {
    if (early_end_) return false;
    Result<RespValue> reply = connection_.ReceiveReply();
    if (!reply) {
      early_end_ = reply.error();
      return false;
    }
    early_.push_back(*std::move(reply));
    Call& call = calls_[early_.size()];
    if (!MayGoElsewhere(call, early_.back()) && Changes(call)) return false;
  }
  return true;
}

// What was sent may have been carried out.
void RetryingConnection::EndAttempts() {
  for (size_t i = 0; i < sent_; ++i) {
    Call& call = calls_[i];
    unsent_bytes_ += call.bytes();
    // What waits for a key can only just have found it.
    const uint64_t since_us = call.traits.blocks ? NowUs() : call.sent_us;
    if (Changes(call) && call.sent_us != 0 && (call.doubt_us == 0 || call.traits.blocks))
      call.doubt_us = since_us;
    call.sent_us = 0;
  }
  sent_ = 0;
  last_alone_ = false;
  early_.clear();
  early_end_.reset();
}

void RetryingConnection::GiveUp() {
  in_doubt_ = calls_.front().doubt_us != 0;
  const auto all = std::ranges::count_if(calls_, [](const Call& c) { return c.doubt_us != 0; });
  in_doubt_behind_ = static_cast<size_t>(all) - (in_doubt_ ? 1 : 0);
  connection_.Close();
  calls_.clear();
  sent_ = bytes_ = unsent_bytes_ = 0;
  last_alone_ = may_not_repeat_ = false;
  lost_us_ = 0;
  oldest_number_ = next_number_;
  state_.EndTransaction();
  state_.EndSilence();
}

// What has become of the first of those under way, behind why it has failed.
Status RetryingConnection::FirstFate(ErrorCode code, std::string_view why) const {
  if (calls_.empty()) return {code, std::string(why)};
  // A lost connection has said something of all that went over it.
  if (const std::string& loss = connection_.loss(); !loss.empty() && why.starts_with(loss))
    why = loss;
  const bool may_come = code == ErrorCode::kBusy || code == ErrorCode::kTimeout;
  return {code, fmt::format("{}; {}", why,
                            calls_.front().doubt_us == 0 ? "nothing has changed"
                            : may_come                   ? "the command may or may not take effect"
                                       : "the command may or may not have taken effect")};
}

Status RetryingConnection::Recover(const Status& why) {
  EndAttempts();
  if (why.code() == ErrorCode::kBusy) return FirstFate(why.code(), "Interrupted");
  if (may_not_repeat_) return FirstFate(why.code(), lost_why_);
  // Who is not known to speak the protocol is not asked again.
  const bool strange = !heard_ && why.code() == ErrorCode::kNotCommitted;
  if (strange) return why;
  const bool too_late = why.code() == ErrorCode::kTimeout && !options_.takes_failures_elsewhere;
  if (!heard_ || too_late) return FirstFate(why.code(), why.message());
  if (state_.replies_off())
    return {
        ErrorCode::kUnknown,
        fmt::format("{}; nor is it known what has become of the commands since CLIENT REPLY OFF",
                    why.message())};
  if (!calls_.empty() && (IsOfOneInstance(calls_.front()) ||
                          (calls_.front().doubt_us != 0 && !MayRepeat(calls_.front()))))
    return FirstFate(why.code(), why.message());
  lost_why_ = why.message();
  return Reconnect(why);
}

}  // namespace mydis
