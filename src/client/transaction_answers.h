// What becomes of the calls of a transaction. One thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "mydis/channel.h"

namespace mydis {

class TransactionAnswers {
 public:
  // `calls` must outlive it.
  TransactionAnswers(const std::vector<detail::StoredCall>& calls, detail::CallbackRunner* runner)
      : calls_(calls), runner_(runner) {}

  // None of them was carried out.
  Result<bool> Fail(Status why) const;
  // `reply`: to EXEC. `refused`: of MULTI (0) and the calls (1, 2 …), those that were not taken.
  Result<bool> Give(Result<Value> reply,
                    const std::vector<std::pair<uint32_t, Status>>& refused) const;

 private:
  const std::vector<detail::StoredCall>& calls_;
  detail::CallbackRunner* const runner_;
};

}  // namespace mydis
