#include "script/register_function.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "script/vm.h"

namespace mydis {
namespace {

int Refuse(lua_State* L, std::string_view text) {
  PushErrorTable(L, text);
  return lua_error(L);
}

// The flags in the table on top of the stack; an error if one is unknown.
uint32_t ReadFlags(lua_State* L) {
  uint32_t flags = 0;
  for (int i = 1;; ++i) {
    lua_pushinteger(L, i);
    lua_gettable(L, -2);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      return flags;
    }
    const uint32_t flag = lua_isstring(L, -1) ? ScriptFlagOf(ToLower(LuaBytes(L, -1))) : 0;
    if (flag == 0) Refuse(L, "unknown flag given");
    flags |= flag;
    lua_pop(L, 1);
  }
}

// One named argument: key and value are on top of the stack; the callback goes to `callback`.
void ReadNamed(lua_State* L, RegisteredFunction* function, int callback) {
  if (lua_type(L, -2) != LUA_TSTRING)
    Refuse(L, "named argument key given to redis.register_function is not a string");
  const std::string key = ToLower(LuaBytes(L, -2));
  if (key == "function_name") {
    if (!lua_isstring(L, -1))
      Refuse(L, "function_name argument given to redis.register_function must be a string");
    function->name = LuaBytes(L, -1);
  } else if (key == "description") {
    if (!lua_isstring(L, -1))
      Refuse(L, "description argument given to redis.register_function must be a string");
    function->description = LuaBytes(L, -1);
    function->has_description = true;
  } else if (key == "callback") {
    if (!lua_isfunction(L, -1))
      Refuse(L, "callback argument given to redis.register_function must be a function");
    lua_pushvalue(L, -1);
    lua_replace(L, callback);
  } else if (key == "flags") {
    if (!lua_istable(L, -1)) {
      Refuse(L,
             "flags argument to redis.register_function must be a table representing function "
             "flags");
    }
    function->flags = ReadFlags(L);
  } else {
    Refuse(L, "unknown argument given to redis.register_function");
  }
}

void ReadNamedArguments(lua_State* L, RegisteredFunction* function) {
  if (!lua_istable(L, 1)) {
    Refuse(L,
           "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).");
  }
  bool named = false;
  lua_settop(L, 1);
  lua_pushnil(L);  // The callback will be at 2.
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pushvalue(L, -2);  // A copy: reading a number as a string would change it.
    lua_insert(L, -2);
    ReadNamed(L, function, 2);
    named |= EqualsIgnoreCase(LuaBytes(L, -2), "function_name");
    lua_pop(L, 2);
  }
  if (!named) Refuse(L, "redis.register_function must get a function name argument");
  if (lua_isnil(L, 2)) Refuse(L, "redis.register_function must get a callback argument");
}

}  // namespace

bool IsLibraryName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

uint32_t ScriptFlagOf(std::string_view name) {
  uint32_t bit = 1;
  for (const std::string_view known : kScriptFlagNames) {
    if (known == name) return bit;
    bit <<= 1;
  }
  return 0;
}

int RegisterFunction(lua_State* L) {
  std::vector<RegisteredFunction>* registering = LuaVm::Of(L).registering();
  if (registering == nullptr)
    return Refuse(L, "redis.register_function can only be called on FUNCTION LOAD command");
  const int count = lua_gettop(L);
  RegisteredFunction function;
  if (count < 1 || count > 2)
    return Refuse(L, "wrong number of arguments to redis.register_function");
  if (count == 1) {
    ReadNamedArguments(L, &function);
  } else {
    if (!lua_isstring(L, 1))
      return Refuse(L, "first argument to redis.register_function must be a string");
    if (!lua_isfunction(L, 2))
      return Refuse(L, "second argument to redis.register_function must be a function");
    function.name = LuaBytes(L, 1);
  }
  if (!IsLibraryName(function.name)) return Refuse(L, kErrLibraryName);
  for (const RegisteredFunction& known : *registering) {
    if (known.name == function.name) return Refuse(L, "Function already exists in the library");
  }
  lua_getfield(L, LUA_REGISTRYINDEX, kCallbacksSlot);
  LuaPush(L, function.name);
  lua_pushvalue(L, 2);
  lua_rawset(L, -3);
  registering->push_back(std::move(function));
  return 0;
}

}  // namespace mydis
