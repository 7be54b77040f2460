#include "client/reply_status.h"

#include <string>

#include "base/error_table.h"

namespace mydis {
namespace {

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

// Of Redis, beside those of the error table: it loads its data, or follows another server.
bool IsRedisRefusal(std::string_view prefix) {
  return prefix == "LOADING" || prefix == "MASTERDOWN" || prefix == "READONLY";
}

// Who calls has words, and bytes only where they are counted.
constexpr std::string_view kTooLong = "ERR Protocol error: invalid bulk length";
constexpr std::string_view kWordTooLong =
    "a word of the command is longer than the setting proto-max-bulk-len allows";

}  // namespace

Status StatusOfError(std::string_view text) {
  const std::string_view prefix = FirstWord(text);
  const ErrorForm& form = FormOfPrefix(prefix);
  if (text == kTooLong) return {ErrorCode::kInvalid, std::string(kWordTooLong)};
  if (IsRedisRefusal(prefix)) return {ErrorCode::kUnavailable, std::string(text)};
  if (prefix == "ERR" && text.size() > 4) text.remove_prefix(4);
  return {form.code, std::string(text)};
}

Result<Value> ResultOf(Value value) {
  if (value.is_error()) return Fail(StatusOfError(value.string()));
  return value;
}

bool IsRefusal(std::string_view text, bool* doubtful) {
  const std::string_view prefix = FirstWord(text);
  *doubtful = prefix == "UNKNOWN";
  if (IsRedisRefusal(prefix)) return true;
  switch (FormOfPrefix(prefix).code) {
    case ErrorCode::kUnknown:
    case ErrorCode::kNotLeader:
    case ErrorCode::kNotCommitted:
    case ErrorCode::kStale:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return true;
    case ErrorCode::kDiskFull:
      // That the data has no room is so at every instance.
      return prefix == FormOf(ErrorCode::kDiskFull).prefix;
    default:
      return false;
  }
}

bool IsTurnedAway(std::string_view text) {
  return FirstWord(text) == "DENIED" || text.starts_with("ERR max number of clients");
}

bool IsSaidBeforehand(std::string_view text) {
  const std::string_view prefix = FirstWord(text);
  if (prefix == "EXECABORT" || text.starts_with("ERR unknown ")) return true;
  switch (FormOfPrefix(prefix).code) {
    case ErrorCode::kNoAuth:
    case ErrorCode::kNoPermission:
    case ErrorCode::kBusy:
    case ErrorCode::kDiskFull:
      return true;
    default:
      return false;
  }
}

}  // namespace mydis
