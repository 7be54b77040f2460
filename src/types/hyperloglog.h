// HyperLogLog: how many different elements were added, within about 0.8 %, in at most 12 KiB. The
// value is a string in Redis's format, byte for byte.
//
//   "HYLL" | u8 encoding: 0 dense, 1 sparse | 3 bytes unused | u64 cached count, top bit: outdated
//
//   dense: 16384 registers of 6 bits, low bits first
//   sparse: runs of registers
//     00nnnnnn           n + 1 zeros
//     01nnnnnn nnnnnnnn  n + 1 zeros, high bits first
//     1vvvvvnn           n + 1 registers of the value v + 1
//
// An element's hash chooses a register and has a run of zero bits; a register holds the longest
// run, counted with the one bit that ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types/hll_registers.h"

namespace mydis::hyperloglog {

inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kPackedBytes;

// What an element does: it raises a register to a run if that is less.
struct Mark {
  uint32_t index;
  uint8_t run;  // 1 … 51
};
Mark MarkOf(std::string_view element);

// An empty one, sparse.
std::string Empty();
// True for a string with a good header, and for a dense one of the right length.
bool IsHyperLogLog(std::string_view value);

// The following REQUIRE: IsHyperLogLog(value).

bool IsDense(std::string_view value);
// True for a dense one and a sparse one that has exactly all registers.
bool IsIntact(std::string_view value);
// The count that was kept with the value, unless it is outdated.
std::optional<uint64_t> CachedCount(std::string_view value);
void SetCachedCount(std::string& value, uint64_t count);

// The following REQUIRE: IsIntact(value).

uint8_t RegisterAt(std::string_view value, uint32_t index);
// False if the register is not less. Otherwise the cached count is marked as outdated. A sparse
// value becomes dense if it would be longer than `sparse_max_bytes` or cannot hold the run.
bool Raise(std::string& value, Mark mark, size_t sparse_max_bytes);
// False if it was dense already.
bool MakeDense(std::string& value);
// The value's registers become these; its cached count stays. REQUIRES: IsDense(value).
void SetRegisters(std::string& value, const Registers& registers);
// Each register becomes the greater of the two.
void MergeInto(Registers& registers, std::string_view value);
uint64_t Count(std::string_view value);
uint64_t Count(const Registers& registers);
// Marks the cached count as outdated.
void Invalidate(std::string& value);
// The runs of a sparse value: "Z:16381 v:2,1 z:2".
std::string Describe(std::string_view value);

}  // namespace mydis::hyperloglog
