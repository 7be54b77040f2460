// `cmsgpack`: Lua values as MessagePack, as Redis's scripts know it.
#pragma once

#include "script/lua.h"

namespace mydis {

int CmsgpackPack(lua_State* L);
int CmsgpackUnpack(lua_State* L);
int CmsgpackUnpackOne(lua_State* L);
int CmsgpackUnpackLimit(lua_State* L);

}  // namespace mydis
