// Redis's glob patterns: `*`, `?`, `[a-z]`, `[^abc]`, `\x`. Bytes, not characters.
#pragma once

#include <string_view>

namespace mydis {

// Whether the whole of `text` fits `pattern`, in time proportional to the product of their lengths
// at worst. As in Redis an empty text fits an empty pattern only, a class that is not closed ends
// with the pattern, and a pattern with more than a thousand `*` fits nothing. `ignore_case` is
// about ASCII letters.
bool GlobMatches(std::string_view pattern, std::string_view text, bool ignore_case = false);

// Whether the pattern fits one text only, the same as the pattern's own bytes.
bool GlobIsLiteral(std::string_view pattern);

}  // namespace mydis
