#include "client/transaction_answers.h"

#include <algorithm>

#include "client/reply_status.h"

namespace mydis {

Result<bool> TransactionAnswers::Fail(Status why) const { return Give(mydis::Fail(why), {}); }

Result<bool> TransactionAnswers::Give(
    Result<Value> reply, const std::vector<std::pair<uint32_t, Status>>& refused) const {
  const auto fail_all = [this](const Status& why) {
    for (const detail::StoredCall& call : calls_) call.answer->Complete(mydis::Fail(why), runner_);
  };
  if (reply && reply->is_null()) {
    fail_all(Status(ErrorCode::kNotCommitted, "a condition of the transaction did not hold"));
    return false;
  }
  if (reply && (!reply->is_collection() || reply->elements().size() != calls_.size()))
    reply = mydis::Fail(ErrorCode::kInternal, "the answer to EXEC does not fit the transaction");
  if (reply) {
    std::vector<Value> replies = (*std::move(reply)).elements();
    for (size_t i = 0; i < calls_.size(); ++i)
      calls_[i].answer->Complete(ResultOf(std::move(replies[i])), runner_);
    return true;
  }
  // The first that was not taken says more than EXEC, which then carries out none.
  const Status why = refused.empty() ? reply.error() : refused.front().second;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const auto own = std::ranges::find(refused, i + 1, &std::pair<uint32_t, Status>::first);
    Status status = reply.error();
    if (own != refused.end()) {
      status = own->second;
    } else if (!refused.empty()) {
      status = Status(ErrorCode::kNotCommitted,
                      "another command of the transaction was not taken: " + why.message());
    }
    calls_[i].answer->Complete(mydis::Fail(std::move(status)), runner_);
  }
  return mydis::Fail(why);
}

}  // namespace mydis
