// Finds where replies of the Redis protocol end and which of them are errors, without keeping what
// they hold: what a load generator needs, at a fraction of the cost of values. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mydis {

class ReplyScanner {
 public:
  enum class Outcome : uint8_t { kReply, kNeedMore, kBroken };
  enum class Kind : uint8_t { kValue, kNull, kError };

  // Looks at `bytes` from *used on, and moves that behind what is understood. What is not used has
  // to be there again in the next call, with more behind it.
  Outcome Next(std::string_view bytes, size_t* used);

  // --- After kReply ---
  Kind kind() const { return kind_; }
  // The text of an error.
  const std::string& error() const { return error_; }

 private:
  enum class Step : uint8_t { kOne, kOpened, kString, kBroken };
  Step Line(std::string_view line);

  uint64_t open_ = 0;  // Values to come until the reply is complete; 0 between replies.
  bool first_ = true;  // The next value is the first one of the reply.
  uint64_t skip_ = 0;  // Bytes to come of a string, with its line end.
  Kind kind_ = Kind::kValue;
  std::string error_;
};

}  // namespace mydis
