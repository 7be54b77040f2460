// What a program calls: the same for a remote cluster (Client) and an instance in this process
// (Instance).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/calls.h"
#include "mydis/channel.h"
#include "mydis/events.h"
#include "mydis/export.h"
#include "mydis/future.h"
#include "mydis/options.h"
#include "mydis/status.h"
#include "mydis/value.h"
#include "mydis/words.h"

namespace mydis {

class Session;

// The calls of a session, each of which gives a Future instead of waiting. Calls that are started
// together travel together.
class AsyncSession : public Calls<AsyncSession, Future> {
 public:
  explicit AsyncSession(std::shared_ptr<detail::Channel> channel) : channel_(std::move(channel)) {}

  Future<Value> Command(const Words& words, const CallOptions& options = {}) {
    return Run<Value>(CallKind::kAny, words, options);
  }
  template <typename T>
  Future<T> Run(CallKind kind, const Words& words, const CallOptions& options) {
    return Future<T>(channel_->Start(kind, words, options));
  }

 private:
  std::shared_ptr<detail::Channel> channel_;
};

// Calls that are collected, and sent together. One thread.
class Pipeline : public Calls<Pipeline, Future> {
 public:
  explicit Pipeline(std::shared_ptr<detail::Channel> channel) : channel_(std::move(channel)) {}

  Future<Value> Command(const Words& words, const CallOptions& options = {}) {
    return Run<Value>(CallKind::kAny, words, options);
  }
  // Of `options`, the consistency counts.
  template <typename T>
  Future<T> Run(CallKind kind, const Words& words, const CallOptions& options) {
    return Future<T>(Add(kind, words, options));
  }
  size_t size() const { return calls_.size(); }
  // Sends what was collected, and empties the pipeline. The futures are complete later. With a
  // request id, each call has that with "/0", "/1" … behind it, in their order.
  MYDIS_API void Send(const CallOptions& options = {});

 private:
  MYDIS_API detail::AnswerState Add(CallKind kind, const Words& words, const CallOptions& options);

  std::shared_ptr<detail::Channel> channel_;
  std::vector<detail::AnswerState> calls_;
};

// Calls that take effect together, with nothing of anybody else's between them, or not at all. One
// thread.
class Transaction : public Calls<Transaction, Future> {
 public:
  explicit Transaction(std::shared_ptr<detail::Channel> channel) : channel_(std::move(channel)) {}

  Future<Value> Command(const Words& words, const CallOptions& options = {}) {
    return Run<Value>(CallKind::kAny, words, options);
  }
  template <typename T>
  Future<T> Run(CallKind kind, const Words& words, const CallOptions&) {
    return Future<T>(Add(kind, words));
  }
  // It takes place only if the key was last changed at this revision; 0: if there is no such key.
  MYDIS_API Transaction& If(std::string_view key, uint64_t revision);
  // Whether it took place: false if a condition did not hold. The futures are complete then. A call
  // that fails, of the others' success, has its own error.
  MYDIS_API Result<bool> Execute(const CallOptions& options = {});

 private:
  MYDIS_API detail::AnswerState Add(CallKind kind, const Words& words);

  std::shared_ptr<detail::Channel> channel_;
  std::vector<detail::StoredCall> calls_;
  std::vector<detail::Condition> conditions_;
};

// A subscription or watch: it ends when this is destroyed.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::shared_ptr<detail::Channel::Listening> listening)
      : listening_(std::move(listening)) {}
  // Ends it. No handler runs when this returns, unless it is called from within one.
  void Stop() { listening_.reset(); }
  bool active() const { return listening_ != nullptr; }

 private:
  std::shared_ptr<detail::Channel::Listening> listening_;
};

// Copies are the same session. Any thread: the calls of one thread take effect in their order, and
// see what this session's calls before them have written or read, whichever instance answers.
class MYDIS_API Session : public Calls<Session, Result> {
 public:
  explicit Session(std::shared_ptr<detail::Channel> channel) : channel_(std::move(channel)) {}

  // Any command: session.Command({"OBJECT", "ENCODING", "k"}). Errors of the server are Statuses,
  // but for those within an answer.
  Result<Value> Command(const Words& words, const CallOptions& options = {}) {
    return channel_->Call(CallKind::kAny, words, options);
  }
  template <typename T>
  Result<T> Run(CallKind kind, const Words& words, const CallOptions& options) {
    return detail::Decode<T>(channel_->Call(kind, words, options));
  }

  // The same calls without waiting.
  AsyncSession Async() { return AsyncSession(channel_); }
  Pipeline NewPipeline() { return Pipeline(channel_); }
  Transaction NewTransaction() { return Transaction(channel_); }

  // Reads and changes `keys` as if nobody else did: `body` reads with the session and puts what is
  // to change into the transaction, which takes place only if none of the keys has changed since;
  // else it is all done again, up to `attempts` times (kBusy then). An error of `body` ends it. Of
  // `options`, a request id is kInvalid: each attempt is a request of its own.
  // Ok: the transaction has taken place. As in Redis a call of it may have failed all the same, and
  // the others not (INCR of what is no number): only its future tells. `body` should put the
  // futures where they can be looked at afterwards.
  Status Transact(std::span<const std::string_view> keys,
                  const std::function<Status(Session&, Transaction&)>& body, int attempts = 100,
                  const CallOptions& options = {});

  // The revisions at which keys were last changed, 0 for what is not there.
  Result<std::vector<uint64_t>> Revisions(std::span<const std::string_view> keys,
                                          const CallOptions& options = {});

  Result<Subscription> Subscribe(SubscribeOptions options, SubscribeHandlers handlers);
  // What happens to the keys that begin with a prefix, or is said on channels, from a revision on.
  Result<Subscription> Watch(WatchOptions options, WatchHandlers handlers);

  // The highest revision that an answer of this session has seen: what another session is to be
  // given to see as much, in SessionOptions or by SeeAtLeast.
  uint64_t revision() const { return channel_->revision(); }
  void SeeAtLeast(uint64_t revision) { channel_->SeeAtLeast(revision); }

 private:
  std::shared_ptr<detail::Channel> channel_;
};

}  // namespace mydis
