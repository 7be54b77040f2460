#include "types/old_encodings.h"

#include <optional>

#include "base/codec.h"

namespace mydis {
namespace {

constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLongLength = 0xfe;
constexpr size_t kZiplistHeader = 10;

ListpackValue Text(std::string_view text) {
  ListpackValue value;
  value.text = text;
  return value;
}

ListpackValue Number(int64_t integer) {
  ListpackValue value;
  value.is_int = true;
  value.integer = integer;
  return value;
}

// A signed number of so many bytes, little endian.
int64_t ReadSigned(std::string_view bytes) {
  uint64_t v = 0;
  std::memcpy(&v, bytes.data(), bytes.size());
  const int unused = 64 - 8 * static_cast<int>(bytes.size());
  return static_cast<int64_t>(v << unused) >> unused;
}

// Bytes of an integer of a ziplist; 0 for what is none.
size_t IntegerBytes(uint8_t encoding) {
  switch (encoding) {
    case 0xc0:
      return 2;
    case 0xd0:
      return 4;
    case 0xe0:
      return 8;
    case 0xf0:
      return 3;
    case 0xfe:
      return 1;
    default:
      return 0;
  }
}

// Length of a string of a ziplist, high bits first.
uint64_t TextLength(uint8_t encoding, Decoder& in) {
  if (encoding < 0x40) return encoding;
  if (encoding < 0x80) return uint64_t{encoding & 0x3fu} << 8 | in.U8();
  return __builtin_bswap32(in.U32());
}

std::optional<ListpackValue> ReadZiplistEntry(Decoder& in) {
  const uint8_t encoding = in.U8();
  if (encoding >= 0xf1 && encoding <= 0xfd) return Number(encoding - 0xf1);
  if (const size_t bytes = IntegerBytes(encoding); bytes > 0) {
    const std::string_view integer = in.Raw(bytes);
    return in.ok() ? std::optional(Number(ReadSigned(integer))) : std::nullopt;
  }
  if (encoding > 0x80) return std::nullopt;
  return Text(in.Raw(TextLength(encoding, in)));
}

}  // namespace

bool ReadZiplist(std::string_view bytes, std::vector<ListpackValue>* elements) {
  if (bytes.size() <= kZiplistHeader || static_cast<uint8_t>(bytes.back()) != kEnd) return false;
  Decoder in(bytes.substr(0, bytes.size() - 1));
  const uint32_t total = in.U32();
  const uint32_t tail = in.U32();
  const uint16_t noted = in.U16();
  if (total != bytes.size()) return false;
  size_t count = 0;
  size_t last = kZiplistHeader;  // Where the last entry begins.
  size_t size_before = 0;
  for (; in.ok() && !in.AtEnd(); ++count) {
    const size_t begin = bytes.size() - 1 - in.remaining();
    size_t before = in.U8();
    if (before == kLongLength) before = in.U32();
    if (before != size_before) return false;
    const auto value = ReadZiplistEntry(in);
    if (!value || !in.ok()) return false;
    elements->push_back(*value);
    last = begin;
    size_before = bytes.size() - 1 - in.remaining() - begin;
  }
  return in.ok() && tail == last && (noted == UINT16_MAX || noted == count);
}

bool ReadZipmap(std::string_view bytes, std::vector<ListpackValue>* elements) {
  if (bytes.size() < 2 || static_cast<uint8_t>(bytes.back()) != kEnd) return false;
  Decoder in(bytes.substr(0, bytes.size() - 1));
  const uint8_t noted = in.U8();
  size_t pairs = 0;
  for (; in.ok() && !in.AtEnd(); ++pairs) {
    for (const bool is_value : {false, true}) {
      size_t length = in.U8();
      if (length > kLongLength) return false;
      if (length == kLongLength) length = in.U32();
      const size_t unused = is_value ? in.U8() : 0;
      elements->push_back(Text(in.Raw(length)));
      in.Raw(unused);
    }
  }
  return in.ok() && pairs > 0 && (noted >= kLongLength || noted == pairs);
}

bool ReadIntset(std::string_view bytes, std::vector<ListpackValue>* elements) {
  Decoder in(bytes);
  const uint32_t width = in.U32();
  const uint32_t count = in.U32();
  if (!in.ok() || (width != 2 && width != 4 && width != 8)) return false;
  if (count == 0 || in.remaining() != uint64_t{count} * width) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t number = ReadSigned(in.Raw(width));
    if (i > 0 && number <= elements->back().integer) return false;
    elements->push_back(Number(number));
  }
  return true;
}

}  // namespace mydis
