#include "types/bits.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace mydis {
namespace {

std::string RandomBytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  // Runs of equal bytes, so that whole words of zeros and ones occur.
  for (size_t i = 0; i < size;) {
    const uint64_t kind = random.Below(3);
    for (uint64_t run = random.Below(24) + 1; run > 0 && i < size; --run, ++i)
      bytes[i] = static_cast<char>(kind == 0 ? 0x00 : kind == 1 ? 0xff : random.Next());
  }
  return bytes;
}

bool SlowBit(std::string_view bytes, uint64_t offset) {
  return offset / 8 < bytes.size() && ((bytes[offset / 8] >> (7 - offset % 8)) & 1) != 0;
}

TEST(Bits, CountsWholeStrings) {
  EXPECT_EQ(CountBits(""), 0u);
  EXPECT_EQ(CountBits("foobar"), 26u);
  EXPECT_EQ(CountBits(std::string(1000, '\xff')), 8000u);
}

TEST(Bits, CountsAtEveryAlignmentAndLength) {
  Random random(7);
  const std::string bytes = RandomBytes(random, 400);
  for (size_t first = 0; first < 40; ++first) {
    uint64_t count = 0;
    for (size_t size = 0; size < 300; ++size) {
      ASSERT_EQ(CountBits(std::string_view(bytes).substr(first, size)), count) << first << size;
      for (int bit = 0; bit < 8; ++bit) count += SlowBit(bytes, (first + size) * 8 + bit);
    }
  }
}

TEST(Bits, CountsAndFindsInRangesLikeALoopOverBits) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    const std::string bytes = RandomBytes(random, random.Below(40) + 1);
    uint64_t first = random.Below(bytes.size() * 8);
    uint64_t last = random.Below(bytes.size() * 8);
    if (first > last) std::swap(first, last);
    uint64_t count = 0;
    std::array<std::optional<uint64_t>, 2> found;
    for (uint64_t i = first; i <= last; ++i) {
      const bool bit = SlowBit(bytes, i);
      count += bit;
      if (!found[bit]) found[bit] = i;
    }
    EXPECT_EQ(CountBits(bytes, first, last), count);
    EXPECT_EQ(FindBit(bytes, true, first, last), found[1]);
    EXPECT_EQ(FindBit(bytes, false, first, last), found[0]);
  }
}

TEST(Bits, GetsAndSets) {
  std::string bytes(2, '\0');
  SetBit(bytes, 0, true);
  SetBit(bytes, 15, true);
  EXPECT_EQ(bytes, "\x80\x01");
  EXPECT_TRUE(GetBit(bytes, 15));
  EXPECT_FALSE(GetBit(bytes, 14));
  EXPECT_FALSE(GetBit(bytes, 1000));
  SetBit(bytes, 0, false);
  EXPECT_EQ(bytes, std::string_view("\x00\x01", 2));
}

TEST(Bits, CombinesStringsOfDifferentLengths) {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> strings(random.Below(4) + 1);
    for (std::string& s : strings) s = RandomBytes(random, random.Below(30));
    const std::vector<std::string_view> sources(strings.begin(), strings.end());
    size_t size = 0;
    for (std::string_view s : sources) size = std::max(size, s.size());
    const auto operation = static_cast<BitOperation>(random.Below(4));
    std::string expected(size, '\0');
    for (uint64_t i = 0; i < size * 8; ++i) {
      bool bit = SlowBit(sources[0], i);
      for (size_t s = 1; s < sources.size(); ++s) {
        const bool other = SlowBit(sources[s], i);
        if (operation == BitOperation::kAnd) bit = bit && other;
        if (operation == BitOperation::kOr) bit = bit || other;
        if (operation == BitOperation::kXor) bit = bit != other;
      }
      if (operation == BitOperation::kNot) bit = !bit;
      SetBit(expected, i, bit);
    }
    if (operation == BitOperation::kNot) expected.resize(sources[0].size());
    const auto used = operation == BitOperation::kNot ? std::span(sources).first(1) : sources;
    EXPECT_EQ(CombineBits(operation, used), expected);
  }
}

TEST(Bits, ParsesFieldTypes) {
  EXPECT_EQ(ParseBitField("u8"), (BitField{false, 8}));
  EXPECT_EQ(ParseBitField("i64"), (BitField{true, 64}));
  EXPECT_EQ(ParseBitField("u63"), (BitField{false, 63}));
  for (std::string_view bad : {"", "i", "u0", "i0", "u64", "i65", "I8", "u08", "u-1", "u+1", "8",
                               "u8 ", "u100", "x8", "i1x"}) {
    EXPECT_EQ(ParseBitField(bad), std::nullopt) << bad;
  }
}

TEST(Bits, FieldsReadBackAndLeaveNeighboursAlone) {
  Random random(3);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = RandomBytes(random, 20);
    const bool is_signed = random.Chance(1, 2);
    const BitField field{is_signed, static_cast<uint8_t>(random.Below(is_signed ? 64 : 63) + 1)};
    const uint64_t offset = random.Below(160 - field.bits + 1);
    const std::string before = bytes;
    const int64_t value = *FitField(static_cast<int64_t>(random.Next()), field, Overflow::kWrap);
    WriteField(bytes, offset, field, value);
    EXPECT_EQ(ReadField(bytes, offset, field), value);
    for (uint64_t i = 0; i < 160; ++i) {
      if (i < offset || i >= offset + field.bits) {
        ASSERT_EQ(SlowBit(bytes, i), SlowBit(before, i));
      }
    }
  }
  EXPECT_EQ(ReadField("\xff", 4, {false, 8}), 0xf0);
  EXPECT_EQ(ReadField("", 1000, {true, 64}), 0);
  EXPECT_EQ(ReadField("\xff", 4, {true, 4}), -1);
}

TEST(Bits, OverflowModes) {
  const BitField u8{false, 8};
  const BitField i8{true, 8};
  const BitField i64{true, 64};
  const BitField u63{false, 63};
  EXPECT_EQ(AddToField(255, 1, u8, Overflow::kWrap), 0);
  EXPECT_EQ(AddToField(0, -1, u8, Overflow::kWrap), 255);
  EXPECT_EQ(AddToField(255, 1, u8, Overflow::kSaturate), 255);
  EXPECT_EQ(AddToField(0, -1, u8, Overflow::kSaturate), 0);
  EXPECT_EQ(AddToField(255, 1, u8, Overflow::kFail), std::nullopt);
  EXPECT_EQ(AddToField(127, 1, i8, Overflow::kWrap), -128);
  EXPECT_EQ(AddToField(-128, -1, i8, Overflow::kWrap), 127);
  EXPECT_EQ(AddToField(-100, -100, i8, Overflow::kSaturate), -128);
  EXPECT_EQ(AddToField(100, 100, i8, Overflow::kSaturate), 127);
  EXPECT_EQ(AddToField(INT64_MAX, 1, i64, Overflow::kWrap), INT64_MIN);
  EXPECT_EQ(AddToField(INT64_MIN, -1, i64, Overflow::kSaturate), INT64_MIN);
  EXPECT_EQ(AddToField(INT64_MAX, INT64_MAX, i64, Overflow::kFail), std::nullopt);
  EXPECT_EQ(AddToField(INT64_MAX, 1, u63, Overflow::kWrap), 0);
  EXPECT_EQ(AddToField(5, INT64_MIN, u63, Overflow::kSaturate), 0);
  EXPECT_EQ(FitField(256, u8, Overflow::kWrap), 0);
  EXPECT_EQ(FitField(-1, u8, Overflow::kSaturate), 255);
  EXPECT_EQ(FitField(-1, u8, Overflow::kFail), std::nullopt);
  EXPECT_EQ(FitField(200, i8, Overflow::kWrap), -56);
  EXPECT_EQ(FitField(-129, i8, Overflow::kSaturate), -128);
}

}  // namespace
}  // namespace mydis
