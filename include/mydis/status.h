// Status and Result: how every call of Mydis reports failure. Standard library only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace mydis {

// What went wrong, in kinds a program can act on. One table (base/error_table.h) maps each kind to
// its Redis error prefix and HTTP status.
enum class ErrorCode : uint8_t {
  kOk = 0,
  kInvalid,       // The request itself is wrong; sending it again gives the same answer.
  kNotFound,      // The thing named does not exist.
  kExists,        // The thing to be created is there already.
  kIo,            // The operating system refused a read, write or connect; message has its words.
  kCorrupt,       // Stored or received bytes fail their checksum or grammar.
  kDiskFull,      // No room on the device; nothing was written; try again when there is room.
  kNotLeader,     // This instance does not lead; nothing happened.
  kNotCommitted,  // The write certainly did not happen.
  kUnknown,       // The write may or may not happen (time limit passed while it was under way).
  kNotAll,        // The write is committed, but not yet applied by all instances.
  kStale,         // This instance is catching up, restoring or removed, and refuses to answer.
  kUnavailable,   // No leader or no majority can be reached now; nothing happened.
  kTimeout,       // The time limit passed; for reads and administration, nothing happened.
  kBusy,          // Too much in flight, or another operation of this kind is under way.
  kNoAuth,        // Authentication is required, or failed.
  kNoPermission,  // Authenticated, but not allowed.
  kInternal,      // A bug.
};

// Success, or an ErrorCode with one line for people that says what to do.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}
  static Status Ok() { return {}; }

  bool ok() const { return code_ == ErrorCode::kOk; }
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  ErrorCode code_ = ErrorCode::kOk;
  std::string message_;
};

// A T, or the Status (never ok) that says why there is none.
template <typename T>
using Result = std::expected<T, Status>;

// `return Fail(ErrorCode::kInvalid, "…");` in a function that returns Result<T>.
inline std::unexpected<Status> Fail(ErrorCode code, std::string message) {
  return std::unexpected<Status>(Status(code, std::move(message)));
}
inline std::unexpected<Status> Fail(Status status) {
  return std::unexpected<Status>(std::move(status));
}

}  // namespace mydis
