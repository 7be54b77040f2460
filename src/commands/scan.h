// What SCAN and its relatives for collections share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "state/context.h"

namespace mydis {

// Reads a cursor as Redis does (its strtoul: a sign and an empty word are fine); nullopt if it is
// none: then the error has been sent.
std::optional<uint64_t> ReadCursor(std::string_view word, Reply& reply);

struct ScanOptions {
  // Unset for no MATCH or one that fits everything.
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;
  size_t count = 10;

  bool Fits(std::string_view name) const;
};

// The options from word `first` on; nullopt if they are wrong: then the error has been sent.
// TYPE is known only if `with_type`.
std::optional<ScanOptions> ReadScanOptions(Args args, size_t first, bool with_type, Reply& reply);

// Sends a cursor, the first of the two parts of the reply.
void SendCursor(Reply& reply, uint64_t cursor);

}  // namespace mydis
