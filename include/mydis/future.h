// An answer on its way: waited for, called back with, or awaited by a coroutine.
#pragma once

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "mydis/decode.h"
#include "mydis/export.h"
#include "mydis/status.h"
#include "mydis/value.h"

namespace mydis {
namespace detail {

// Calls back on a thread of the library's choice, or the program's. Any thread.
class MYDIS_API CallbackRunner {
 public:
  virtual ~CallbackRunner() = default;
  virtual void RunCallback(std::move_only_function<void()> callback) = 0;
};

// Completed once, by any thread; taken once, by any thread.
class MYDIS_API FutureState {
 public:
  using Then = std::move_only_function<void(Result<Value>)>;

  FutureState() = default;
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;
  virtual ~FutureState() = default;

  // Wakes who waits, or has `runner` call back; without one that is done on this thread. REQUIRES:
  // who calls owns a share of this.
  void Complete(Result<Value> answer, CallbackRunner* runner = nullptr);
  bool done() const { return stage_.load(std::memory_order_acquire) == kDone; }
  bool calls_back() const { return stage_.load(std::memory_order_acquire) == kCallsBack; }
  // Whether it is done, of who asks instead of waiting.
  bool Look();
  // Waits, and takes the answer; kInvalid where nobody may wait: on the thread that brings answers.
  Result<Value> Take();
  // Calls `then` with the answer: at once, on this thread, if it is there.
  void Call(Then then);

 protected:
  // Returns once it is done. The answer may be brought here, on the thread that waits.
  virtual void Wait();
  // It is to come without a thread that waits for it.
  virtual void LetCome() {}

 private:
  // Who moves it on from kOpen has written its member first; the other one acts on both.
  enum Stage : int { kOpen, kCallsBack, kDone };

  std::atomic<int> stage_{kOpen};
  std::optional<Result<Value>> answer_;
  Then then_;
};

}  // namespace detail

// Movable. Dropping it drops the answer, not the call. One of Get, Then and co_await takes the
// answer, once. REQUIRES of all three: valid().
template <typename T>
class Future {
 public:
  Future() = default;
  explicit Future(std::shared_ptr<detail::FutureState> state) : state_(std::move(state)) {}

  bool valid() const { return state_ != nullptr; }
  // Whether Get would not wait.
  bool done() const { return state_->Look(); }
  // Waits for the answer. Within a callback, on the thread that would bring it, only an answer that
  // is there already is given: kInvalid otherwise.
  Result<T> Get() { return detail::Decode<T>(std::exchange(state_, nullptr)->Take()); }
  // Calls `then` with the answer: on the session's executor (ClientOptions, InstanceOptions), or at
  // once if the answer is there. It must not block unless that executor is the program's own.
  void Then(std::move_only_function<void(Result<T>)> then) {
    std::exchange(state_, nullptr)->Call([then = std::move(then)](Result<Value> answer) mutable {
      then(detail::Decode<T>(std::move(answer)));
    });
  }

  // `Result<T> answer = co_await session.Async().Get("k");` resumes where Then would call.
  auto operator co_await() {
    struct Awaiter {
      std::shared_ptr<detail::FutureState> state;
      std::optional<Result<Value>> answer;

      bool await_ready() const { return state->done(); }
      void await_suspend(std::coroutine_handle<> waiting) {
        // The coroutine may be resumed, and this be gone, before Call returns.
        const std::shared_ptr<detail::FutureState> keep = state;
        keep->Call([this, waiting](Result<Value> given) {
          answer.emplace(std::move(given));
          waiting.resume();
        });
      }
      Result<T> await_resume() {
        return detail::Decode<T>(answer ? *std::move(answer) : state->Take());
      }
    };
    return Awaiter{std::exchange(state_, nullptr), std::nullopt};
  }

 private:
  std::shared_ptr<detail::FutureState> state_;
};

}  // namespace mydis
