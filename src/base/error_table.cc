#include "base/error_table.h"

#include <fmt/format.h>

namespace mydis {
namespace {

constexpr ErrorForm kForms[] = {
    {ErrorCode::kOk, "OK", 200},
    {ErrorCode::kInvalid, "ERR", 400},
    {ErrorCode::kNotFound, "ERR", 404},
    {ErrorCode::kExists, "ERR", 409},
    {ErrorCode::kIo, "IOERR", 500},
    {ErrorCode::kCorrupt, "CORRUPT", 500},
    {ErrorCode::kDiskFull, "DISKFULL", 507},
    {ErrorCode::kNotLeader, "NOTLEADER", 503},
    {ErrorCode::kNotCommitted, "NOTCOMMITTED", 503},
    {ErrorCode::kUnknown, "UNKNOWN", 504},
    {ErrorCode::kNotAll, "NOTALL", 504},
    {ErrorCode::kStale, "STALE", 503},
    {ErrorCode::kUnavailable, "CLUSTERDOWN", 503},
    {ErrorCode::kTimeout, "TIMEOUT", 504},
    {ErrorCode::kBusy, "BUSY", 429},
    {ErrorCode::kNoAuth, "NOAUTH", 401},
    {ErrorCode::kNoPermission, "NOPERM", 403},
    {ErrorCode::kInternal, "ERR", 500},
};

}  // namespace

const ErrorForm& FormOf(ErrorCode code) {
  for (const ErrorForm& form : kForms) {
    if (form.code == code) return form;
  }
  return kForms[1];
}

std::string RedisError(const Status& status) {
  return fmt::format("{} {}", FormOf(status.code()).prefix, status.message());
}

}  // namespace mydis
