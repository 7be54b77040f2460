#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace mydis {
namespace {

// How many bytes the character at the front takes; 0 if they make none.
size_t CharacterSize(std::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first < 0x80) return 1;
  const size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || bytes.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((static_cast<uint8_t>(bytes[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<uint8_t>(bytes[1]);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second >= 0xa0;
  const bool too_high = first == 0xf4 && second >= 0x90;
  return overlong || surrogate || too_high ? 0 : size;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    // Most text is ASCII: eight bytes at a time.
    while (bytes.size() >= 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), sizeof word);
      if ((word & 0x8080808080808080u) != 0) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) return true;
    const size_t size = CharacterSize(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace mydis
