// Whatever bytes come, in whatever pieces: the parser finds the same requests and the same error,
// and stays within its input. Run by libFuzzer (resp_parser_fuzz.cc) and by the unit tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/assert.h"
#include "protocol/resp_parser.h"

namespace mydis {

// The requests and the error found in `bytes` when they come in pieces of `piece` bytes and at most
// `at_a_time` requests are consumed at once; one text, to compare.
inline std::string ParseInPieces(std::string_view bytes, size_t piece, size_t at_a_time,
                                 bool authenticated) {
  RespLimits limits;
  limits.max_bulk = 1 << 20;
  limits.max_line =
      1 << 30;  // How much of a line has come when it is refused depends on the pieces.
  RespParser parser(limits);
  parser.set_authenticated(authenticated);
  RequestBatch batch;
  std::string kept;
  std::string found;
  std::string error;
  const auto parse = [&](std::string* input) {
    for (bool more = true; more && error.empty();) {
      // An allocation of exactly this size, so that a step beyond its end is found.
      const std::vector<char> exact(input->begin(), input->end());
      parser.Parse({exact.data(), exact.size()}, batch);
      const size_t done = std::min(at_a_time, batch.size());
      for (size_t i = 0; i < done; ++i) {
        MYDIS_ASSERT(!batch[i].args.empty(), "a request has arguments");
        for (const std::string_view arg : batch[i].args)
          found.append(std::to_string(arg.size()) + ":").append(arg);
        found += ";";
      }
      if (done == batch.size()) error = batch.error();
      more = done > 0;
      const size_t used = parser.Consume(batch, done);
      MYDIS_ASSERT(used <= input->size(), "no more is used than there was");
      input->erase(0, used);
    }
  };
  while (!bytes.empty() && error.empty()) {
    std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    while (kept.empty() && !next.empty()) {
      const std::span<char> target = parser.Target();
      if (target.empty()) break;
      const size_t n = std::min(target.size(), next.size());
      std::memcpy(target.data(), next.data(), n);
      parser.TargetFilled(n);
      next.remove_prefix(n);
      parse(&kept);
    }
    kept.append(next);
    parse(&kept);
  }
  return found + error;
}

inline void FuzzRespParser(std::string_view bytes) {
  if (bytes.size() < 2) return;
  // Long inputs come in long pieces, or the copies made here take minutes.
  const size_t shortest = bytes.size() / 256 + 1;
  const size_t piece = static_cast<unsigned char>(bytes[0]) * shortest + 1;
  const size_t at_a_time = static_cast<unsigned char>(bytes[1]) % 3 + size_t{1};
  const bool authenticated = (bytes[1] & 0x40) == 0;
  bytes.remove_prefix(2);
  const std::string whole = ParseInPieces(bytes, bytes.size() + 1, SIZE_MAX, authenticated);
  MYDIS_ASSERT(ParseInPieces(bytes, piece, at_a_time, authenticated) == whole,
               "pieces give the same requests as the whole");
}

}  // namespace mydis
