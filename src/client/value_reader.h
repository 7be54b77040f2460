// Replies in the Redis protocol as Values, each with the revision that came with it. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mydis/value.h"
#include "protocol/resp_reader.h"

namespace mydis {

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
  const std::string& error() const { return general_.error(); }

 private:
  bool NextShort(ReceivedValue* received);
  Outcome NextGeneral(ReceivedValue* received);

  std::string buffer_;
  size_t start_ = 0;         // Of what is not read yet.
  bool in_general_ = false;  // What is not read yet has been given to general_.
  RespReader general_;
};

}  // namespace mydis
