// What a Session speaks through: a remote client's connections, or an instance of this process.
// For the library itself; programs use Session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/events.h"
#include "mydis/future.h"

namespace mydis::detail {

using AnswerState = std::shared_ptr<FutureState>;

// A command of a transaction, whose words are its own, and where its answer goes.
struct StoredCall {
  CallKind kind = CallKind::kAny;
  std::vector<std::string> words;
  AnswerState answer;
};

// A transaction takes place only if each of these keys was last changed at this revision (0: there
// is no such key).
struct Condition {
  std::string key;
  uint64_t revision = 0;
};

// Any thread. Commands take effect in the order in which they are given, but for those that block.
class MYDIS_API Channel {
 public:
  virtual ~Channel() = default;

  virtual Result<Value> Call(CallKind kind, const Words& words, const CallOptions& options) = 0;
  virtual AnswerState Start(CallKind kind, const Words& words, const CallOptions& options) = 0;
  // A call that StartAll is to start. Of `options`, the consistency counts.
  virtual AnswerState Prepare(CallKind kind, const Words& words, const CallOptions& options) = 0;
  // All at once. Each answer is completed; an error reply is the Status of its own call. REQUIRES:
  // each comes from Prepare of this channel, and has not been started.
  virtual void StartAll(std::vector<AnswerState> calls, const CallOptions& options) = 0;
  // All of them or none. Completes the calls' answers and gives true; or false, if a condition did
  // not hold (the calls' answers are kNotCommitted then).
  virtual Result<bool> Transact(std::vector<StoredCall> calls, std::vector<Condition> conditions,
                                const CallOptions& options) = 0;
  // The highest revision that an answer of this channel has seen.
  virtual uint64_t revision() const = 0;
  // Calls see at least this revision from now on.
  virtual void SeeAtLeast(uint64_t revision) = 0;

  // What keeps a subscription or watch alive; its destruction ends it, and returns when no handler
  // runs any more (unless called from within one).
  class Listening {
   public:
    virtual ~Listening() = default;
  };
  virtual Result<std::shared_ptr<Listening>> Subscribe(SubscribeOptions options,
                                                       SubscribeHandlers handlers) = 0;
  virtual Result<std::shared_ptr<Listening>> Watch(WatchOptions options,
                                                   WatchHandlers handlers) = 0;
};

}  // namespace mydis::detail
