// Whatever bytes come, in whatever pieces: the decoder gives the same frames and the same error.
// Run by libFuzzer (frame_fuzz.cc) and by the unit tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/codec.h"
#include "base/hash.h"
#include "protocol/frame.h"

namespace mydis {

// The frames found in `bytes` when they come in pieces of `piece` bytes; one text, to compare.
inline std::string DecodeInPieces(std::string_view bytes, size_t piece) {
  FrameDecoder decoder(1 << 20);
  Frame frame;
  std::string found;
  while (!bytes.empty() && decoder.error().empty()) {
    std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    do {
      const std::span<char> target = decoder.Target();
      const size_t n = std::min(target.size(), next.size());
      if (n > 0) {
        std::memcpy(target.data(), next.data(), n);
        next.remove_prefix(n);
        decoder.TargetFilled(n);
      }
      while (decoder.Decode(&next, &frame)) {
        found += std::to_string(frame.type) + frame.head;
        for (const Payload& p : frame.payloads) found += ":" + *p;
      }
    } while (!next.empty() && decoder.error().empty());
  }
  return found + decoder.error();
}

inline void FuzzFrame(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t piece = static_cast<unsigned char>(bytes[0]) + size_t{1};
  std::string input(bytes.substr(1));
  // Chance does not find checksums, so the first frame's is put right.
  if (input.size() >= kFrameHeaderSize) {
    const uint64_t fixed = kFrameHeaderSize + uint64_t{LoadLittle<uint32_t>(input.data() + 8)} +
                           8 * uint64_t{LoadLittle<uint32_t>(input.data() + 12)};
    if (fixed <= input.size()) {
      const std::string_view head = std::string_view(input).substr(0, static_cast<size_t>(fixed));
      StoreLittle(input.data() + 24,
                  Hash64(head.substr(kFrameHeaderSize), Hash64(head.substr(0, 24))));
    }
  }
  MYDIS_ASSERT(DecodeInPieces(input, piece) == DecodeInPieces(input, input.size() + 1),
               "pieces give the same frames as the whole");
}

}  // namespace mydis
