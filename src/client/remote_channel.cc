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

void RemoteChannel::SetTimes(PendingCall& call, const CallOptions& options) {
  const uint64_t limit_us = TimeLimitUs(options);
  call.started_us = core_->NowUs();
  call.deadline_us = call.started_us + limit_us;
  call.silence_us = std::max<uint64_t>(limit_us / 2, 1);
}

Result<CallPointer> RemoteChannel::Make(CallKind kind, WordViews words,
                                        const CallOptions& options) {
  if (!IsTyped(kind)) {
    if (Status status = CheckWords(words); !status.ok()) return Fail(std::move(status));
  }
  auto call = std::make_shared<PendingCall>();
  SetTimes(*call, options);
  std::optional<CommandWait> wait;
  if (!IsTyped(kind) || kind == CallKind::kTypedBlocking) wait = WaitOf(words);
  if (wait) {
    call->blocks = wait->holds_up;
    // The time that it may wait by its own words comes on top, unless the limit is the call's own.
    if (wait->limit_us == 0) call->silence_us = PendingCall::kNever;
    if (wait->limit_us != 0) call->silence_us += wait->limit_us;
    if (!options.time_limit)
      call->deadline_us =
          wait->limit_us == 0 ? PendingCall::kNever : call->deadline_us + wait->limit_us;
  }
  call->unnumbered = !IsTyped(kind) && options.request_id.empty() && Administers(words);
  call->is_read = ChangesNothing(kind, words) || (wait && wait->changes_nothing);
  call->consistency = options.consistency;
  call->min_revision = options.min_revision;
  call->request_id = options.request_id;
  SetWords(*call, words);
  return call;
}

// Waits without holding up what comes behind it.
void RemoteChannel::StartElsewhere(const CallPointer& call) {
  std::shared_ptr<Lane> lane = core_->TakeLane(options_, revisions_);
  lane->Start(std::span(&call, 1), false);
  core_->GiveBack(std::move(lane));
}

Result<Value> RemoteChannel::Call(CallKind kind, const Words& words, const CallOptions& options) {
  if (auto result = TryRead(kind, words, options)) return *std::move(result);
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  Result<CallPointer> call = Make(kind, words.views(), options);
  if (!call) return Fail(std::move(call.error()));
  if (!(*call)->blocks) {
    lane_->Start(std::span(&*call, 1), true);
    return lane_->Wait(*call);
  }
  std::shared_ptr<Lane> lane = core_->TakeLane(options_, revisions_);
  lane->Start(std::span(&*call, 1), true);
  Result<Value> result = lane->Wait(*call);
  core_->GiveBack(std::move(lane));
  return result;
}

detail::AnswerState RemoteChannel::Start(CallKind kind, const Words& words,
                                         const CallOptions& options) {
  if (auto result = TryRead(kind, words, options)) return Completed(*std::move(result));
  Result<CallPointer> call = Make(kind, words.views(), options);
  if (!call) return Completed(Fail(std::move(call.error())));
  if ((*call)->blocks) {
    StartElsewhere(*call);
  } else {
    lane_->Start(std::span(&*call, 1), false);
  }
  return detail::AnswerState(*call, &(*call)->own_answer);
}

void RemoteChannel::StartAll(std::vector<detail::StoredCall> calls, const CallOptions& options) {
  std::vector<CallPointer> together;
  together.reserve(calls.size());
  std::vector<std::string_view> views;
  std::string request_id;
  for (size_t i = 0; i < calls.size(); ++i) {
    detail::StoredCall& stored = calls[i];
    views.assign(stored.words.begin(), stored.words.end());
    CallOptions own = options;
    if (stored.consistency) own.consistency = stored.consistency;
    // One id is one request's.
    if (!options.request_id.empty()) {
      request_id = fmt::format("{}/{}", options.request_id, i);
      own.request_id = request_id;
    }
    Result<CallPointer> call = Make(stored.kind, views, own);
    if (!call) {
      stored.answer->Complete(Fail(std::move(call.error())), core_.get());
      continue;
    }
    (*call)->other_answer = std::move(stored.answer);
    if ((*call)->blocks) {
      StartElsewhere(*call);
    } else {
      together.push_back(*std::move(call));
    }
  }
  if (!together.empty()) lane_->Start(together, false);
}

// ---- Transactions ----

CallPointer RemoteChannel::MakeTransaction(const std::vector<detail::StoredCall>& calls,
                                           const std::vector<detail::Condition>& conditions,
                                           const CallOptions& options) {
  auto call = std::make_shared<PendingCall>();
  SetTimes(*call, options);
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
  call->consistency = options.consistency;
  call->min_revision = options.min_revision;
  call->request_id = options.request_id;
  return call;
}

Result<bool> RemoteChannel::Transact(std::vector<detail::StoredCall> calls,
                                     std::vector<detail::Condition> conditions,
                                     const CallOptions& options) {
  const TransactionAnswers answers(calls, core_.get());
  if (Status status = MayWait(); !status.ok()) return answers.Fail(std::move(status));
  std::vector<std::string_view> views;
  for (const detail::StoredCall& stored : calls) {
    views.assign(stored.words.begin(), stored.words.end());
    if (Status status = CheckWords(views); !status.ok()) return answers.Fail(std::move(status));
  }
  const CallPointer call = MakeTransaction(calls, conditions, options);
  lane_->Start(std::span(&call, 1), true);
  return answers.Give(lane_->Wait(call), call->prelude_errors);
}

// ---- Listening ----

Result<std::shared_ptr<detail::Channel::Listening>> RemoteChannel::Subscribe(
    SubscribeOptions options, SubscribeHandlers handlers) {
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  if (options.channels.empty() && options.patterns.empty())
    return Fail(ErrorCode::kInvalid, "SubscribeOptions: name a channel or a pattern");
  auto subscriber =
      std::make_shared<Subscriber>(*core_, options_, std::move(options), std::move(handlers));
  return BeginListening(core_, std::move(subscriber), TimeLimitUs({}));
}

Result<std::shared_ptr<detail::Channel::Listening>> RemoteChannel::Watch(WatchOptions options,
                                                                         WatchHandlers handlers) {
  if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
  auto watcher = std::make_shared<Watcher>(*core_, options_, revisions_, std::move(options),
                                           std::move(handlers));
  return BeginListening(core_, std::move(watcher), TimeLimitUs({}));
}

Status RemoteChannel::TryOut() {
  const std::string_view words[] = {"PING"};
  Result<CallPointer> call = Make(CallKind::kTypedRead, words, {});
  if (!call) return call.error();
  (*call)->impatient = true;
  lane_->Start(std::span(&*call, 1), true);
  const Result<Value> result = lane_->Wait(*call);
  return result ? Status::Ok() : result.error();
}

}  // namespace mydis
