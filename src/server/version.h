// Which Redis this server speaks like.
#pragma once

#include <string_view>

namespace mydis {

// The version of Redis whose commands and replies it speaks; clients look at it.
inline constexpr std::string_view kRedisVersion = "7.2.6";

}  // namespace mydis
