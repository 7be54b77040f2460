// CRC-64 as Redis's files and DUMP payloads carry it: Jones's polynomial, reflected, from zero.
#pragma once

#include <cstdint>
#include <string_view>

namespace mydis {

// The checksum of what `crc` is the checksum of, followed by `bytes`.
uint64_t Crc64(std::string_view bytes, uint64_t crc = 0);

}  // namespace mydis
