// Whatever bytes come, in whatever pieces: the reader gives the same messages and the same error.
// Run by libFuzzer (websocket_fuzz.cc) and by the unit tests.
#pragma once

#include <string>
#include <string_view>

#include "base/assert.h"
#include "protocol/websocket.h"

namespace mydis {

inline constexpr uint64_t kFuzzedMessageLimit = 100'000;

// The messages and frames of control in `bytes` when they come in pieces of `piece` bytes; one
// text, to compare.
inline std::string ReadInPieces(std::string_view bytes, size_t piece) {
  WebSocketReader reader(kFuzzedMessageLimit);
  std::string found, controls;
  uint64_t size = 0;
  for (;;) {
    std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    const bool end = next.empty();
    WebSocketReader::Outcome outcome;
    WebSocketReader::Piece part;
    while ((outcome = reader.Next(&next, &part)) == WebSocketReader::Outcome::kData ||
           outcome == WebSocketReader::Outcome::kControl) {
      const bool control = outcome == WebSocketReader::Outcome::kControl;
      std::string& out = control ? controls : found;
      out += part.data;
      if (!control) size += part.data.size();
      MYDIS_ASSERT(size <= kFuzzedMessageLimit, "no message is larger than the limit");
      if (!part.last) continue;
      out += control ? "!" : ".";
      out += std::to_string(static_cast<int>(part.opcode));
      if (!control) size = 0;
      WebSocketClose error;
      if (part.opcode == WebSocketOpcode::kClose) (void)CheckWebSocketClose(part.data, &error);
    }
    MYDIS_ASSERT(next.empty() || outcome == WebSocketReader::Outcome::kBroken,
                 "all of the input is used");
    if (end || outcome == WebSocketReader::Outcome::kBroken)
      return found + "/" + controls + "/" + std::string(reader.why());
  }
}

inline void FuzzWebSocket(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t piece = static_cast<unsigned char>(bytes[0]) + size_t{1};
  const std::string_view input = bytes.substr(1);
  MYDIS_ASSERT(ReadInPieces(input, piece) == ReadInPieces(input, input.size() + 1),
               "pieces give the same messages as the whole");
}

}  // namespace mydis
