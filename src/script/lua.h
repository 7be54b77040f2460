// Lua's own headers, and the few helpers that all of this layer's libraries use. The library is
// Debian's liblua5.1-c++: its errors are C++ exceptions, so destructors run.
#pragma once

#include <lua.hpp>

#include <string_view>

namespace mydis {

// The bytes of the string at `index`. REQUIRES: it is a string.
inline std::string_view LuaBytes(lua_State* L, int index) {
  size_t size = 0;
  const char* bytes = lua_tolstring(L, index, &size);
  return {bytes, size};
}
// The string (or number, which becomes one) at `index`, or an argument error.
inline std::string_view LuaCheckBytes(lua_State* L, int index) {
  size_t size = 0;
  const char* bytes = luaL_checklstring(L, index, &size);
  return {bytes, size};
}
inline void LuaPush(lua_State* L, std::string_view bytes) {
  lua_pushlstring(L, bytes.data(), bytes.size());
}
// table[name] = function, for the table on top of the stack.
inline void LuaSetFunction(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

}  // namespace mydis
