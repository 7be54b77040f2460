// What this program calls itself.
#pragma once

#include <string_view>

namespace mydis {

inline constexpr std::string_view kMydisVersion = "0.1.0";
// The version of Redis whose commands and replies it speaks; clients look at it.
inline constexpr std::string_view kRedisVersion = "7.2.6";

}  // namespace mydis
