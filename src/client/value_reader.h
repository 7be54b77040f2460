// Replies in the Redis protocol as Values, each with the revision that came with it. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mydis/value.h"
#include "protocol/resp_reader.h"

namespace mydis {

// A cluster that made a thousand million revisions a second would be there after 146 years. What
// says to be beyond is no revision: believed, it would have every later read of the session wait in
// vain.
inline constexpr uint64_t kMostRevision = uint64_t{1} << 62;

struct ReceivedValue {
  Value value;
  uint64_t revision = 0;  // As the attribute of CLIENT ATTRIBUTES says it; 0: there was none.
};

// Strings and numbers, which most replies are, are read here; RespReader reads the rest.
class ValueReader {
 public:
  enum class Outcome : uint8_t { kValue, kNeedMore, kBroken };

  // Adds bytes as they come from the connection.
  void Feed(std::string_view bytes);
  // Takes the next complete value. kBroken: error() says why.
  Outcome Next(ReceivedValue* received);
  std::string error() const {
    return no_revision_ ? "what it gives as a revision cannot be one" : general_.error();
  }

 private:
  bool NextShort(ReceivedValue* received);
  Outcome NextGeneral(ReceivedValue* received);

  std::string buffer_;
  size_t start_ = 0;         // Of what is not read yet.
  bool in_general_ = false;  // What is not read yet has been given to general_.
  bool no_revision_ = false;
  RespReader general_;
};

}  // namespace mydis
