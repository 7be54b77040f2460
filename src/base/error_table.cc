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
    {ErrorCode::kDiskFull, "DISKFULL", 507, Committed::kNo, true},
    {ErrorCode::kNotLeader, "NOTLEADER", 503, Committed::kNo, true},
    {ErrorCode::kNotCommitted, "NOTCOMMITTED", 503, Committed::kNo, true},
    {ErrorCode::kUnknown, "UNKNOWN", 504, Committed::kUnknown, false},
    {ErrorCode::kNotAll, "NOTALL", 504, Committed::kYes, false},
    {ErrorCode::kStale, "STALE", 503, Committed::kNo, true},
    {ErrorCode::kUnavailable, "CLUSTERDOWN", 503, Committed::kNo, true},
    {ErrorCode::kTimeout, "TIMEOUT", 504, Committed::kNo, true},
    {ErrorCode::kBusy, "BUSY", 429, Committed::kNo, true},
    {ErrorCode::kNoAuth, "NOAUTH", 401},
    {ErrorCode::kNoPermission, "NOPERM", 403},
    {ErrorCode::kInternal, "ERR", 500},
};

// What commands answer with, which is no kind of its own to programs inside.
constexpr ErrorForm kCommandForms[] = {
    {ErrorCode::kInvalid, "WRONGTYPE", 409},
    {ErrorCode::kInvalid, "CONDITION", 412},
    {ErrorCode::kInvalid, "EXECABORT", 400},
    {ErrorCode::kInvalid, "GONE", 410},
    {ErrorCode::kInvalid, "IDREUSED", 422},
    {ErrorCode::kNotFound, "NOSCRIPT", 404},
    {ErrorCode::kNotFound, "NOGROUP", 404},
    {ErrorCode::kExists, "BUSYGROUP", 409},
    {ErrorCode::kExists, "BUSYKEY", 409},
    {ErrorCode::kNoAuth, "WRONGPASS", 401},
    {ErrorCode::kDiskFull, "OOM", 507, Committed::kNo, true},
    {ErrorCode::kInvalid, "UNBLOCKED", 409, Committed::kNo, true},
};

}  // namespace

const ErrorForm& FormOf(ErrorCode code) {
  for (const ErrorForm& form : kForms) {
    if (form.code == code) return form;
  }
  return kForms[1];
}

const ErrorForm& FormOfPrefix(std::string_view prefix) {
  for (const ErrorForm& form : kForms) {
    if (form.prefix == prefix) return form;
  }
  for (const ErrorForm& form : kCommandForms) {
    if (form.prefix == prefix) return form;
  }
  return kForms[1];
}

std::string RedisError(const Status& status) {
  return fmt::format("{} {}", FormOf(status.code()).prefix, status.message());
}

}  // namespace mydis
