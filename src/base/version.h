// Which Mydis this is.
#pragma once

#include <string_view>

namespace mydis {

std::string_view Version();  // "0.1.0"

}  // namespace mydis
