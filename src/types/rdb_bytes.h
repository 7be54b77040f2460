// The primitives of Redis's file format: lengths, strings, numbers.
//
//   length:  00llllll | 01llllll l (high bits first) | 0x80 u32, 0x81 u64 (both big endian)
//   string:  length, then bytes; or 11000000 i8, 11000001 i16, 11000010 i32 (little endian), the
//            decimal form of a number; or 11000011, length compressed, length whole, LZF
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mydis {

// Where bytes come from: a payload in memory, a file, a connection. Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next `size` bytes, valid until the next call; nullopt if there are not as many. A source
  // must not make room for more than it has.
  virtual std::optional<std::string_view> Take(size_t size) = 0;
};

// Bytes in memory, which outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  std::optional<std::string_view> Take(size_t size) override {
    if (size > bytes_.size()) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view bytes_;
};

// Reads what RdbWriter or redis-server wrote. After the first short or malformed read every call
// gives zero or empty, and ok() is false: a caller reads everything and checks once.
class RdbReader {
 public:
  explicit RdbReader(ByteSource& source) : source_(source) {}
  bool ok() const { return ok_; }
  // For what is well-formed and makes no sense all the same.
  void Fail() { ok_ = false; }
  uint8_t U8();
  uint64_t U64();  // Little endian, as times are.
  // A plain length; one of the special forms fails.
  uint64_t Length();
  std::string String();
  // The same without making its bytes: nothing is uncompressed.
  void SkipString();
  void Skip(uint64_t size);
  // 8 bytes, as sorted sets have their scores since version 8.
  double BinaryDouble();
  // A length byte and text, or a byte above 252 for what is no number or infinite: before that.
  double TextDouble();

 private:
  std::string_view Take(size_t size);
  uint64_t LengthOrForm(bool* form);
  ByteSource& source_;
  bool ok_ = true;
};

// Appends to a string that the caller owns.
class RdbWriter {
 public:
  explicit RdbWriter(std::string& out) : out_(out) {}
  void U8(uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void U64(uint64_t v);  // Little endian.
  void Length(uint64_t length);
  // As a number if it is the decimal form of one that fits 32 bits; compressed if that helps.
  void String(std::string_view bytes);
  void BinaryDouble(double value);
  void Raw(std::string_view bytes) { out_.append(bytes); }

 private:
  std::string& out_;
};

}  // namespace mydis
