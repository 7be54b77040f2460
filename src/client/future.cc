#include "mydis/future.h"

#include "client/may_wait.h"

namespace mydis::detail {

void FutureState::Complete(Result<Value> answer, CallbackRunner* runner) {
  answer_.emplace(std::move(answer));
  const int before = stage_.exchange(kDone, std::memory_order_acq_rel);
  if (before == kOpen) return stage_.notify_all();
  Then then = std::move(then_);
  if (runner == nullptr) return then(*std::move(answer_));
  runner->RunCallback(
      [then = std::move(then), given = *std::move(answer_)]() mutable { then(std::move(given)); });
}

Result<Value> FutureState::Take() {
  if (!done()) {
    if (Status status = MayWait(); !status.ok()) return Fail(std::move(status));
    Wait();
  }
  return *std::move(answer_);
}

void FutureState::Wait() {
  while (!done()) stage_.wait(kOpen, std::memory_order_acquire);
}

bool FutureState::Look() {
  if (done()) return true;
  LetCome();
  return false;
}

void FutureState::Call(Then then) {
  then_ = std::move(then);
  int stage = kOpen;
  if (stage_.compare_exchange_strong(stage, kCallsBack, std::memory_order_acq_rel))
    return LetCome();
  // What it owns may be anything of the program's, and is not to go with this, wherever that goes.
  then = std::move(then_);
  then(*std::move(answer_));
}

}  // namespace mydis::detail
