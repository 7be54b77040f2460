#include "types/lzf.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/codec.h"

namespace mydis {
namespace {

constexpr size_t kMaxLiteral = 32;
constexpr size_t kMinMatch = 3;
constexpr size_t kMaxMatch = 264;
constexpr size_t kMaxDistance = 8192;
constexpr int kMinHashBits = 8;
constexpr int kMaxHashBits = 14;
// No byte of the compressed form stands for more than this many.
constexpr size_t kMaxExpansion = kMaxMatch;

uint32_t ThreeAt(const char* p) {
  return static_cast<uint8_t>(p[0]) | static_cast<uint32_t>(LoadLittle<uint16_t>(p + 1)) << 8;
}

// A table for few bytes is small: clearing a large one would take longer than to compress them.
int HashBitsFor(size_t size) {
  return std::clamp(static_cast<int>(std::bit_width(size)) + 1, kMinHashBits, kMaxHashBits);
}

void PutLiterals(std::string_view bytes, std::string* out) {
  while (!bytes.empty()) {
    const size_t run = std::min(bytes.size(), kMaxLiteral);
    out->push_back(static_cast<char>(run - 1));
    out->append(bytes.substr(0, run));
    bytes.remove_prefix(run);
  }
}

void PutMatch(size_t distance, size_t length, std::string* out) {
  const size_t offset = distance - 1;
  const size_t rest = length - 2;
  if (rest < 7) {
    out->push_back(static_cast<char>(rest << 5 | offset >> 8));
  } else {
    out->push_back(static_cast<char>(7 << 5 | offset >> 8));
    out->push_back(static_cast<char>(rest - 7));
  }
  out->push_back(static_cast<char>(offset));
}

}  // namespace

bool LzfCompress(std::string_view bytes, size_t limit, std::string* out) {
  out->clear();
  out->reserve(limit);
  const int bits = HashBitsFor(bytes.size());
  // Positions plus one of the last occurrence of three bytes with a hash.
  std::vector<uint32_t> last(size_t{1} << bits);
  size_t literals = 0;  // Where those begin that are not written yet.
  size_t at = 0;
  while (at + kMinMatch <= bytes.size()) {
    const uint32_t three = ThreeAt(bytes.data() + at);
    uint32_t& seen = last[three * 2654435761u >> (32 - bits)];
    const size_t candidate = seen;
    seen = static_cast<uint32_t>(at + 1);
    if (candidate == 0 || at + 1 - candidate > kMaxDistance ||
        ThreeAt(bytes.data() + candidate - 1) != three) {
      ++at;
      continue;
    }
    const size_t most = std::min(bytes.size() - at, kMaxMatch);
    size_t length = kMinMatch;
    while (length < most && bytes[candidate - 1 + length] == bytes[at + length]) ++length;
    PutLiterals(bytes.substr(literals, at - literals), out);
    PutMatch(at + 1 - candidate, length, out);
    at += length;
    literals = at;
    if (out->size() >= limit) return false;
  }
  PutLiterals(bytes.substr(literals), out);
  return out->size() < limit;
}

bool LzfDecompress(std::string_view compressed, size_t size, std::string* out) {
  out->clear();
  // A size that cannot be is refused before room is made for it.
  if (size / kMaxExpansion > compressed.size()) return false;
  out->resize(size);
  char* to = out->data();
  char* const end = to + size;
  size_t at = 0;
  while (at < compressed.size()) {
    const auto control = static_cast<uint8_t>(compressed[at++]);
    const auto left = static_cast<size_t>(end - to);
    if (control < kMaxLiteral) {
      const size_t run = control + size_t{1};
      if (run > compressed.size() - at || run > left) return false;
      std::memcpy(to, compressed.data() + at, run);
      to += run;
      at += run;
      continue;
    }
    size_t length = control >> 5;
    if (length == 7) {
      if (at == compressed.size()) return false;
      length += static_cast<uint8_t>(compressed[at++]);
    }
    length += 2;
    if (at == compressed.size()) return false;
    const size_t distance =
        (static_cast<size_t>(control & 0x1f) << 8 | static_cast<uint8_t>(compressed[at++])) + 1;
    if (distance > static_cast<size_t>(to - out->data()) || length > left) return false;
    // The source may overlap what is being written.
    for (const char* from = to - distance; length > 0; --length) *to++ = *from++;
  }
  return to == end;
}

}  // namespace mydis
