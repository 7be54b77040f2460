#include "script/sandbox.h"

#include <array>

#include "script/vm.h"

extern "C" {
int luaopen_bit(lua_State* L);
}

namespace mydis {
namespace {

// Where a protecting metatable keeps the real table, and in the registry the set of all of them.
constexpr int kReal = 1;
constexpr const char* kProtectorsSlot = "protectors";
constexpr const char* kLoadGlobalsSlot = "load_globals";

int RefuseChange(lua_State* L) { return luaL_error(L, "Attempt to modify a readonly table"); }

int MissingGlobal(lua_State* L) {
  if (lua_type(L, 2) != LUA_TSTRING && lua_type(L, 2) != LUA_TNUMBER)
    return luaL_error(L, "Second argument to luaProtectedTableError must be a string or number");
  return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                    lua_tostring(L, 2));
}

// Missing fields of the table on top of the stack are errors.
void RefuseMissing(lua_State* L) {
  lua_newtable(L);
  LuaSetFunction(L, "__index", MissingGlobal);
  lua_setmetatable(L, -2);
}

void Open(lua_State* L, lua_CFunction open, const char* name) {
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
}

// globals[name] = a new table with these functions; the globals are on top of the stack.
void AddLibrary(lua_State* L, const char* name, void (*add)(lua_State*)) {
  lua_getfield(L, -1, name);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
  }
  add(L);
  Protect(L);
  lua_setfield(L, -2, name);
}

void AddLibraries(lua_State* L) {
  AddLibrary(L, "string", AddStringFunctions);
  AddLibrary(L, "table", AddTableFunctions);
  AddLibrary(L, "math", AddMathFunctions);
  AddLibrary(L, "coroutine", AddCoroutineFunctions);
  AddLibrary(L, "bit", AddBitFunctions);
  AddLibrary(L, "os", AddOsFunctions);
  AddLibrary(L, "cjson", AddCjsonFunctions);
  AddLibrary(L, "cmsgpack", AddCmsgpackFunctions);
  AddLibrary(L, "struct", AddStructFunctions);
}

// registry[slot] = the `redis` table that `add` makes, protected.
void KeepRedisTable(lua_State* L, const char* slot, void (*add)(lua_State*)) {
  lua_newtable(L);
  add(L);
  Protect(L);
  lua_setfield(L, LUA_REGISTRYINDEX, slot);
}

}  // namespace

void Protect(lua_State* L) {
  lua_newtable(L);  // real, shown
  lua_newtable(L);  // real, shown, protector
  lua_pushvalue(L, -3);
  lua_rawseti(L, -2, kReal);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  LuaSetFunction(L, "__newindex", RefuseChange);
  lua_getfield(L, LUA_REGISTRYINDEX, kProtectorsSlot);
  lua_pushvalue(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

bool PushProtected(lua_State* L, int index) {
  if (!lua_istable(L, index) || lua_getmetatable(L, index) == 0) return false;
  lua_getfield(L, LUA_REGISTRYINDEX, kProtectorsSlot);
  lua_pushvalue(L, -2);
  lua_rawget(L, -2);
  const bool is_protector = lua_toboolean(L, -1) != 0;
  lua_pop(L, 2);
  if (is_protector) {
    lua_rawgeti(L, -1, kReal);
    lua_remove(L, -2);
  } else {
    lua_pop(L, 1);
  }
  return is_protector;
}

// Without a place, as where Lua itself finds it in a library function.
void CheckWritable(lua_State* L, int index) {
  if (!PushProtected(L, index)) return;
  lua_pushliteral(L, "Attempt to modify a readonly table");
  lua_error(L);
}

void BuildSandbox(lua_State* L) {
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, kProtectorsSlot);
  Open(L, luaopen_base, "");
  Open(L, luaopen_table, LUA_TABLIBNAME);
  Open(L, luaopen_string, LUA_STRLIBNAME);
  Open(L, luaopen_math, LUA_MATHLIBNAME);
  Open(L, luaopen_bit, "bit");

  lua_pushvalue(L, LUA_GLOBALSINDEX);
  for (const char* name : {"dofile", "loadfile", "print", "newproxy", "module", "require"}) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  AddBaseFunctions(L);
  ChargeLuasFunctions(L);
  AddLibraries(L);
  KeepRedisTable(L, "redis_eval", AddRedisEvalFunctions);
  KeepRedisTable(L, "redis_function", AddRedisFunctions);
  lua_getfield(L, LUA_REGISTRYINDEX, "redis_eval");
  lua_setfield(L, -2, "redis");
  RefuseMissing(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, kGlobalsSlot);
  lua_pushvalue(L, -1);
  Protect(L);  // real globals, shown globals
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "_G");
  lua_replace(L, LUA_GLOBALSINDEX);
  lua_pop(L, 1);

  lua_newtable(L);
  lua_newtable(L);
  AddRedisLoadFunctions(L);
  RefuseMissing(L);
  Protect(L);
  lua_setfield(L, -2, "redis");
  RefuseMissing(L);
  lua_setfield(L, LUA_REGISTRYINDEX, kLoadGlobalsSlot);
}

void ShowLoadGlobals(lua_State* L, bool load) {
  lua_getfield(L, LUA_REGISTRYINDEX, kGlobalsSlot);
  if (load) {
    // What the library calls later is not EVAL.
    lua_getfield(L, LUA_REGISTRYINDEX, "redis_function");
    lua_setfield(L, -2, "redis");
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, kCallbacksSlot);
    lua_pop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, kLoadGlobalsSlot);
  }
  lua_getmetatable(L, LUA_GLOBALSINDEX);
  lua_insert(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

}  // namespace mydis
