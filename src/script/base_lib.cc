// Lua's basic functions where they would show addresses, load bytecode, catch what must not be
// caught, or change protected tables.
#include <cstdint>
#include <string>

#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

// Starting a coroutine counts like this many instructions: its own are counted from its first on,
// so that a short one may end before they are noticed.
constexpr uint64_t kCoroutineUnits = 1000;

// Addresses are shown as they are counted from the arena's beginning: the same everywhere.
int ToString(lua_State* L) {
  luaL_checkany(L, 1);
  if (luaL_callmeta(L, 1, "__tostring")) return 1;
  switch (lua_type(L, 1)) {
    case LUA_TNUMBER:
      lua_pushstring(L, lua_tostring(L, 1));
      break;
    case LUA_TSTRING:
      lua_pushvalue(L, 1);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
      break;
    case LUA_TNIL:
      lua_pushliteral(L, "nil");
      break;
    default: {
      // lint: pointer-order-ok only its offset in the arena is shown, the same on every instance
      const auto address = reinterpret_cast<uintptr_t>(lua_topointer(L, 1));
      const auto offset = static_cast<uintptr_t>(static_cast<uint32_t>(address));
      lua_pushfstring(L, "%s: %p", luaL_typename(L, 1), reinterpret_cast<void*>(offset));
    }
  }
  return 1;
}

// What pcall and xpcall do with an error on top of the stack: scripts know the text alone.
void UnwrapError(lua_State* L) {
  if (!lua_istable(L, -1)) return;
  lua_pushliteral(L, "err");
  lua_rawget(L, -2);
  if (lua_isstring(L, -1)) {
    lua_replace(L, -2);
  } else {
    lua_pop(L, 1);
  }
}

int PCall(lua_State* L) {
  luaL_checkany(L, 1);
  const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  if (status != 0) {
    LuaVm::Of(L).RethrowExhausted(L);
    UnwrapError(L);
  }
  lua_pushboolean(L, status == 0);
  lua_insert(L, 1);
  return lua_gettop(L);
}

int XPCall(lua_State* L) {
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  lua_insert(L, 1);  // The handler first.
  const int status = lua_pcall(L, 0, LUA_MULTRET, 1);
  if (status != 0) LuaVm::Of(L).RethrowExhausted(L);
  lua_pushboolean(L, status == 0);
  lua_replace(L, 1);
  return lua_gettop(L);
}

int GetMetatable(lua_State* L) {
  luaL_checkany(L, 1);
  if (PushProtected(L, 1)) {
    // The globals have one in Redis too; like all that belongs to them it cannot be changed.
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    if (!lua_rawequal(L, 1, -1)) return 0;
    lua_getmetatable(L, 1);
    Protect(L);
    return 1;
  }
  if (lua_getmetatable(L, 1) == 0) return 0;
  lua_pushliteral(L, "__metatable");
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return 1;
  lua_pop(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING) Protect(L);
  return 1;
}

int SetMetatable(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table expected");
  CheckWritable(L, 1);
  if (luaL_getmetafield(L, 1, "__metatable"))
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

int RawSet(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  CheckWritable(L, 1);
  lua_settop(L, 3);
  lua_rawset(L, 1);
  return 1;
}

// Puts the real table in the place of one that shows it.
void SeeThrough(lua_State* L) {
  if (PushProtected(L, 1)) lua_replace(L, 1);
}

int RawGet(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  SeeThrough(L);
  lua_rawget(L, 1);
  return 1;
}

int Next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  SeeThrough(L);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}

int Pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  SeeThrough(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

// Compiles text; bytecode could break the interpreter.
int LoadText(lua_State* L, std::string_view text, const char* name) {
  LuaVm::Of(L).Charge(L, text.size() * 2);
  const bool bytecode = !text.empty() && text[0] == LUA_SIGNATURE[0];
  if (!bytecode && luaL_loadbuffer(L, text.data(), text.size(), name) == 0) return 1;
  if (bytecode) lua_pushliteral(L, "bytecode cannot be loaded");
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

int LoadString(lua_State* L) {
  const std::string_view text = LuaCheckBytes(L, 1);
  return LoadText(L, text, luaL_optstring(L, 2, text.data()));
}

int Load(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  const char* name = luaL_optstring(L, 2, "=(load)");
  lua_settop(L, 2);
  lua_newtable(L);
  std::string text;
  for (;;) {
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) break;
    if (!lua_isstring(L, -1)) return luaL_error(L, "reader function must return a string");
    const std::string_view piece = LuaBytes(L, -1);
    if (piece.empty()) break;
    LuaVm::Of(L).Charge(L, piece.size() / 16);
    text.append(piece);
    if (text.size() > (size_t{64} << 20)) return luaL_error(L, "the chunk is too long");
    lua_pop(L, 1);
  }
  return LoadText(L, text, name);
}

int StartCoroutine(lua_State* L) {
  LuaVm::Of(L).Charge(L, kCoroutineUnits);
  return CallOriginal(L);
}

int Resume(lua_State* L) {
  const int results = CallOriginal(L);
  LuaVm::Of(L).RethrowExhausted(L);
  return results;
}

}  // namespace

int CallOriginal(lua_State* L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

void Wrap(lua_State* L, const char* name, lua_CFunction wrapper) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, wrapper, 1);
  lua_setfield(L, -2, name);
}

void AddBaseFunctions(lua_State* L) {
  LuaSetFunction(L, "tostring", ToString);
  LuaSetFunction(L, "pcall", PCall);
  LuaSetFunction(L, "xpcall", XPCall);
  LuaSetFunction(L, "getmetatable", GetMetatable);
  LuaSetFunction(L, "setmetatable", SetMetatable);
  LuaSetFunction(L, "rawset", RawSet);
  LuaSetFunction(L, "rawget", RawGet);
  LuaSetFunction(L, "load", Load);
  LuaSetFunction(L, "loadstring", LoadString);
  lua_pushcfunction(L, Next);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "next");
  lua_pushcclosure(L, Pairs, 1);
  lua_setfield(L, -2, "pairs");
}

void AddCoroutineFunctions(lua_State* L) {
  Wrap(L, "create", StartCoroutine);
  Wrap(L, "wrap", StartCoroutine);
  Wrap(L, "resume", Resume);
}

}  // namespace mydis
