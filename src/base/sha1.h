// SHA-1, by which Redis names scripts. No protection of anything.
#pragma once

#include <string>
#include <string_view>

namespace mydis {

// 40 hexadecimal digits, lower case.
std::string Sha1Hex(std::string_view bytes);

}  // namespace mydis
