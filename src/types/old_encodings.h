// Small collections as older versions of Redis kept and saved them: ziplist (up to 6.2), zipmap (up
// to 2.4), and the intset. Only read here.
//
//   ziplist:  u32 bytes | u32 offset of the last entry | u16 entries, 65535: that many or more |
//             entry … | 0xff
//   entry:    size of the one before: u8, or 0xfe u32 | encoding and data
//     00llllll | 01llllll l | 0x80 u32     string; the lengths high bits first
//     0xc0 i16, 0xd0 i32, 0xe0 i64, 0xf0 i24, 0xfe i8, 0xf1 … 0xfd: 0 … 12    integer
//   zipmap:   u8 pairs | { length field length u8 unused value unused } … | 0xff
//             length: u8, or 0xfe u32
//   intset:   u32 bytes of a number (2, 4, 8) | u32 numbers | ascending
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "types/listpack.h"

namespace mydis {

// Each adds the elements in their order; false for bytes that make no sense. Texts point into
// `bytes`.
bool ReadZiplist(std::string_view bytes, std::vector<ListpackValue>* elements);
bool ReadZipmap(std::string_view bytes, std::vector<ListpackValue>* elements);
bool ReadIntset(std::string_view bytes, std::vector<ListpackValue>* elements);

}  // namespace mydis
