// Reads replies in the Redis protocol, versions 2 and 3: what a client gets. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

struct RespValue {
  enum class Type : uint8_t {
    kNull,       // $-1, *-1, _
    kSimple,     // +
    kError,      // -, !
    kInteger,    // :
    kBulk,       // $
    kDouble,     // ,
    kBool,       // #
    kBigNumber,  // (
    kVerbatim,   // =
    kArray,      // *
    kMap,        // %: elements are key, value, key, value …
    kSet,        // ~
    kPush,       // >
  };

  Type type = Type::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;  // kDouble
  // Text of kSimple, kError, kBulk, kBigNumber, kVerbatim (without its format), and kDouble's as it
  // came.
  std::string text;
  std::string format;  // Of kVerbatim: "txt".
  std::vector<RespValue> elements;
  // Attributes (|) that came before the value: key, value, key, value …
  std::vector<RespValue> attributes;

  bool is_null() const { return type == Type::kNull; }
  bool is_error() const { return type == Type::kError; }
  bool is_aggregate() const { return type >= Type::kArray; }
};

class RespReader {
 public:
  struct Limits {
    uint32_t max_depth = 128;
    uint64_t max_bulk = uint64_t{1} << 30;
    uint64_t max_elements = INT32_MAX;
  };
  enum class Outcome : uint8_t { kValue, kNeedMore, kBroken };

  RespReader() : RespReader(Limits{}) {}
  explicit RespReader(const Limits& limits) : limits_(limits) {}

  // Adds bytes as they come from the connection.
  void Feed(std::string_view bytes);
  // Takes the next complete value. kBroken: these are no replies, error() says why; the connection
  // is of no use any more.
  Outcome Next(RespValue* value);
  const std::string& error() const { return error_; }
  // Bytes fed and not taken by a value.
  size_t pending() const { return buffer_.size() - start_; }

 private:
  enum class Step : uint8_t { kComplete, kOpened, kNeedMore, kBroken };
  // A collection that is being read, `remaining` elements of it to come.
  struct Open {
    RespValue value;
    uint64_t remaining;
    bool attribute;
  };

  Step ReadOne(RespValue* value);
  Step ReadBulk(RespValue* value, char type, int64_t size, size_t line_size);
  Step ReadScalar(RespValue* value, char type, std::string_view text);
  Step OpenCollection(RespValue&& value, char type, int64_t count);
  bool Attach(RespValue* value);
  Step Broken(std::string message);

  Limits limits_;
  std::string buffer_;
  size_t start_ = 0;    // Of what is not read yet.
  size_t scanned_ = 0;  // No line ends between start_ and here.
  size_t need_ = 0;     // No use looking before the buffer is this long.
  std::vector<Open> open_;
  std::vector<RespValue> attributes_;  // For the next value.
  std::string error_;
};

}  // namespace mydis
