// Errors of the C interface, and what version it is.
#include "base/error_table.h"
#include "base/version.h"
#include "library/c_handles.h"

namespace mydis {
namespace {

#define MYDIS_SAME_CODE(c_code, code) \
  static_assert(static_cast<int>(c_code) == static_cast<int>(ErrorCode::code))
MYDIS_SAME_CODE(MYDIS_OK, kOk);
MYDIS_SAME_CODE(MYDIS_INVALID, kInvalid);
MYDIS_SAME_CODE(MYDIS_NOT_FOUND, kNotFound);
MYDIS_SAME_CODE(MYDIS_EXISTS, kExists);
MYDIS_SAME_CODE(MYDIS_IO, kIo);
MYDIS_SAME_CODE(MYDIS_CORRUPT, kCorrupt);
MYDIS_SAME_CODE(MYDIS_DISK_FULL, kDiskFull);
MYDIS_SAME_CODE(MYDIS_NOT_LEADER, kNotLeader);
MYDIS_SAME_CODE(MYDIS_NOT_COMMITTED, kNotCommitted);
MYDIS_SAME_CODE(MYDIS_UNKNOWN, kUnknown);
MYDIS_SAME_CODE(MYDIS_NOT_ALL, kNotAll);
MYDIS_SAME_CODE(MYDIS_STALE, kStale);
MYDIS_SAME_CODE(MYDIS_UNAVAILABLE, kUnavailable);
MYDIS_SAME_CODE(MYDIS_TIMEOUT, kTimeout);
MYDIS_SAME_CODE(MYDIS_BUSY, kBusy);
MYDIS_SAME_CODE(MYDIS_NO_AUTH, kNoAuth);
MYDIS_SAME_CODE(MYDIS_NO_PERMISSION, kNoPermission);
MYDIS_SAME_CODE(MYDIS_INTERNAL, kInternal);
#undef MYDIS_SAME_CODE

// Made when the library is loaded, never freed.
mydis_error* const kOutOfMemory =
    new mydis_error{Status(ErrorCode::kInternal, "there is no memory left")};

}  // namespace

mydis_error* OutOfMemory() noexcept { return kOutOfMemory; }

mydis_error* ToCError(const Status& status) noexcept {
  if (status.ok()) return nullptr;
  try {
    return new mydis_error{status};
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

Value ToElement(Result<Value> answer) {
  if (answer) return *std::move(answer);
  const Status& status = answer.error();
  const std::string& message = status.message();
  const std::string_view first_word = std::string_view(message).substr(0, message.find(' '));
  const bool says_code = FormOfPrefix(first_word).prefix == first_word;
  return Value::Error(says_code ? message : RedisError(status));
}

}  // namespace mydis

using mydis::kOutOfMemory;

int mydis_c_version() { return MYDIS_C_VERSION; }

const char* mydis_version() {
  // The text of a literal.
  return mydis::Version().data();
}

int mydis_error_get_code(const mydis_error* error) {
  return error == nullptr ? MYDIS_OK : static_cast<int>(error->status.code());
}

const char* mydis_error_get_message(const mydis_error* error) {
  return error == nullptr ? "" : error->status.message().c_str();
}

void mydis_error_free(mydis_error* error) {
  if (error != kOutOfMemory) delete error;
}
