#include "script/cjson_lib.h"

#include <climits>
#include <new>

#include "script/sandbox.h"

namespace mydis {
namespace {

CjsonConfig& Config(lua_State* L) {
  luaL_argcheck(L, lua_gettop(L) <= 3, 4, "found too many arguments");
  return *static_cast<CjsonConfig*>(lua_touserdata(L, lua_upvalueindex(1)));
}

// Takes argument `index` as the new value if it is there; pushes the value that holds.
void IntegerOption(lua_State* L, int index, int* value, int min, int max) {
  if (!lua_isnoneornil(L, index)) {
    const lua_Integer wanted = luaL_checkinteger(L, index);
    if (wanted < min || wanted > max) {
      luaL_argerror(L, index, lua_pushfstring(L, "expected integer between %d and %d", min, max));
    }
    *value = static_cast<int>(wanted);
  }
  lua_pushinteger(L, *value);
}

void BoolOption(lua_State* L, int index, bool* value) {
  if (!lua_isnoneornil(L, index)) {
    luaL_checktype(L, index, LUA_TBOOLEAN);
    *value = lua_toboolean(L, index) != 0;
  }
  lua_pushboolean(L, *value);
}

int EncodeSparseArray(lua_State* L) {
  CjsonConfig& config = Config(L);
  lua_settop(L, 3);
  BoolOption(L, 1, &config.sparse_convert);
  IntegerOption(L, 2, &config.sparse_ratio, 0, INT_MAX);
  IntegerOption(L, 3, &config.sparse_safe, 0, INT_MAX);
  return 3;
}

int EncodeMaxDepth(lua_State* L) {
  IntegerOption(L, 1, &Config(L).encode_max_depth, 1, INT_MAX);
  return 1;
}

int DecodeMaxDepth(lua_State* L) {
  IntegerOption(L, 1, &Config(L).decode_max_depth, 1, INT_MAX);
  return 1;
}

int EncodeNumberPrecision(lua_State* L) {
  IntegerOption(L, 1, &Config(L).precision, 1, 14);
  return 1;
}

// There is no buffer to keep.
int EncodeKeepBuffer(lua_State* L) {
  bool keep = true;
  BoolOption(L, 1, &keep);
  return 1;
}

int EncodeInvalidNumbers(lua_State* L) {
  using Invalid = CjsonConfig::Invalid;
  Invalid& invalid = Config(L).encode_invalid;
  if (lua_isboolean(L, 1)) {
    invalid = lua_toboolean(L, 1) ? Invalid::kTake : Invalid::kRefuse;
  } else if (!lua_isnoneornil(L, 1)) {
    static const char* const kWords[] = {"off", "on", "null", nullptr};
    invalid = static_cast<Invalid>(luaL_checkoption(L, 1, nullptr, kWords));
  }
  if (invalid == Invalid::kNull) {
    lua_pushliteral(L, "null");
  } else {
    lua_pushboolean(L, invalid == Invalid::kTake);
  }
  return 1;
}

int DecodeInvalidNumbers(lua_State* L) {
  BoolOption(L, 1, &Config(L).decode_invalid);
  return 1;
}

}  // namespace

void AddCjsonFunctions(lua_State* L) {
  new (lua_newuserdata(L, sizeof(CjsonConfig))) CjsonConfig;
  const auto add = [L](const char* name, lua_CFunction function) {
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -3, name);
  };
  add("encode", CjsonEncode);
  add("decode", CjsonDecode);
  add("encode_sparse_array", EncodeSparseArray);
  add("encode_max_depth", EncodeMaxDepth);
  add("decode_max_depth", DecodeMaxDepth);
  add("encode_number_precision", EncodeNumberPrecision);
  add("encode_keep_buffer", EncodeKeepBuffer);
  add("encode_invalid_numbers", EncodeInvalidNumbers);
  add("decode_invalid_numbers", DecodeInvalidNumbers);
  lua_pop(L, 1);
  lua_pushlightuserdata(L, nullptr);
  lua_setfield(L, -2, "null");
  lua_pushliteral(L, "cjson");
  lua_setfield(L, -2, "_NAME");
  lua_pushliteral(L, "2.1.0");
  lua_setfield(L, -2, "_VERSION");
}

}  // namespace mydis
