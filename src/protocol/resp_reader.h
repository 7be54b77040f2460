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
    // A bulk string of so many bytes is told of before it is read, if it is the last element of the
    // reply: see kLong.
    uint64_t long_string = UINT64_MAX;
  };
  enum class Outcome : uint8_t {
    kValue,
    kNeedMore,
    kBroken,
    // A long string comes, and nothing behind it. It is read like any other by the next call of
    // Next, unless PassLong is called first.
    kLong,
  };

  RespReader() : RespReader(Limits{}) {}
  explicit RespReader(const Limits& limits) : limits_(limits) {}

  // Adds bytes as they come from the connection.
  void Feed(std::string_view bytes);
  // Takes the next complete value. kBroken: these are no replies, error() says why; the connection
  // is of no use any more.
  Outcome Next(RespValue* value);
  const std::string& error() const { return error_; }

  // --- After kLong ---
  // The reply that the string belongs to, as far as it has been read.
  const RespValue& so_far() const { return open_.front().value; }
  // Of the string's bytes, how many have not been taken.
  uint64_t long_left() const { return long_left_; }
  // The string is not kept: TakeLong gives its bytes, and the reply will hold an empty one.
  void PassLong();
  // Whether it is under way.
  bool passing() const { return passing_; }
  // The next bytes of the string, or none if there are none yet. What has been fed comes first,
  // then the front of `fresh`, which loses it: only what is left of that is to be fed. The view is
  // good until the next call, and as long as `fresh` is.
  std::string_view TakeLong(std::string_view& fresh);

  // Bytes fed and not taken by a value.
  size_t pending() const { return buffer_.size() - start_; }

 private:
  enum class Step : uint8_t { kComplete, kOpened, kNeedMore, kBroken, kLong };
  // A collection that is being read, `remaining` elements of it to come.
  struct Open {
    RespValue value;
    uint64_t remaining;
    bool attribute;
  };

  Step ReadOne(RespValue* value);
  Step ReadBulk(RespValue* value, char type, int64_t size, size_t line_size);
  Step EndLong(RespValue* value);
  bool IsLong(char type, uint64_t size) const;
  Step ReadScalar(RespValue* value, char type, std::string_view text);
  Step OpenCollection(RespValue&& value, char type, int64_t count);
  bool Attach(RespValue* value);
  void DropLargeBuffer();
  Step Broken(std::string message);

  Limits limits_;
  std::string buffer_;
  size_t start_ = 0;    // Of what is not read yet.
  size_t scanned_ = 0;  // No line ends between start_ and here.
  size_t need_ = 0;     // No use looking before the buffer is this long.
  std::vector<Open> open_;
  std::vector<RespValue> attributes_;  // For the next value.
  size_t long_line_ = 0;               // Of the long string that was told of: its header's size.
  uint64_t long_left_ = 0;             // How many of its bytes are to come.
  bool passing_ = false;               // They are passed on.
  std::string error_;
};

}  // namespace mydis
