// Any thread.
#pragma once

#include <string_view>

namespace mydis {

// Whether the bytes are text in UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view bytes);

}  // namespace mydis
