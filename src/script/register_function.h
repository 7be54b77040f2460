// redis.register_function.
#pragma once

#include <cstdint>
#include <string_view>

#include "script/lua.h"

namespace mydis {

int RegisterFunction(lua_State* L);
// Letters, digits and '_', at least one: names of libraries and functions.
bool IsLibraryName(std::string_view name);
inline constexpr std::string_view kErrLibraryName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";

// The names of ScriptFlag, in the order of their bits.
inline constexpr std::string_view kScriptFlagNames[] = {"no-writes", "allow-oom", "allow-stale",
                                                        "no-cluster", "allow-cross-slot-keys"};
// The bit of that name, 0 if there is none.
uint32_t ScriptFlagOf(std::string_view name);

}  // namespace mydis
