#include "types/hyperloglog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/codec.h"

namespace mydis::hyperloglog {
namespace {

constexpr uint32_t kIndexBits = 14;
constexpr uint32_t kHashBits = 64 - kIndexBits;
constexpr uint64_t kHashSeed = 0xadc83b19;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr size_t kCountOffset = 8;
constexpr uint64_t kOutdated = uint64_t{1} << 63;

constexpr uint32_t kMaxShortZeros = 64;
constexpr uint32_t kMaxValueRun = 4;
constexpr uint8_t kMaxSparseValue = 32;

// MurmurHash64A.
uint64_t Murmur(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kHashSeed ^ (bytes.size() * kMultiplier);
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    uint64_t word = LoadLittle<uint64_t>(bytes.data()) * kMultiplier;
    word = (word ^ (word >> kShift)) * kMultiplier;
    hash = (hash ^ word) * kMultiplier;
  }
  if (!bytes.empty()) {
    uint64_t rest = 0;
    std::memcpy(&rest, bytes.data(), bytes.size());
    hash = (hash ^ rest) * kMultiplier;
  }
  hash = (hash ^ (hash >> kShift)) * kMultiplier;
  return hash ^ (hash >> kShift);
}

uint8_t DenseAt(const char* registers, uint32_t index) {
  const char* const p = registers + index * 6 / 8;
  const uint32_t shift = index * 6 % 8;
  uint32_t bits = static_cast<uint8_t>(p[0]) >> shift;
  if (shift > 2) bits |= static_cast<uint32_t>(static_cast<uint8_t>(p[1])) << (8 - shift);
  return bits & 63;
}

void SetDense(char* registers, uint32_t index, uint8_t run) {
  char* const p = registers + index * 6 / 8;
  const uint32_t shift = index * 6 % 8;
  p[0] = static_cast<char>((static_cast<uint8_t>(p[0]) & ~(63u << shift)) | run << shift);
  if (shift > 2) {
    const uint32_t back = 8 - shift;
    p[1] = static_cast<char>((static_cast<uint8_t>(p[1]) & ~(63u >> back)) | run >> back);
  }
}

// One run of registers of a sparse value.
struct Run {
  uint32_t length;
  uint8_t value;  // 0: zeros.
  uint8_t bytes;  // That it takes.
  bool is_value() const { return value > 0; }
};

// REQUIRES: the run is whole: at least two bytes where the first says so.
Run ReadRun(const char* p) {
  const auto first = static_cast<uint8_t>(p[0]);
  if ((first & 0x80) != 0)
    return {(first & 3u) + 1, static_cast<uint8_t>((first >> 2 & 31) + 1), 1};
  if ((first & 0x40) == 0) return {(first & 63u) + 1, 0, 1};
  return {((first & 63u) << 8 | static_cast<uint8_t>(p[1])) + 1, 0, 2};
}

char ValueRun(uint8_t value, uint32_t length) {
  return static_cast<char>(0x80 | (value - 1) << 2 | (length - 1));
}

char* PutZeros(char* p, uint32_t length) {
  if (length > kMaxShortZeros) *p++ = static_cast<char>(0x40 | (length - 1) >> 8);
  *p++ = static_cast<char>(length > kMaxShortZeros ? (length - 1) & 0xff : length - 1);
  return p;
}

template <typename Visit>
void ForEachRun(std::string_view value, const Visit& visit) {
  const char* p = value.data() + kHeaderBytes;
  const char* const end = value.data() + value.size();
  while (p < end) {
    const Run run = ReadRun(p);
    visit(run);
    p += run.bytes;
  }
}

// Joins neighbouring runs of one value around a change, as far as Redis looks: over five runs from
// `offset` on.
void JoinRuns(std::string& value, size_t offset) {
  for (int looks = 5; looks > 0 && offset < value.size(); --looks) {
    const Run run = ReadRun(value.data() + offset);
    if (run.is_value() && offset + 1 < value.size()) {
      const Run next = ReadRun(value.data() + offset + 1);
      if (next.value == run.value && run.length + next.length <= kMaxValueRun) {
        value[offset + 1] = ValueRun(run.value, run.length + next.length);
        value.erase(offset, 1);
        continue;
      }
    }
    offset += run.bytes;
  }
}

bool RaiseDense(std::string& value, Mark mark) {
  char* const registers = value.data() + kHeaderBytes;
  if (DenseAt(registers, mark.index) >= mark.run) return false;
  SetDense(registers, mark.index, mark.run);
  Invalidate(value);
  return true;
}

// Writes what takes the place of a run when the register at `index` of it gets another value.
size_t SplitRun(const Run& run, uint32_t index, uint8_t value, char* out) {
  char* p = out;
  const auto put = [&p, &run](uint32_t length) {
    if (length == 0) return;
    if (run.is_value()) {
      *p++ = ValueRun(run.value, length);
    } else {
      p = PutZeros(p, length);
    }
  };
  put(index);
  *p++ = ValueRun(value, 1);
  put(run.length - index - 1);
  return static_cast<size_t>(p - out);
}

bool RaiseSparse(std::string& value, Mark mark, size_t sparse_max_bytes) {
  size_t offset = kHeaderBytes;
  size_t previous = kHeaderBytes;
  uint32_t first = 0;
  Run run = ReadRun(value.data() + offset);
  while (mark.index >= first + run.length) {
    previous = offset;
    first += run.length;
    offset += run.bytes;
    run = ReadRun(value.data() + offset);
  }
  if (run.value >= mark.run) return false;
  char split[5];
  const size_t bytes =
      mark.run <= kMaxSparseValue ? SplitRun(run, mark.index - first, mark.run, split) : 0;
  const bool grows = bytes > run.bytes;
  if (bytes == 0 || (grows && value.size() + bytes - run.bytes > sparse_max_bytes)) {
    MakeDense(value);
    return RaiseDense(value, mark);
  }
  value.replace(offset, run.bytes, split, bytes);
  JoinRuns(value, previous);
  Invalidate(value);
  return true;
}

// How many registers hold each run.
using Histogram = std::array<uint32_t, 64>;

Histogram HistogramOf(const Registers& registers) {
  // Eight by turns: most registers are alike, and an addition must not wait for the one before it.
  std::array<Histogram, 8> parts{};
  for (size_t i = 0; i < kRegisters; i += 8) {
    for (size_t k = 0; k < 8; ++k) ++parts[k][registers[i + k]];
  }
  Histogram histogram{};
  for (const Histogram& part : parts) {
    for (size_t i = 0; i < histogram.size(); ++i) histogram[i] += part[i];
  }
  return histogram;
}

// The two series of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
// arXiv:1702.01284.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double factor = 1;
  double sum = x;
  for (double before = -1; before != sum; factor += factor) {
    x *= x;
    before = sum;
    sum += x * factor;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double factor = 1;
  double sum = 1 - x;
  for (double before = -1; before != sum;) {
    x = std::sqrt(x);
    before = sum;
    factor *= 0.5;
    sum -= (1 - x) * (1 - x) * factor;
  }
  return sum / 3;
}

constexpr double kCount = kRegisters;

// `sum` is that of 2^-r over all registers r but zeros.
uint64_t EstimateOf(uint32_t zeros, double sum) {
  constexpr double kAlpha = 0.721347520444481703680;  // 0.5 / ln 2
  const double z = sum + kCount * Sigma(zeros / kCount);
  return static_cast<uint64_t>(std::llroundl(kAlpha * kCount * kCount / z));
}

uint64_t Estimate(const Histogram& histogram) {
  double z = kCount * Tau((kCount - histogram[kHashBits + 1]) / kCount);
  for (uint32_t i = kHashBits; i >= 1; --i) z = (z + histogram[i]) * 0.5;
  return EstimateOf(histogram[0], z);
}

}  // namespace

Mark MarkOf(std::string_view element) {
  const uint64_t hash = Murmur(element);
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kHashBits;
  return {static_cast<uint32_t>(hash & (kRegisters - 1)),
          static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

std::string Empty() {
  std::string value = "HYLL";
  value.resize(kHeaderBytes);
  value[4] = kSparse;
  char zeros[2];
  value.append(zeros, static_cast<size_t>(PutZeros(zeros, kRegisters) - zeros));
  return value;
}

bool IsHyperLogLog(std::string_view value) {
  if (value.size() < kHeaderBytes || !value.starts_with("HYLL")) return false;
  return value[4] == kSparse || (value[4] == kDense && value.size() == kDenseBytes);
}

bool IsDense(std::string_view value) { return value[4] == kDense; }

bool IsIntact(std::string_view value) {
  if (IsDense(value)) return true;
  const char* p = value.data() + kHeaderBytes;
  const char* const end = value.data() + value.size();
  size_t registers = 0;
  while (p < end) {
    if ((*p & 0xc0) == 0x40 && p + 1 == end) return false;
    const Run run = ReadRun(p);
    registers += run.length;
    p += run.bytes;
  }
  return registers == kRegisters;
}

std::optional<uint64_t> CachedCount(std::string_view value) {
  const auto count = LoadLittle<uint64_t>(value.data() + kCountOffset);
  if ((count & kOutdated) != 0) return std::nullopt;
  return count;
}

void SetCachedCount(std::string& value, uint64_t count) {
  StoreLittle(value.data() + kCountOffset, count);
}

void Invalidate(std::string& value) {
  const auto count = LoadLittle<uint64_t>(value.data() + kCountOffset);
  StoreLittle(value.data() + kCountOffset, count | kOutdated);
}

uint8_t RegisterAt(std::string_view value, uint32_t index) {
  const char* p = value.data() + kHeaderBytes;
  if (IsDense(value)) return DenseAt(p, index);
  Run run = ReadRun(p);
  for (uint32_t first = 0; index >= first + run.length; run = ReadRun(p)) {
    first += run.length;
    p += run.bytes;
  }
  return run.value;
}

bool Raise(std::string& value, Mark mark, size_t sparse_max_bytes) {
  return IsDense(value) ? RaiseDense(value, mark) : RaiseSparse(value, mark, sparse_max_bytes);
}

bool MakeDense(std::string& value) {
  if (IsDense(value)) return false;
  std::string dense(value, 0, kHeaderBytes);
  dense[4] = kDense;
  dense.resize(kDenseBytes);
  char* const registers = dense.data() + kHeaderBytes;
  uint32_t index = 0;
  ForEachRun(value, [&](const Run& run) {
    for (const uint32_t end = index + run.length; index < end; ++index)
      if (run.is_value()) SetDense(registers, index, run.value);
  });
  value = std::move(dense);
  return true;
}

void SetRegisters(std::string& value, const Registers& registers) {
  Pack(registers, value.data() + kHeaderBytes);
}

void MergeInto(Registers& registers, std::string_view value) {
  if (IsDense(value)) {
    Registers other;
    Unpack(value.data() + kHeaderBytes, other);
    for (size_t i = 0; i < kRegisters; ++i) registers[i] = std::max(registers[i], other[i]);
    return;
  }
  uint32_t index = 0;
  ForEachRun(value, [&](const Run& run) {
    if (run.is_value()) {
      for (uint32_t i = index; i < index + run.length; ++i)
        registers[i] = std::max(registers[i], run.value);
    }
    index += run.length;
  });
}

uint64_t Count(std::string_view value) {
  if (IsDense(value)) {
    Registers registers;
    Unpack(value.data() + kHeaderBytes, registers);
    return Count(registers);
  }
  Histogram histogram{};
  ForEachRun(value, [&](const Run& run) { histogram[run.value] += run.length; });
  return Estimate(histogram);
}

uint64_t Count(const Registers& registers) {
  if (const auto weights = WeightsOf(registers)) return EstimateOf(weights->zeros, weights->sum);
  return Estimate(HistogramOf(registers));
}

std::string Describe(std::string_view value) {
  MYDIS_ASSERT(!IsDense(value), "a dense value has no runs");
  std::string text;
  ForEachRun(value, [&](const Run& run) {
    if (!text.empty()) text += ' ';
    if (run.is_value()) {
      text += fmt::format("v:{},{}", run.value, run.length);
    } else {
      text += fmt::format("{}:{}", run.bytes == 2 ? 'Z' : 'z', run.length);
    }
  });
  return text;
}

}  // namespace mydis::hyperloglog
