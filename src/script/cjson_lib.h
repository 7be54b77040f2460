// `cjson`, as Redis's scripts know it (lua-cjson 2.1): what encoder and decoder share.
#pragma once

#include "script/lua.h"

namespace mydis {

// What a script may set; it holds until the end of the call. Lives in a userdata that is the first
// upvalue of every function of the library.
struct CjsonConfig {
  bool sparse_convert = false;
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_max_depth = 1000;
  int decode_max_depth = 1000;
  int precision = 14;
  enum class Invalid : int { kRefuse, kTake, kNull };
  Invalid encode_invalid = Invalid::kRefuse;
  bool decode_invalid = true;
};

inline const CjsonConfig& CjsonConfigOf(lua_State* L) {
  return *static_cast<const CjsonConfig*>(lua_touserdata(L, lua_upvalueindex(1)));
}

int CjsonEncode(lua_State* L);
int CjsonDecode(lua_State* L);

}  // namespace mydis
