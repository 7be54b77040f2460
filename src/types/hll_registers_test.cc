#include "types/hll_registers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"
#include "types/hyperloglog.h"

namespace mydis::hyperloglog {
namespace {

// Bit by bit.
std::string SlowPack(const Registers& registers) {
  std::string packed(kPackedBytes, '\0');
  for (size_t bit = 0; bit < kRegisters * 6; ++bit) {
    const int value = registers[bit / 6] >> (bit % 6) & 1;
    packed[bit / 8] = static_cast<char>(packed[bit / 8] | value << (bit % 8));
  }
  return packed;
}

TEST(HllRegisters, PackedAndUnpackedTheyAreTheSame) {
  Random random(1);
  for (int round = 0; round < 30; ++round) {
    Registers registers;
    for (uint8_t& r : registers) r = static_cast<uint8_t>(random.Below(64));
    const std::string packed = SlowPack(registers);
    // Nothing before or behind is touched, and no alignment is needed.
    for (const size_t offset : {size_t{0}, size_t{1}, random.Below(64)}) {
      std::string bytes(offset + kPackedBytes + 3, '!');
      Pack(registers, bytes.data() + offset);
      ASSERT_EQ(bytes, std::string(offset, '!') + packed + "!!!");
      Registers unpacked{};
      Unpack(bytes.data() + offset, unpacked);
      ASSERT_EQ(unpacked, registers);
    }
  }
}

// As hashes of `count` elements leave them.
Registers Filled(Random& random, uint64_t count) {
  Registers registers{};
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t element = random.Next();
    const Mark mark = MarkOf({reinterpret_cast<const char*>(&element), sizeof element});
    registers[mark.index] = std::max(registers[mark.index], mark.run);
  }
  return registers;
}

void ExpectExactWeights(const Registers& registers) {
  const auto weights = WeightsOf(registers);
  uint32_t zeros = 0;
  double sum = 0;  // Exact too: all registers are small.
  uint8_t most = 0;
  for (const uint8_t r : registers) {
    most = std::max(most, r);
    r == 0 ? ++zeros : sum += std::ldexp(1.0, -r);
  }
  if (!weights) {
    EXPECT_TRUE(most > kMaxWeighed - 15 || !__builtin_cpu_supports("avx2"));
    return;
  }
  EXPECT_LE(most, kMaxWeighed);
  EXPECT_EQ(weights->zeros, zeros);
  EXPECT_EQ(weights->sum, sum);
}

TEST(HllRegisters, WeightsAreExact) {
  Random random(2);
  ExpectExactWeights(Registers{});
  for (uint64_t count = 1; count < 2'000'000; count = count * 5 / 2 + 1) {
    Registers registers = Filled(random, count);
    ExpectExactWeights(registers);
    for (const uint8_t far : {36, 30, 20, 1}) {
      registers[random.Below(kRegisters)] = far;
      ExpectExactWeights(registers);
    }
  }
  for (int value = 0; value < 64; ++value) {
    Registers registers;
    registers.fill(static_cast<uint8_t>(value));
    ExpectExactWeights(registers);
    registers[kRegisters - 1] = 0;
    ExpectExactWeights(registers);
  }
  for (int round = 0; round < 200; ++round) {
    Registers registers;
    const uint64_t first = random.Below(20);
    const uint64_t width = random.Below(44) + 1;
    for (uint8_t& r : registers) r = static_cast<uint8_t>(first + random.Below(width));
    ExpectExactWeights(registers);
  }
}

TEST(HllRegisters, GreatOnesAreNotWeighed) {
  Random random(3);
  for (const uint8_t great : {37, 51, 52, 63}) {
    Registers registers = Filled(random, 100'000);
    registers[random.Below(kRegisters)] = great;
    EXPECT_FALSE(WeightsOf(registers).has_value());
  }
}

}  // namespace
}  // namespace mydis::hyperloglog
