// The registers of a HyperLogLog, a byte each: the form in which values are merged and counted.
// The work of each call is done 32 registers at a time where the processor can.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mydis::hyperloglog {

inline constexpr size_t kRegisters = 16384;
inline constexpr size_t kPackedBytes = kRegisters * 6 / 8;

using Registers = std::array<uint8_t, kRegisters>;

// From kPackedBytes with 6 bits for each, low bits first, and back.
void Unpack(const char* packed, Registers& registers);
void Pack(const Registers& registers, char* packed);

// What an estimate is made of.
struct Weights {
  uint32_t zeros;  // How many registers are zero.
  double sum;      // Of 2^-r over all others, without any rounding.
};
// nullopt where this processor has no fast way, or if a register is greater than kMaxWeighed, so
// that the sum need not fit a double.
std::optional<Weights> WeightsOf(const Registers& registers);
inline constexpr uint8_t kMaxWeighed = 36;

}  // namespace mydis::hyperloglog
