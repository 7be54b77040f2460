// The globals that scripts see, and the tables among them that they may not change.
#pragma once

#include "script/lua.h"

namespace mydis {

// Replaces the table on top of the stack by an empty one that shows it and refuses changes.
// Missing fields are nil, or whatever the table's own metatable says.
void Protect(lua_State* L);
// Whether the value at `index` is such a table; then the real one is pushed.
bool PushProtected(lua_State* L, int index);
// An error if the value at `index` is such a table.
void CheckWritable(lua_State* L, int index);

// Replaces a function of the table on top of the stack by one that has it as its upvalue, …
void Wrap(lua_State* L, const char* name, lua_CFunction wrapper);
// … and calls it with all arguments.
int CallOriginal(lua_State* L);

// The functions that this layer replaces or adds, for the table on top of the stack.
void AddBaseFunctions(lua_State* L);  // base_lib.cc; the original ones are there.
// charged_lib.cc; of globals and libraries, the globals on top of the stack.
void ChargeLuasFunctions(lua_State* L);
void AddCoroutineFunctions(lua_State* L);  // base_lib.cc; likewise.
void AddStringFunctions(lua_State* L);     // string_lib.cc
void AddTableFunctions(lua_State* L);      // table_lib.cc
void AddMathFunctions(lua_State* L);       // math_lib.cc
void AddOsFunctions(lua_State* L);         // math_lib.cc
void AddBitFunctions(lua_State* L);        // math_lib.cc; the original ones are there.
void AddCjsonFunctions(lua_State* L);      // cjson_lib.cc
void AddCmsgpackFunctions(lua_State* L);   // cmsgpack_lib.cc
void AddStructFunctions(lua_State* L);     // struct_lib.cc
// redis_api.cc
void AddRedisFunctions(lua_State* L);      // For scripts and functions.
void AddRedisEvalFunctions(lua_State* L);  // For scripts alone.
void AddRedisLoadFunctions(lua_State* L);  // While a library loads.

}  // namespace mydis
