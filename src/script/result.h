// What a script returns, as a reply.
#pragma once

#include "script/call.h"
#include "script/lua.h"

namespace mydis {

// Sends the value on top of the stack and pops it.
void SendResult(lua_State* L, const ScriptCall& call, Reply& reply);
// Sends the error on top of the stack (as ScriptErrorHandler makes it) and pops it.
void SendScriptError(lua_State* L, const ScriptCall& call, Reply& reply);

}  // namespace mydis
