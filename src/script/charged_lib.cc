// Functions of Lua's libraries one call of which may take as long as a million instructions: they
// are charged for what they do.
#include <algorithm>
#include <cstdint>

#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

constexpr uint64_t kValuesPerUnit = 4;
constexpr uint64_t kBytesPerUnit = 16;
constexpr uint64_t kUnitsPerFormat = 200;

// What takes or gives many values.
int CountValues(lua_State* L) {
  const int arguments = lua_gettop(L);
  const int results = CallOriginal(L);
  LuaVm::Of(L).Charge(L, static_cast<uint64_t>(arguments + results) / kValuesPerUnit);
  return results;
}

// What reads its first argument.
int CountBytes(lua_State* L) {
  if (lua_type(L, 1) == LUA_TSTRING) LuaVm::Of(L).Charge(L, LuaBytes(L, 1).size() / kBytesPerUnit);
  return CallOriginal(L);
}

// What reads a text in another base; in the usual one whoever reads it charges for it.
int ToNumber(lua_State* L) {
  if (!lua_isnoneornil(L, 2)) return CountBytes(L);
  luaL_checkany(L, 1);
  if (lua_isnumber(L, 1) != 0)
    lua_pushnumber(L, lua_tonumber(L, 1));
  else
    lua_pushnil(L);
  return 1;
}

// A number may take four hundred digits.
int CountFormats(lua_State* L) {
  LuaVm::Of(L).Charge(L, static_cast<uint64_t>(lua_gettop(L)) * kUnitsPerFormat);
  return CallOriginal(L);
}

int MaxN(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Number most = 0;
  uint64_t keys = 0;
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1), ++keys)
    if (lua_type(L, 2) == LUA_TNUMBER) most = std::max(most, lua_tonumber(L, 2));
  LuaVm::Of(L).Charge(L, keys);
  lua_pushnumber(L, most);
  return 1;
}

// A turn of the collector looks at all that there is. How often it makes one by itself is not the
// script's to say, since it does not pay for that: the settings stay as they are.
int CollectGarbage(lua_State* L) {
  static const char* const kNames[] = {"stop", "restart",  "collect",    "count",
                                       "step", "setpause", "setstepmul", nullptr};
  constexpr int kOperations[] = {LUA_GCSTOP, LUA_GCRESTART,  LUA_GCCOLLECT,   LUA_GCCOUNT,
                                 LUA_GCSTEP, LUA_GCSETPAUSE, LUA_GCSETSTEPMUL};
  const int operation = kOperations[luaL_checkoption(L, 1, "collect", kNames)];
  const int argument = luaL_optint(L, 2, 0);
  LuaVm& vm = LuaVm::Of(L);
  if (operation == LUA_GCCOLLECT || operation == LUA_GCSTEP)
    vm.Charge(L, static_cast<uint64_t>(lua_gc(L, LUA_GCCOUNT, 0)) * 1024 * 2 / kBytesPerUnit);
  const int result = lua_gc(L, operation, argument);
  switch (operation) {
    case LUA_GCCOUNT:
      lua_pushnumber(L, result + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0);
      return 1;
    case LUA_GCSTEP:
      lua_pushboolean(L, result);
      return 1;
    case LUA_GCSETPAUSE:
    case LUA_GCSETSTEPMUL:
      lua_gc(L, operation, result);
      break;
    default:
      break;
  }
  lua_pushnumber(L, result);
  return 1;
}

}  // namespace

void ChargeLuasFunctions(lua_State* L) {
  LuaSetFunction(L, "collectgarbage", CollectGarbage);
  Wrap(L, "unpack", CountValues);
  Wrap(L, "select", CountValues);
  Wrap(L, "tonumber", ToNumber);
  lua_getfield(L, -1, LUA_STRLIBNAME);
  Wrap(L, "byte", CountValues);
  Wrap(L, "char", CountValues);
  Wrap(L, "format", CountFormats);
  Wrap(L, "lower", CountBytes);
  Wrap(L, "upper", CountBytes);
  Wrap(L, "reverse", CountBytes);
  lua_pop(L, 1);
  lua_getfield(L, -1, LUA_TABLIBNAME);
  LuaSetFunction(L, "maxn", MaxN);
  lua_pop(L, 1);
}

}  // namespace mydis
