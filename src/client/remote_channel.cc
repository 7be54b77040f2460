#include "client/remote_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time_limit.h"
#include "client/command_words.h"
#include "client/listener.h"
#include "client/may_wait.h"
#include "client/reply_status.h"
#include "client/transaction_answers.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

// Longer words are sent from where they are.
constexpr size_t kLongWords = 16 * 1024;

size_t EncodedSize(std::span<const std::string_view> words) {
  constexpr size_t kAround = 16;  // "$123\r\n" and "\r\n".
  size_t size = 0;
  for (const std::string_view word : words) size += word.size() + kAround;
  return size;
}

void AppendCommand(std::string& out, std::span<const std::string_view> words) {
  RespWriter writer(out, 2);
  writer.ArrayHeader(words.size());
  for (const std::string_view word : words) writer.Bulk(word);
}

void SetWords(PendingCall& call, std::span<const std::string_view> words) {
  const size_t size = EncodedSize(words);
  std::string encoded;
  encoded.reserve(size);
  RespWriter writer(encoded, 2);
  for (const std::string_view word : words) writer.Bulk(word);
  call.word_count = static_cast<uint32_t>(words.size());
  if (size < kLongWords) {
    call.words = std::move(encoded);
  } else {
    call.long_words = MakePayload(std::move(encoded));
  }
}

// Words of typed calls are taken for what they are; all others are looked at.
bool IsTyped(CallKind kind) { return kind >= CallKind::kTypedRead; }

bool ChangesNothing(CallKind kind, std::span<const std::string_view> words) {
  return IsTyped(kind) ? kind == CallKind::kTypedRead : IsRead(words);
}

detail::AnswerState Completed(Result<Value> result) {
  auto state = std::make_shared<detail::FutureState>();
  state->Complete(std::move(result));
  return state;
}

}  // namespace

RemoteChannel::RemoteChannel(std::shared_ptr<ClientCore> core, SessionOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      reader_(core_->dialer().NewReader(options_)),
      lane_(core_->TakeLane(options_, revisions_)) {
  SeeAtLeast(options_.min_revision);
}

RemoteChannel::~RemoteChannel() { core_->GiveBack(lane_); }

uint64_t RemoteChannel::TimeLimitUs(const CallOptions& options) const {
  const std::chrono::milliseconds limit = options.time_limit.value_or(options_.time_limit);
  return static_cast<uint64_t>(Bounded(limit).count()) * 1000;
}

Status RemoteChannel::CheckTimeLimit(const CallOptions& options) const {
  const std::chrono::milliseconds limit = options.time_limit.value_or(options_.time_limit);
  if (limit.count() > 0) [[likely]]
    return {};
  return {ErrorCode::kInvalid,
          fmt::format("time_limit: {} ms: give 1 ms at least, or kForever", limit.count())};
}

std::optional<Result<Value>> RemoteChannel::TryRead(CallKind kind, const Words& words,
                                                    const CallOptions& options) {
  if (!reader_) return std::nullopt;
  const bool said_read = kind == CallKind::kRead || kind == CallKind::kTypedRead;
  if (!said_read && kind != CallKind::kAny) return std::nullopt;
  if (lane_->under_way() > 0) return std::nullopt;
  uint64_t seen = 0;
  std::optional<Result<Value>> result =
      reader_->TryRead(said_read ? CallKind::kRead : kind, words, options,
                       std::max(revision(), options.min_revision), &seen);
  if (result) {
    SessionRevisions::Raise(revisions_->here, seen);
    SessionRevisions::Raise(revisions_->seen, seen);
  }
  return result;
}

// How it is done. What it has of its own, of that, goes before `options`.
void RemoteChannel::SetOptions(PendingCall& call, const CallOptions& options,
                               uint64_t now_us) const {
  const uint64_t limit_us = TimeLimitUs(options);
  call.started_us = now_us;
  call.deadline_us = now_us + limit_us;
  call.silence_us = std::max<uint64_t>(limit_us / 2, 1);
  // The time that it may wait by its own words comes on top, unless the limit is the call's own.
  if (call.own_wait_us) {
    const uint64_t wait_us = *call.own_wait_us;
    call.silence_us = wait_us == 0 ? PendingCall::kNever : call.silence_us + wait_us;
    if (!options.time_limit)
      call.deadline_us = wait_us == 0 ? PendingCall::kNever : call.deadline_us + wait_us;
  }
  if (!call.consistency) call.consistency = options.consistency;
  call.min_revision = options.min_revision;
  call.request_id = options.request_id;
  if (!options.request_id.empty()) call.unnumbered = false;
}

// What is done. It is answered already if that is no command.
CallPointer RemoteChannel::Make(CallKind kind, WordViews words) const {
  auto call = std::make_shared<PendingCall>();
  if (!IsTyped(kind)) {
    if (Status status = CheckWords(words); !status.ok()) {
      call->Complete(Fail(std::move(status)));
      return call;
    }
  }
  std::optional<CommandWait> wait;
  if (!IsTyped(kind) || kind == CallKind::kTypedBlocking) wait = WaitOf(words);
  if (wait) {
    call->blocks = wait->holds_up;
    call->own_wait_us = wait->limit_us;
  }
  call->unnumbered = !IsTyped(kind) && Administers(words);
  call->is_read = ChangesNothing(kind, words) || (wait && wait->changes_nothing);
  SetWords(*call, words);
  if (!call->blocks) call->lane = lane_;
  return call;
}

CallPointer RemoteChannel::Make(CallKind kind, WordViews words, const CallOptions& options) const {
  CallPointer call = Make(kind, words);
  SetOptions(*call, options, core_->NowUs());
  return call;
}

// Waits without holding up what comes behind it.
void RemoteChannel::StartElsewhere(const CallPointer& call) {
  std::shared_ptr<Lane> lane = core_->TakeLane(options_, revisions_);
  lane->Start(std::span(&call, 1), false);
  core_->GiveBack(std::move(lane));
}

Result<Value> RemoteChannel::Call(CallKind kind, const Words& words, const CallOptions& options) {
  if (Status status = CheckTimeLimit(options); !status.ok()) return Fail(std::move(status));
  if (auto result = TryRead(kind, words, options)) return *std::move(result);
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  const CallPointer call = Make(kind, words.views(), options);
  if (call->done()) return call->Take();
  if (!call->blocks) {
    lane_->Start(std::span(&call, 1), true);
    return call->Take();
  }
  std::shared_ptr<Lane> lane = core_->TakeLane(options_, revisions_);
  lane->Start(std::span(&call, 1), false);
  Result<Value> result = call->Take();
  core_->GiveBack(std::move(lane));
  return result;
}

detail::AnswerState RemoteChannel::Start(CallKind kind, const Words& words,
                                         const CallOptions& options) {
  if (Status status = CheckTimeLimit(options); !status.ok())
    return Completed(Fail(std::move(status)));
  if (auto result = TryRead(kind, words, options)) return Completed(*std::move(result));
  CallPointer call = Make(kind, words.views(), options);
  if (call->done()) return call;
  if (call->blocks) {
    StartElsewhere(call);
  } else {
    lane_->Start(std::span(&call, 1), false);
  }
  return call;
}

detail::AnswerState RemoteChannel::Prepare(CallKind kind, const Words& words,
                                           const CallOptions& options) {
  CallPointer call = Make(kind, words.views());
  call->consistency = options.consistency;
  return call;
}

void RemoteChannel::StartAll(std::vector<detail::AnswerState> calls, const CallOptions& options) {
  const uint64_t now_us = core_->NowUs();
  const Status possible = CheckTimeLimit(options);
  std::vector<CallPointer> together;
  together.reserve(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    CallPointer call = std::static_pointer_cast<PendingCall>(std::move(calls[i]));
    if (call->done()) continue;
    if (!possible.ok()) {
      call->Complete(Fail(possible));
      continue;
    }
    SetOptions(*call, options, now_us);
    // One id is one request's.
    if (!options.request_id.empty()) call->request_id += fmt::format("/{}", i);
    if (call->blocks) {
      StartElsewhere(call);
    } else {
      together.push_back(std::move(call));
    }
  }
  if (!together.empty()) lane_->Start(together, false);
}

// ---- Transactions ----

CallPointer RemoteChannel::MakeTransaction(const std::vector<detail::StoredCall>& calls,
                                           const std::vector<detail::Condition>& conditions,
                                           const CallOptions& options) {
  auto call = std::make_shared<PendingCall>();
  call->lane = lane_;
  SetOptions(*call, options, core_->NowUs());
  std::vector<std::string_view> views;
  if (!conditions.empty()) {
    std::vector<std::string> revisions;
    revisions.reserve(conditions.size());
    views = {"MYDIS", "WATCH"};
    for (const detail::Condition& condition : conditions) {
      views.push_back(condition.key);
      views.push_back(revisions.emplace_back(std::to_string(condition.revision)));
    }
    AppendCommand(call->guard, views);
  }
  views = {"MULTI"};
  AppendCommand(call->prelude, views);
  call->is_read = true;
  for (const detail::StoredCall& stored : calls) {
    views.assign(stored.words.begin(), stored.words.end());
    AppendCommand(call->prelude, views);
    call->is_read &= ChangesNothing(stored.kind, views);
  }
  call->prelude_count = static_cast<uint32_t>(calls.size()) + 1;
  views = {"EXEC"};
  SetWords(*call, views);
  return call;
}

Result<bool> RemoteChannel::Transact(std::vector<detail::StoredCall> calls,
                                     std::vector<detail::Condition> conditions,
                                     const CallOptions& options) {
  const TransactionAnswers answers(calls, core_.get());
  if (Status status = CheckTimeLimit(options); !status.ok()) return answers.Fail(std::move(status));
  if (Status status = MayWait(); !status.ok()) return answers.Fail(std::move(status));
  std::vector<std::string_view> views;
  for (const detail::StoredCall& stored : calls) {
    views.assign(stored.words.begin(), stored.words.end());
    if (Status status = CheckWords(views); !status.ok()) return answers.Fail(std::move(status));
  }
  const CallPointer call = MakeTransaction(calls, conditions, options);
  lane_->Start(std::span(&call, 1), true);
  return answers.Give(call->Take(), call->prelude_errors);
}

// ---- Listening ----

Result<std::shared_ptr<detail::Channel::Listening>> RemoteChannel::Subscribe(
    SubscribeOptions options, SubscribeHandlers handlers) {
  if (Status status = CheckTimeLimit({}); !status.ok()) return Fail(std::move(status));
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  if (options.channels.empty() && options.patterns.empty())
    return Fail(ErrorCode::kInvalid, "SubscribeOptions: name a channel or a pattern");
  auto subscriber =
      std::make_shared<Subscriber>(*core_, options_, std::move(options), std::move(handlers));
  return BeginListening(core_, std::move(subscriber), TimeLimitUs({}));
}

Result<std::shared_ptr<detail::Channel::Listening>> RemoteChannel::Watch(WatchOptions options,
                                                                         WatchHandlers handlers) {
  if (Status status = CheckTimeLimit({}); !status.ok()) return Fail(std::move(status));
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  auto watcher = std::make_shared<Watcher>(*core_, options_, revisions_, std::move(options),
                                           std::move(handlers));
  return BeginListening(core_, std::move(watcher), TimeLimitUs({}));
}

Status RemoteChannel::TryOut() {
  const std::string_view words[] = {"PING"};
  const CallPointer call = Make(CallKind::kTypedRead, words, {});
  call->impatient = true;
  lane_->Start(std::span(&call, 1), true);
  const Result<Value> result = call->Take();
  return result ? Status::Ok() : result.error();
}

}  // namespace mydis
