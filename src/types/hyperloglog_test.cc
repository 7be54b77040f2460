#include "types/hyperloglog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "base/random.h"

namespace mydis::hyperloglog {
namespace {

constexpr size_t kSparseMax = 3000;

Registers RegistersOf(std::string_view value) {
  Registers registers{};
  MergeInto(registers, value);
  return registers;
}

TEST(HyperLogLog, EmptyIsWhatRedisMakes) {
  const std::string empty = Empty();
  EXPECT_EQ(empty, std::string("HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18));
  EXPECT_TRUE(IsHyperLogLog(empty));
  EXPECT_TRUE(IsIntact(empty));
  EXPECT_EQ(CachedCount(empty), 0u);
  EXPECT_EQ(Count(empty), 0u);
  EXPECT_EQ(Describe(empty), "Z:16384");
}

TEST(HyperLogLog, RaisesEachRegisterAlone) {
  Random random(1);
  for (const size_t sparse_max : {size_t{0}, kSparseMax, size_t{1} << 20}) {
    std::string value = Empty();
    Registers model{};
    for (int round = 0; round < 20000; ++round) {
      const auto most = sparse_max > kSparseMax ? 32 : 51;
      const Mark mark{static_cast<uint32_t>(random.Below(kRegisters)),
                      static_cast<uint8_t>(1 + random.Below(random.Chance(1, 50) ? most : 6))};
      ASSERT_EQ(Raise(value, mark, sparse_max), mark.run > model[mark.index]);
      model[mark.index] = std::max(model[mark.index], mark.run);
      ASSERT_EQ(RegisterAt(value, mark.index), model[mark.index]);
      if (round % 500 != 0) continue;
      ASSERT_TRUE(IsHyperLogLog(value));
      ASSERT_TRUE(IsIntact(value));
      ASSERT_EQ(RegistersOf(value), model);
    }
    ASSERT_EQ(RegistersOf(value), model);
    EXPECT_EQ(IsDense(value), sparse_max <= kSparseMax);
    EXPECT_EQ(Count(value), Count(model));
  }
}

TEST(HyperLogLog, NeighboursOfOneValueAreJoined) {
  std::string value = Empty();
  for (const uint32_t index : {10, 12, 11, 13, 14}) Raise(value, {index, 2}, kSparseMax);
  EXPECT_EQ(Describe(value), "z:10 v:2,4 v:2,1 Z:16369");
  Raise(value, {11, 3}, kSparseMax);
  EXPECT_EQ(Describe(value), "z:10 v:2,1 v:3,1 v:2,3 Z:16369");
  Raise(value, {0, 1}, kSparseMax);
  Raise(value, {kRegisters - 1, 32}, kSparseMax);
  EXPECT_EQ(Describe(value), "v:1,1 z:9 v:2,1 v:3,1 v:2,3 Z:16368 v:32,1");
}

TEST(HyperLogLog, EstimatesAreClose) {
  std::string value = Empty();
  Registers registers{};
  int next = 10;
  for (int i = 1; i <= 1000000; ++i) {
    const Mark mark = MarkOf("element:" + std::to_string(i));
    Raise(value, mark, kSparseMax);
    registers[mark.index] = std::max(registers[mark.index], mark.run);
    if (i != next) continue;
    next *= 10;
    EXPECT_EQ(Count(value), Count(registers));
    EXPECT_NEAR(static_cast<double>(Count(value)), i, std::max(1.0, 0.03 * i));
    EXPECT_EQ(CachedCount(value), std::nullopt);
  }
  std::string dense = value;
  EXPECT_FALSE(MakeDense(dense));
}

TEST(HyperLogLog, DenseIsTheSame) {
  std::string value = Empty();
  for (int i = 0; i < 500; ++i) Raise(value, MarkOf(std::to_string(i)), kSparseMax);
  EXPECT_FALSE(IsDense(value));
  std::string dense = value;
  EXPECT_TRUE(MakeDense(dense));
  EXPECT_EQ(dense.size(), kDenseBytes);
  EXPECT_EQ(RegistersOf(dense), RegistersOf(value));
  EXPECT_EQ(Count(dense), Count(value));
  EXPECT_FALSE(CachedCount(dense).has_value());
  SetCachedCount(dense, 500);
  EXPECT_EQ(CachedCount(dense), 500u);
  Invalidate(dense);
  EXPECT_FALSE(CachedCount(dense).has_value());
}

// Redis's own sum, register by register from the greatest on.
uint64_t SlowCount(const Registers& registers) {
  std::array<uint32_t, 64> histogram{};
  for (const uint8_t r : registers) ++histogram[r];
  const double m = kRegisters;
  double z = 0;
  for (int i = 50; i >= 1; --i) z = (z + histogram[static_cast<size_t>(i)]) * 0.5;
  double sigma = histogram[0] / m;
  double y = 1;
  for (double x = sigma, before = -1; before != sigma; y += y) {
    x *= x;
    before = sigma;
    sigma += x * y;
  }
  return static_cast<uint64_t>(std::llroundl(0.721347520444481703680 * m * m / (z + m * sigma)));
}

TEST(HyperLogLog, EveryWayToCountGivesRedissCount) {
  Random random(9);
  for (int round = 0; round < 300; ++round) {
    Registers registers{};
    const uint64_t first = random.Below(12);
    const uint64_t most = random.Below(round % 2 == 0 ? 20 : 39) + 1;
    for (uint8_t& r : registers) {
      // Half as many of each next one, as hashes leave them.
      r = static_cast<uint8_t>(
          first + static_cast<uint64_t>(__builtin_ctzll(random.Next() | 1ull << most)));
      if (random.Chance(1, 400)) r = static_cast<uint8_t>(random.Below(51));
      if (round % 3 == 0 && random.Chance(1, 3)) r = 0;
    }
    registers[0] = 1;
    ASSERT_EQ(Count(registers), SlowCount(registers)) << round;
    std::string dense = Empty();
    MakeDense(dense);
    SetRegisters(dense, registers);
    ASSERT_EQ(RegistersOf(dense), registers);
    ASSERT_EQ(Count(dense), SlowCount(registers)) << round;
  }
}

TEST(HyperLogLog, BrokenValuesAreSeen) {
  const std::string good = Empty();
  EXPECT_FALSE(IsHyperLogLog(good.substr(0, 15)));
  EXPECT_FALSE(IsHyperLogLog("HYLX" + good.substr(4)));
  std::string other = good;
  other[4] = 2;
  EXPECT_FALSE(IsHyperLogLog(other));
  other[4] = 0;
  EXPECT_FALSE(IsHyperLogLog(other));
  EXPECT_FALSE(IsIntact(good + "hello"));
  EXPECT_FALSE(IsIntact(good.substr(0, 17)));
  EXPECT_FALSE(IsIntact(good.substr(0, 16)));
  EXPECT_FALSE(IsIntact(good + '\x7f'));
}

}  // namespace
}  // namespace mydis::hyperloglog
