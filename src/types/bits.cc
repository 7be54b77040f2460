#include "types/bits.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "base/assert.h"

namespace mydis {
namespace {

uint64_t LoadWord(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

uint8_t ByteAt(std::string_view bytes, uint64_t i) {
  return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
}

// The bits of a byte from bit `first` on, and those up to bit `last`.
uint8_t MaskFrom(uint64_t first) { return static_cast<uint8_t>(0xff >> (first & 7)); }
uint8_t MaskUpTo(uint64_t last) { return static_cast<uint8_t>(0xff << (7 - (last & 7))); }

template <class Combine>
void CombineInto(std::string& result, std::string_view source, Combine combine) {
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= source.size(); i += sizeof(uint64_t)) {
    const uint64_t word = combine(LoadWord(result.data() + i), LoadWord(source.data() + i));
    std::memcpy(result.data() + i, &word, sizeof word);
  }
  for (; i < source.size(); ++i) {
    result[i] = static_cast<char>(
        combine(static_cast<uint8_t>(result[i]), static_cast<uint8_t>(source[i])));
  }
}

// Inlined where the processor's own instruction may be used, and where not.
[[gnu::always_inline]] inline uint64_t CountWords(std::string_view bytes) {
  constexpr size_t kWord = sizeof(uint64_t);
  constexpr size_t kAtOnce = 4;  // So that no sum has to wait for the one before.
  uint64_t counts[kAtOnce] = {};
  size_t i = 0;
  for (; i + kAtOnce * kWord <= bytes.size(); i += kAtOnce * kWord) {
    for (size_t k = 0; k < kAtOnce; ++k) {
      const uint64_t word = LoadWord(bytes.data() + i + k * kWord);
      counts[k] += static_cast<uint64_t>(__builtin_popcountll(word));
    }
  }
  uint64_t count = counts[0] + counts[1] + counts[2] + counts[3];
  for (; i < bytes.size(); ++i)
    count += static_cast<uint64_t>(__builtin_popcount(static_cast<uint8_t>(bytes[i])));
  return count;
}

#if defined(__x86_64__)
[[gnu::target("popcnt")]] uint64_t CountWithInstruction(std::string_view bytes) {
  return CountWords(bytes);
}
#endif

}  // namespace

uint64_t CountBits(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("popcnt");
  if (has_instruction) return CountWithInstruction(bytes);
#endif
  return CountWords(bytes);
}

uint64_t CountBits(std::string_view bytes, uint64_t first, uint64_t last) {
  MYDIS_ASSERT(first <= last && last / 8 < bytes.size(), "bit range outside the string");
  const uint64_t first_byte = first / 8;
  const uint64_t last_byte = last / 8;
  const uint8_t outside_first = ByteAt(bytes, first_byte) & static_cast<uint8_t>(~MaskFrom(first));
  const uint8_t outside_last = ByteAt(bytes, last_byte) & static_cast<uint8_t>(~MaskUpTo(last));
  return CountBits(bytes.substr(first_byte, last_byte - first_byte + 1)) -
         static_cast<uint64_t>(std::popcount(outside_first) + std::popcount(outside_last));
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t last) {
  MYDIS_ASSERT(first <= last && last / 8 < bytes.size(), "bit range outside the string");
  // Looking for a 0 is looking for a 1 in the complement.
  const uint8_t flip = bit ? 0x00 : 0xff;
  const uint64_t flip_word = bit ? 0 : ~uint64_t{0};
  const uint64_t last_byte = last / 8;
  uint8_t mask = MaskFrom(first);
  for (uint64_t i = first / 8; i <= last_byte; ++i) {
    if (mask == 0xff) {
      while (i + sizeof(uint64_t) <= last_byte && LoadWord(bytes.data() + i) == flip_word)
        i += sizeof(uint64_t);
    }
    if (i == last_byte) mask &= MaskUpTo(last);
    const uint8_t found = static_cast<uint8_t>(static_cast<uint8_t>(bytes[i]) ^ flip) & mask;
    if (found != 0) return i * 8 + static_cast<uint64_t>(std::countl_zero(found));
    mask = 0xff;
  }
  return std::nullopt;
}

bool GetBit(std::string_view bytes, uint64_t offset) {
  return ((ByteAt(bytes, offset / 8) >> (7 - (offset & 7))) & 1) != 0;
}

void SetBit(std::string& bytes, uint64_t offset, bool bit) {
  MYDIS_ASSERT(offset / 8 < bytes.size(), "bit outside the string");
  const uint8_t mask = static_cast<uint8_t>(0x80 >> (offset & 7));
  const uint8_t byte = static_cast<uint8_t>(bytes[offset / 8]);
  bytes[offset / 8] = static_cast<char>(bit ? byte | mask : byte & ~mask);
}

std::string CombineBits(BitOperation operation, std::span<const std::string_view> sources) {
  size_t size = 0;
  for (std::string_view source : sources) size = std::max(size, source.size());
  std::string result(sources.front());
  result.resize(size);
  if (operation == BitOperation::kNot) {
    CombineInto(result, result, [](auto byte, auto) { return ~byte; });
    return result;
  }
  for (std::string_view source : sources.subspan(1)) {
    switch (operation) {
      case BitOperation::kAnd:
        CombineInto(result, source, [](auto a, auto b) { return a & b; });
        std::memset(result.data() + source.size(), 0, size - source.size());
        break;
      case BitOperation::kOr:
        CombineInto(result, source, [](auto a, auto b) { return a | b; });
        break;
      default:
        CombineInto(result, source, [](auto a, auto b) { return a ^ b; });
    }
  }
  return result;
}

std::optional<BitField> ParseBitField(std::string_view text) {
  if (text.size() < 2 || text.size() > 3 || text[1] == '0') return std::nullopt;
  if (text[0] != 'i' && text[0] != 'u') return std::nullopt;
  const bool is_signed = text[0] == 'i';
  int bits = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), bits);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (bits < 1 || bits > (is_signed ? 64 : 63)) return std::nullopt;
  return BitField{is_signed, static_cast<uint8_t>(bits)};
}

int64_t ReadField(std::string_view bytes, uint64_t offset, BitField field) {
  // A field of 64 bits spreads over up to nine bytes.
  unsigned __int128 window = 0;
  for (uint64_t i = 0; i < 9; ++i) window = window << 8 | ByteAt(bytes, offset / 8 + i);
  const int below = static_cast<int>(72 - (offset & 7) - field.bits);
  const uint64_t high = static_cast<uint64_t>(window >> below) << (64 - field.bits);
  if (field.is_signed) return static_cast<int64_t>(high) >> (64 - field.bits);
  return static_cast<int64_t>(high >> (64 - field.bits));
}

void WriteField(std::string& bytes, uint64_t offset, BitField field, int64_t value) {
  const uint64_t end = offset + field.bits;
  MYDIS_ASSERT((end + 7) / 8 <= bytes.size(), "field outside the string");
  uint64_t rest = static_cast<uint64_t>(value);
  // From the last byte to the first, each with the bits of it that belong to the field.
  for (uint64_t position = end; position > offset;) {
    const uint64_t byte = (position - 1) / 8;
    const uint64_t begin = std::max(offset, byte * 8);
    const int width = static_cast<int>(position - begin);
    const int shift = static_cast<int>(byte * 8 + 8 - position);
    const uint8_t mask = static_cast<uint8_t>(((1u << width) - 1) << shift);
    const uint8_t old = static_cast<uint8_t>(bytes[byte]);
    bytes[byte] = static_cast<char>((old & ~mask) | ((rest << shift) & mask));
    rest >>= width;
    position = begin;
  }
}

namespace {

std::optional<int64_t> Fit(__int128 value, BitField field, Overflow overflow) {
  const __int128 max = (__int128{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  const __int128 min = field.is_signed ? -max - 1 : 0;
  if (value >= min && value <= max) return static_cast<int64_t>(value);
  switch (overflow) {
    case Overflow::kFail:
      return std::nullopt;
    case Overflow::kSaturate:
      return static_cast<int64_t>(value > max ? max : min);
    case Overflow::kWrap:
      break;
  }
  const uint64_t high = static_cast<uint64_t>(value) << (64 - field.bits);
  if (field.is_signed) return static_cast<int64_t>(high) >> (64 - field.bits);
  return static_cast<int64_t>(high >> (64 - field.bits));
}

}  // namespace

std::optional<int64_t> FitField(int64_t value, BitField field, Overflow overflow) {
  if (field.is_signed && field.bits < 64 && overflow == Overflow::kSaturate) {
    // So far below the field's range Redis's own arithmetic overflows, and saturates upwards.
    const int64_t max = (int64_t{1} << (field.bits - 1)) - 1;
    if (value < max - INT64_MAX) return max;
  }
  if (field.is_signed) return Fit(value, field, overflow);
  return Fit(static_cast<uint64_t>(value), field, overflow);
}

std::optional<int64_t> AddToField(int64_t old, int64_t increment, BitField field,
                                  Overflow overflow) {
  return Fit(static_cast<__int128>(old) + increment, field, overflow);
}

}  // namespace mydis
