// LZF compression, as Redis's files and DUMP payloads use it for strings.
//
//   000lllll bytes            l + 1 bytes as they are
//   lllooooo o                l + 2 bytes (l from 1 to 6) that stand o + 1 bytes before, high bits
//   first 111ooooo l o              l + 9 bytes likewise
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mydis {

// The compressed form if it is smaller than `limit` bytes, else false.
bool LzfCompress(std::string_view bytes, size_t limit, std::string* out);
// False unless the bytes are the compressed form of exactly `size` bytes.
bool LzfDecompress(std::string_view compressed, size_t size, std::string* out);

}  // namespace mydis
