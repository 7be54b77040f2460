// What somebody who mistyped a word may have meant.
#pragma once

#include <span>
#include <string_view>

namespace mydis {

// The word most like `typed`, or empty if none is like it. Any thread.
std::string_view NearestWord(std::string_view typed, std::span<const std::string_view> words);

}  // namespace mydis
