#include "types/lzf.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace mydis {
namespace {

constexpr size_t kMaxLiteral = 32;
constexpr size_t kMinMatch = 3;
constexpr size_t kMaxMatch = 264;
constexpr size_t kMaxDistance = 8192;
constexpr int kHashBits = 14;
// No byte of the compressed form stands for more than this many.
constexpr size_t kMaxExpansion = kMaxMatch;

uint32_t HashOf(const char* p) {
  const uint32_t three = static_cast<uint8_t>(p[0]) |
                         static_cast<uint32_t>(static_cast<uint8_t>(p[1])) << 8 |
                         static_cast<uint32_t>(static_cast<uint8_t>(p[2])) << 16;
  return three * 2654435761u >> (32 - kHashBits);
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
  // Positions plus one of the last occurrence of three bytes with a hash.
  std::vector<uint32_t> last(size_t{1} << kHashBits);
  size_t literals = 0;  // Where those begin that are not written yet.
  size_t at = 0;
  while (at + kMinMatch <= bytes.size()) {
    uint32_t& seen = last[HashOf(bytes.data() + at)];
    const size_t candidate = seen;
    seen = static_cast<uint32_t>(at + 1);
    if (candidate == 0 || at + 1 - candidate > kMaxDistance ||
        bytes.compare(candidate - 1, kMinMatch, bytes, at, kMinMatch) != 0) {
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
  out->reserve(size);
  size_t at = 0;
  while (at < compressed.size()) {
    const auto control = static_cast<uint8_t>(compressed[at++]);
    if (control < kMaxLiteral) {
      const size_t run = control + size_t{1};
      if (run > compressed.size() - at || run > size - out->size()) return false;
      out->append(compressed.substr(at, run));
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
    if (distance > out->size() || length > size - out->size()) return false;
    // The source may overlap what is being written.
    for (size_t from = out->size() - distance; length > 0; --length, ++from)
      out->push_back((*out)[from]);
  }
  return out->size() == size;
}

}  // namespace mydis
