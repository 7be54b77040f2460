#include "types/hll_registers.h"

#include <cmath>
#include <cstring>

#include "base/codec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mydis::hyperloglog {
namespace {

// Eight registers are 6 bytes packed, and 8 bytes here.
constexpr size_t kGroup = 8;
constexpr size_t kGroupBytes = 6;

void UnpackFrom(size_t first, const char* packed, Registers& registers) {
  for (size_t i = first; i < kRegisters; i += kGroup) {
    uint64_t bits = 0;
    std::memcpy(&bits, packed + i / kGroup * kGroupBytes, kGroupBytes);
    bits = (bits & 0xffffff) | (bits & 0xffffff000000) << 8;
    bits = (bits & 0x00000fff00000fff) | (bits & 0x00fff00000fff000) << 4;
    bits = (bits & 0x003f003f003f003f) | (bits & 0x0fc00fc00fc00fc0) << 2;
    StoreLittle(reinterpret_cast<char*>(registers.data()) + i, bits);
  }
}

void PackFrom(size_t first, const Registers& registers, char* packed) {
  for (size_t i = first; i < kRegisters; i += kGroup) {
    auto bits = LoadLittle<uint64_t>(reinterpret_cast<const char*>(registers.data()) + i);
    bits = (bits & 0x003f003f003f003f) | (bits & 0x3f003f003f003f00) >> 2;
    bits = (bits & 0x00000fff00000fff) | (bits & 0x0fff00000fff0000) >> 4;
    bits = (bits & 0xffffff) | (bits & 0xffffff00000000) >> 8;
    std::memcpy(packed + i / kGroup * kGroupBytes, &bits, kGroupBytes);
  }
}

#if defined(__x86_64__)

bool HasAvx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}

constexpr size_t kStep = 32;  // Registers in one word of the processor: two halves of 12 bytes.
constexpr size_t kHalfBytes = kStep / 2 * 6 / 8;

// These two go up to the last step and give where it begins: a half is 12 bytes, and 16 are read or
// written.
[[gnu::target("avx2")]] size_t UnpackWide(const char* packed, Registers& registers) {
  // Three bytes, which are four registers, to every four.
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 0,
                                          1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  const __m256i low12 = _mm256_set1_epi32(0x00000fff);
  const __m256i high12 = _mm256_set1_epi32(0x00fff000);
  const __m256i low6 = _mm256_set1_epi16(0x003f);
  const __m256i high6 = _mm256_set1_epi16(0x0fc0);
  size_t i = 0;
  for (; i + kStep < kRegisters; i += kStep, packed += 2 * kHalfBytes) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + kHalfBytes));
    __m256i bits = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    bits = _mm256_or_si256(_mm256_and_si256(bits, low12),
                           _mm256_slli_epi32(_mm256_and_si256(bits, high12), 4));
    bits = _mm256_or_si256(_mm256_and_si256(bits, low6),
                           _mm256_slli_epi16(_mm256_and_si256(bits, high6), 2));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(registers.data() + i), bits);
  }
  return i;
}

[[gnu::target("avx2")]] size_t PackWide(const Registers& registers, char* packed) {
  const __m256i gather = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0,
                                          1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  const __m256i low6 = _mm256_set1_epi16(0x003f);
  const __m256i high6 = _mm256_set1_epi16(0x3f00);
  const __m256i low12 = _mm256_set1_epi32(0x00000fff);
  const __m256i high12 = _mm256_set1_epi32(0x0fff0000);
  size_t i = 0;
  for (; i + kStep < kRegisters; i += kStep, packed += 2 * kHalfBytes) {
    __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(registers.data() + i));
    bits = _mm256_or_si256(_mm256_and_si256(bits, low6),
                           _mm256_srli_epi16(_mm256_and_si256(bits, high6), 2));
    bits = _mm256_or_si256(_mm256_and_si256(bits, low12),
                           _mm256_srli_epi32(_mm256_and_si256(bits, high12), 4));
    bits = _mm256_shuffle_epi8(bits, gather);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(packed), _mm256_castsi256_si128(bits));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(packed + kHalfBytes),
                     _mm256_extracti128_si256(bits, 1));
  }
  return i;
}

// The least register that is not zero, 255 if all are.
[[gnu::target("avx2")]] uint8_t LeastRegister(const Registers& registers) {
  const __m256i one = _mm256_set1_epi8(1);
  __m256i least = _mm256_set1_epi8(-1);
  for (size_t i = 0; i < kRegisters; i += kStep) {
    const __m256i r = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(registers.data() + i));
    least = _mm256_min_epu8(least, _mm256_sub_epi8(r, one));  // Zeros become 255.
  }
  alignas(32) uint8_t bytes[kStep];
  _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), least);
  uint8_t result = 255;
  for (const uint8_t byte : bytes) result = byte < result ? byte : result;
  return result == 255 ? 255 : result + 1;
}

// Nearly all registers lie within 16 of the least. Of these the weights in units of the smallest of
// the 16 are powers of two up to 2^15, added as high and low bytes; the others are few, and go one
// by one.
[[gnu::target("avx2")]] std::optional<Weights> WeighWide(const Registers& registers) {
  constexpr int kBand = 16;
  const uint8_t least = LeastRegister(registers);
  if (least == 255) return Weights{kRegisters, 0};
  const __m256i low_bytes = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, -128, 64, 32, 16, 8, 4, 2, 1));
  const __m256i high_bytes = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(-128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i first = _mm256_set1_epi8(static_cast<char>(least));
  const __m256i to_sign = _mm256_set1_epi8(0x70);  // What is beyond the band gets the top bit.
  const __m256i zero = _mm256_setzero_si256();
  __m256i low_sum = zero;
  __m256i high_sum = zero;
  uint32_t zeros = 0;
  uint32_t others[kMaxWeighed + 1] = {};  // How many there are of each.
  for (size_t i = 0; i < kRegisters; i += kStep) {
    const __m256i r = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(registers.data() + i));
    const __m256i index = _mm256_adds_epu8(_mm256_sub_epi8(r, first), to_sign);
    const __m256i low = _mm256_shuffle_epi8(low_bytes, index);
    const __m256i high = _mm256_shuffle_epi8(high_bytes, index);
    low_sum = _mm256_add_epi64(low_sum, _mm256_sad_epu8(low, zero));
    high_sum = _mm256_add_epi64(high_sum, _mm256_sad_epu8(high, zero));
    auto beyond = static_cast<uint32_t>(_mm256_movemask_epi8(index));
    if (beyond == 0) continue;
    const auto none = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(r, zero)));
    zeros += static_cast<uint32_t>(__builtin_popcount(none));
    for (beyond &= ~none; beyond != 0; beyond &= beyond - 1) {
      const uint8_t value = registers[i + static_cast<size_t>(__builtin_ctz(beyond))];
      if (value > kMaxWeighed) return std::nullopt;
      ++others[value];
    }
  }
  if (least + kBand - 1 > kMaxWeighed) return std::nullopt;
  alignas(32) uint64_t lows[4];
  alignas(32) uint64_t highs[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lows), low_sum);
  _mm256_store_si256(reinterpret_cast<__m256i*>(highs), high_sum);
  uint64_t units = 0;
  for (int k = 0; k < 4; ++k) units += lows[k] + (highs[k] << 8);
  double sum = std::ldexp(static_cast<double>(units), -(least + kBand - 1));
  for (int value = least + kBand; value <= kMaxWeighed; ++value)
    sum += std::ldexp(static_cast<double>(others[value]), -value);
  return Weights{zeros, sum};
}

#endif

}  // namespace

void Unpack(const char* packed, Registers& registers) {
  size_t done = 0;
#if defined(__x86_64__)
  if (HasAvx2()) done = UnpackWide(packed, registers);
#endif
  UnpackFrom(done, packed, registers);
}

void Pack(const Registers& registers, char* packed) {
  size_t done = 0;
#if defined(__x86_64__)
  if (HasAvx2()) done = PackWide(registers, packed);
#endif
  PackFrom(done, registers, packed);
}

std::optional<Weights> WeightsOf(const Registers& registers) {
#if defined(__x86_64__)
  if (HasAvx2()) return WeighWide(registers);
#endif
  static_cast<void>(registers);
  return std::nullopt;
}

}  // namespace mydis::hyperloglog
