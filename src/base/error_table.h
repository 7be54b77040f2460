// The one table from error kinds to what clients see: the prefix of a Redis error and the status of
// an HTTP answer.
#pragma once

#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

struct ErrorForm {
  ErrorCode code;
  std::string_view prefix;  // Of a Redis error.
  int http_status;
};

const ErrorForm& FormOf(ErrorCode code);

// "NOTCOMMITTED no leader was found within 10 s", without the dash.
std::string RedisError(const Status& status);

}  // namespace mydis
