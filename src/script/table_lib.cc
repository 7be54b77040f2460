// `table`: what changes tables must not change protected ones, and what loops counts against the
// budget.
#include <algorithm>
#include <cstdint>

#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

int CheckedSize(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return static_cast<int>(lua_objlen(L, 1));
}

int Insert(lua_State* L) {
  CheckWritable(L, 1);
  const int end = CheckedSize(L) + 1;
  int at = end;
  switch (lua_gettop(L)) {
    case 2:
      break;
    case 3: {
      at = static_cast<int>(luaL_checkinteger(L, 2));
      if (at < end) LuaVm::Of(L).Charge(L, static_cast<uint64_t>(int64_t{end} - at));
      for (int i = std::max(end, at); i > at; --i) {
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
      }
      break;
    }
    default:
      return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_rawseti(L, 1, at);
  return 0;
}

int Remove(lua_State* L) {
  CheckWritable(L, 1);
  const int end = CheckedSize(L);
  int at = static_cast<int>(luaL_optinteger(L, 2, end));
  if (at < 1 || at > end) return 0;
  LuaVm::Of(L).Charge(L, static_cast<uint64_t>(end - at));
  lua_rawgeti(L, 1, at);
  for (; at < end; ++at) {
    lua_rawgeti(L, 1, at + 1);
    lua_rawseti(L, 1, at);
  }
  lua_pushnil(L);
  lua_rawseti(L, 1, end);
  return 1;
}

int Concat(lua_State* L) {
  const std::string_view separator{luaL_optstring(L, 2, ""),
                                   lua_isnoneornil(L, 2) ? 0 : lua_objlen(L, 2)};
  luaL_checktype(L, 1, LUA_TTABLE);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last =
      lua_isnoneornil(L, 4) ? static_cast<lua_Integer>(lua_objlen(L, 1)) : luaL_checkinteger(L, 4);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (lua_Integer i = first; i <= last; ++i) {
    lua_rawgeti(L, 1, static_cast<int>(i));
    if (!lua_isstring(L, -1)) {
      return luaL_error(L, "invalid value (%s) at index %d in table for 'concat'",
                        luaL_typename(L, -1), static_cast<int>(i));
    }
    luaL_addvalue(&out);
    if (i < last) luaL_addlstring(&out, separator.data(), separator.size());
    if (i == PTRDIFF_MAX) break;
  }
  LuaVm::Of(L).Charge(L, last > first ? static_cast<uint64_t>(last - first) : 0);
  luaL_pushresult(&out);
  return 1;
}

// Whether the value at `a` stands before that at `b`. The order function, if any, is at 2.
bool Before(lua_State* L, int a, int b) {
  if (lua_isnil(L, 2)) return lua_lessthan(L, a, b) != 0;
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a < 0 ? a - 1 : a);
  lua_pushvalue(L, b < 0 ? b - 2 : b);
  lua_call(L, 2, 1);
  const bool before = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return before;
}

// Merges the sorted runs [begin, middle) and [middle, end) of the table at 1 into the table at 3.
void Merge(lua_State* L, int begin, int middle, int end) {
  int left = begin;
  int right = middle;
  for (int to = begin; to < end; ++to) {
    bool take_right = left == middle;
    if (left < middle && right < end) {
      lua_rawgeti(L, 1, right);
      lua_rawgeti(L, 1, left);
      take_right = Before(L, -2, -1);
      lua_pop(L, 2);
    }
    lua_rawgeti(L, 1, take_right ? right++ : left++);
    lua_rawseti(L, 3, to);
  }
}

// Merge sort: n log n steps whatever the order function says, where Lua's quicksort may take n².
int Sort(lua_State* L) {
  CheckWritable(L, 1);
  const int size = CheckedSize(L);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  if (size < 2) return 0;
  lua_createtable(L, size, 0);
  for (int64_t width = 1; width < size; width *= 2) {
    LuaVm::Of(L).Charge(L, static_cast<uint64_t>(size) * 2);
    for (int64_t begin = 0; begin < size; begin += 2 * width) {
      const int64_t middle = std::min<int64_t>(begin + width, size);
      const int64_t end = std::min<int64_t>(begin + 2 * width, size);
      Merge(L, static_cast<int>(begin) + 1, static_cast<int>(middle) + 1,
            static_cast<int>(end) + 1);
    }
    for (int i = 1; i <= size; ++i) {
      lua_rawgeti(L, 3, i);
      lua_rawseti(L, 1, i);
    }
  }
  return 0;
}

}  // namespace

void AddTableFunctions(lua_State* L) {
  LuaSetFunction(L, "insert", Insert);
  LuaSetFunction(L, "remove", Remove);
  LuaSetFunction(L, "concat", Concat);
  LuaSetFunction(L, "sort", Sort);
}

}  // namespace mydis
