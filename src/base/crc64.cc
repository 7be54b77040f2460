#include "base/crc64.h"

#include <array>
#include <cstddef>
#include <utility>

#include "base/codec.h"

namespace mydis {
namespace {

// 0xad93d23594c935a9 with its bits in reverse.
constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;

// tables[k][b]: what byte b does to the checksum k bytes later.
using Tables = std::array<std::array<uint64_t, 256>, kSlices>;
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ kPolynomial : crc >> 1;
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = MakeTables();

// What eight bytes at once do.
template <size_t... kBytes>
uint64_t Slices(uint64_t word, std::index_sequence<kBytes...>) {
  return (kTables[kSlices - 1 - kBytes][word >> (8 * kBytes) & 0xff] ^ ...);
}

}  // namespace

uint64_t Crc64(std::string_view bytes, uint64_t crc) {
  while (bytes.size() >= kSlices) {
    crc = Slices(LoadLittle<uint64_t>(bytes.data()) ^ crc, std::make_index_sequence<kSlices>());
    bytes.remove_prefix(kSlices);
  }
  for (const char c : bytes) crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return crc;
}

}  // namespace mydis
