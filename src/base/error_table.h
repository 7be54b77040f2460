// The one table from error kinds to what clients see: the prefix of a Redis error, the status of an
// HTTP answer, and what the error says about the write that it answers.
#pragma once

#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

// Whether a write that was answered with an error has happened.
enum class Committed : uint8_t { kNo, kYes, kUnknown };

struct ErrorForm {
  ErrorCode code;
  std::string_view prefix;  // Of a Redis error.
  int http_status;
  Committed committed = Committed::kNo;
  // The same request may succeed later, as it is.
  bool retryable = false;
};

const ErrorForm& FormOf(ErrorCode code);

// The form of an error by its first word: ours, and those that Redis's commands answer with. Of
// several kinds with one prefix the first; of an unknown one that of ERR.
const ErrorForm& FormOfPrefix(std::string_view prefix);

// "NOTCOMMITTED no leader was found within 10 s", without the dash.
std::string RedisError(const Status& status);

}  // namespace mydis
