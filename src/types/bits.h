// Strings read as arrays of bits: bit 0 is the most significant bit of the first byte, as Redis
// counts them. Beyond the end of a string all bits are 0.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mydis {

// How many bits are 1.
uint64_t CountBits(std::string_view bytes);
// The same from bit `first` to bit `last`, both included.
// REQUIRES: first <= last < 8 * bytes.size().
uint64_t CountBits(std::string_view bytes, uint64_t first, uint64_t last);

// The first bit from `first` to `last` (both included) that is `bit`.
// REQUIRES: first <= last < 8 * bytes.size().
std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t last);

bool GetBit(std::string_view bytes, uint64_t offset);
// REQUIRES: offset < 8 * bytes.size().
void SetBit(std::string& bytes, uint64_t offset, bool bit);

enum class BitOperation : uint8_t { kAnd, kOr, kXor, kNot };
// The result is as long as the longest source; kNot takes the first source alone.
std::string CombineBits(BitOperation operation, std::span<const std::string_view> sources);

// An integer inside a string, at any bit offset: 1 to 64 bits signed, 1 to 63 bits unsigned.
struct BitField {
  bool is_signed;
  uint8_t bits;
  bool operator==(const BitField&) const = default;
};

// "i16", "u8" and so on; nullopt if it is none that can be had.
std::optional<BitField> ParseBitField(std::string_view text);

int64_t ReadField(std::string_view bytes, uint64_t offset, BitField field);
// Stores the low bits of `value`. REQUIRES: offset + field.bits <= 8 * bytes.size().
void WriteField(std::string& bytes, uint64_t offset, BitField field, int64_t value);

enum class Overflow : uint8_t { kWrap, kSaturate, kFail };
// `value` as the field can hold it; nullopt if it cannot and `overflow` is kFail. A negative value
// for an unsigned field counts as one above its range.
std::optional<int64_t> FitField(int64_t value, BitField field, Overflow overflow);
// The same for old + increment. REQUIRES: the field can hold `old`.
std::optional<int64_t> AddToField(int64_t old, int64_t increment, BitField field,
                                  Overflow overflow);

}  // namespace mydis
