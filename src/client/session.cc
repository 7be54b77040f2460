// What sessions do beyond passing words to their channel.
#include "mydis/session.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/random.h"

namespace mydis {
namespace {

// Between attempts of a transaction that others disturb: up to a bound that doubles.
constexpr uint64_t kFirstPauseUs = 50;
constexpr uint64_t kLongestPauseUs = 20'000;

std::vector<std::string> Copied(const Words& words) {
  return {words.views().begin(), words.views().end()};
}

}  // namespace

// ---- Pipeline ----

detail::AnswerState Pipeline::Add(CallKind kind, const Words& words, const CallOptions& options) {
  return calls_.emplace_back(channel_->Prepare(kind, words, options));
}

void Pipeline::Send(const CallOptions& options) {
  if (!calls_.empty()) channel_->StartAll(std::exchange(calls_, {}), options);
}

// ---- Transaction ----

detail::AnswerState Transaction::Add(CallKind kind, const Words& words) {
  auto answer = std::make_shared<detail::FutureState>();
  calls_.push_back({kind, Copied(words), answer});
  return answer;
}

Transaction& Transaction::If(std::string_view key, uint64_t revision) {
  conditions_.push_back({std::string(key), revision});
  return *this;
}

Result<bool> Transaction::Execute(const CallOptions& options) {
  return channel_->Transact(std::exchange(calls_, {}), std::exchange(conditions_, {}), options);
}

// ---- Session ----

Result<std::vector<uint64_t>> Session::Revisions(std::span<const std::string_view> keys,
                                                 const CallOptions& options) {
  if (keys.empty()) return std::vector<uint64_t>();
  Words words{"MYDIS", "REVISIONS"};
  words.Add(keys);
  const Result<std::vector<int64_t>> numbers =
      Run<std::vector<int64_t>>(CallKind::kTypedRead, words, options);
  if (!numbers) return Fail(numbers.error());
  if (numbers->size() != keys.size())
    return Fail(ErrorCode::kInternal, "the answer is not a revision for each key");
  return std::vector<uint64_t>(numbers->begin(), numbers->end());
}

Status Session::Transact(std::span<const std::string_view> keys,
                         const std::function<Status(Session&, Transaction&)>& body, int attempts,
                         const CallOptions& options) {
  if (!options.request_id.empty()) {
    return {ErrorCode::kInvalid,
            "request_id: one is one request's, and Transact makes as many as it takes: give it to "
            "Transaction::Execute instead"};
  }
  Random random(RandomSeed());
  uint64_t longest_us = kFirstPauseUs;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) {
      // Whoever was in the way gets out of it sooner if not all come back at once.
      std::this_thread::sleep_for(std::chrono::microseconds(random.Below(longest_us)));
      longest_us = std::min(2 * longest_us, kLongestPauseUs);
    }
    const Result<std::vector<uint64_t>> revisions = Revisions(keys, options);
    if (!revisions) return revisions.error();
    Transaction transaction = NewTransaction();
    for (size_t i = 0; i < keys.size(); ++i) transaction.If(keys[i], (*revisions)[i]);
    if (Status status = body(*this, transaction); !status.ok()) return status;
    const Result<bool> took_place = transaction.Execute(options);
    if (!took_place) return took_place.error();
    if (*took_place) return Status::Ok();
  }
  return {ErrorCode::kBusy,
          "others have changed the keys each time: try again, or make more "
          "attempts"};
}

Result<Subscription> Session::Subscribe(SubscribeOptions options, SubscribeHandlers handlers) {
  auto listening = channel_->Subscribe(std::move(options), std::move(handlers));
  if (!listening) return Fail(listening.error());
  return Subscription(*std::move(listening));
}

Result<Subscription> Session::Watch(WatchOptions options, WatchHandlers handlers) {
  auto listening = channel_->Watch(std::move(options), std::move(handlers));
  if (!listening) return Fail(listening.error());
  return Subscription(*std::move(listening));
}

}  // namespace mydis
