#include "types/rdb_bytes.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "base/codec.h"
#include "types/listpack.h"
#include "types/lzf.h"

namespace mydis {
namespace {

constexpr uint8_t kLength32 = 0x80;
constexpr uint8_t kLength64 = 0x81;
constexpr uint8_t kFormBits = 0xc0;
// The special forms of strings.
constexpr uint64_t kInteger8 = 0;
constexpr uint64_t kInteger16 = 1;
constexpr uint64_t kInteger32 = 2;
constexpr uint64_t kCompressed = 3;
// What is longer than a number of 32 bits is never read as one.
constexpr size_t kMaxNumberSize = 11;
// Redis compresses what is longer, if that saves at least 4 bytes.
constexpr size_t kMaxUncompressed = 20;
constexpr size_t kLeastSaving = 4;
constexpr uint64_t kSkipBytes = 64 << 10;
// In place of the length of an old double.
constexpr uint8_t kNegativeInfinity = 255;
constexpr uint8_t kPositiveInfinity = 254;
constexpr uint8_t kNotANumber = 253;

template <typename T>
std::string Decimal(T value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(value)).ptr;
  return {digits, end};
}

}  // namespace

std::string_view RdbReader::Take(size_t size) {
  if (!ok_) return {};
  const auto taken = source_.Take(size);
  if (!taken) Fail();
  return taken.value_or(std::string_view{});
}

uint8_t RdbReader::U8() {
  const std::string_view byte = Take(1);
  return ok_ ? static_cast<uint8_t>(byte[0]) : 0;
}

uint64_t RdbReader::U64() {
  const std::string_view bytes = Take(8);
  return ok_ ? LoadLittle<uint64_t>(bytes.data()) : 0;
}

uint64_t RdbReader::LengthOrForm(bool* form) {
  const uint8_t first = U8();
  *form = (first & kFormBits) == kFormBits;
  if (*form || (first & kFormBits) == 0) return first & 0x3f;
  if ((first & kFormBits) == 0x40) return uint64_t{first & 0x3fu} << 8 | U8();
  if (first == kLength32) {
    const std::string_view bytes = Take(4);
    return ok_ ? __builtin_bswap32(LoadLittle<uint32_t>(bytes.data())) : 0;
  }
  if (first == kLength64) return __builtin_bswap64(U64());
  Fail();
  return 0;
}

uint64_t RdbReader::Length() {
  bool form = false;
  const uint64_t length = LengthOrForm(&form);
  if (form) Fail();
  return ok_ ? length : 0;
}

std::string RdbReader::String() {
  bool form = false;
  const uint64_t length = LengthOrForm(&form);
  if (!form) return std::string(Take(length));
  if (length == kInteger8) {
    const auto value = static_cast<int8_t>(U8());
    return ok_ ? Decimal(value) : std::string();
  }
  if (length == kInteger16) {
    const std::string_view bytes = Take(2);
    return ok_ ? Decimal(LoadLittle<int16_t>(bytes.data())) : std::string();
  }
  if (length == kInteger32) {
    const std::string_view bytes = Take(4);
    return ok_ ? Decimal(LoadLittle<int32_t>(bytes.data())) : std::string();
  }
  std::string text;
  if (length == kCompressed) {
    const uint64_t compressed = Length();
    const uint64_t whole = Length();
    if (!LzfDecompress(Take(compressed), whole, &text)) Fail();
  } else {
    Fail();
  }
  if (!ok_) text.clear();
  return text;
}

void RdbReader::SkipString() {
  bool form = false;
  const uint64_t length = LengthOrForm(&form);
  if (!form) return Skip(length);
  if (length == kCompressed) {
    const uint64_t compressed = Length();
    Length();
    return Skip(compressed);
  }
  if (length > kInteger32) return Fail();
  Skip(uint64_t{1} << length);
}

// Piece by piece: a source need not have all of it in memory.
void RdbReader::Skip(uint64_t size) {
  while (ok_ && size > 0) {
    const uint64_t piece = std::min<uint64_t>(size, kSkipBytes);
    Take(piece);
    size -= piece;
  }
}

double RdbReader::BinaryDouble() { return std::bit_cast<double>(U64()); }

double RdbReader::TextDouble() {
  const uint8_t length = U8();
  if (length == kNegativeInfinity) return -std::numeric_limits<double>::infinity();
  if (length == kPositiveInfinity) return std::numeric_limits<double>::infinity();
  if (length == kNotANumber) return std::numeric_limits<double>::quiet_NaN();
  const std::string_view text = Take(length);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) Fail();
  return value;
}

void RdbWriter::U64(uint64_t v) { Encoder(out_).U64(v); }

void RdbWriter::Length(uint64_t length) {
  if (length < 64) {
    U8(static_cast<uint8_t>(length));
  } else if (length < 16384) {
    U8(static_cast<uint8_t>(0x40 | length >> 8));
    U8(static_cast<uint8_t>(length));
  } else if (length <= UINT32_MAX) {
    U8(kLength32);
    Encoder(out_).U32(__builtin_bswap32(static_cast<uint32_t>(length)));
  } else {
    U8(kLength64);
    U64(__builtin_bswap64(length));
  }
}

void RdbWriter::String(std::string_view bytes) {
  if (bytes.size() <= kMaxNumberSize) {
    const auto number = ParseCanonicalInteger(bytes);
    if (number && *number >= INT32_MIN && *number <= INT32_MAX) {
      if (*number >= INT8_MIN && *number <= INT8_MAX) {
        U8(kFormBits | kInteger8);
        U8(static_cast<uint8_t>(*number));
      } else if (*number >= INT16_MIN && *number <= INT16_MAX) {
        U8(kFormBits | kInteger16);
        Encoder(out_).U16(static_cast<uint16_t>(*number));
      } else {
        U8(kFormBits | kInteger32);
        Encoder(out_).U32(static_cast<uint32_t>(*number));
      }
      return;
    }
  }
  std::string compressed;
  if (bytes.size() > kMaxUncompressed &&
      LzfCompress(bytes, bytes.size() - kLeastSaving + 1, &compressed)) {
    U8(kFormBits | kCompressed);
    Length(compressed.size());
    Length(bytes.size());
    return Raw(compressed);
  }
  Length(bytes.size());
  Raw(bytes);
}

void RdbWriter::BinaryDouble(double value) { U64(std::bit_cast<uint64_t>(value)); }

}  // namespace mydis
