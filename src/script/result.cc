#include "script/result.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/read_trace.h"
#include "script/vm.h"

namespace mydis {
namespace {

// Deeper ones, such as a table that holds itself, are cut off.
constexpr int kMaxDepth = 1000;

void SendValue(lua_State* L, const ScriptCall& call, Reply& reply, int depth);

std::string WithoutLineEnds(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\r', ' ');
  std::ranges::replace(line, '\n', ' ');
  return line;
}

// As C converts on x86: what does not fit is the smallest integer.
int64_t Truncated(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return INT64_MIN;
  return static_cast<int64_t>(value);
}

// Pushes table[name] of the table on top of the stack if it has that type.
bool PushField(lua_State* L, const char* name, int type) {
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  if (lua_type(L, -1) == type) return true;
  lua_pop(L, 1);
  return false;
}

// Tells whoever counts errors that this one, the table on top of the stack, has been counted.
void NoteCounted(lua_State* L) {
  if (!PushField(L, kErrorCounted, LUA_TBOOLEAN)) return;
  thread_read_trace.error_counted = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
}

// The keys (and values) of the table on top of the stack, as a set or map.
void SendEntries(lua_State* L, const ScriptCall& call, Reply& reply, bool values, int depth) {
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    ++count;
    lua_pop(L, 1);
  }
  values ? reply.MapHeader(count) : reply.SetHeader(count);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pushvalue(L, -2);
    SendValue(L, call, reply, depth);
    if (values) {
      SendValue(L, call, reply, depth);
    } else {
      lua_pop(L, 1);
    }
  }
}

// True if the table on top of the stack is one of those that stand for a RESP3 type.
bool SendTyped(lua_State* L, const ScriptCall& call, Reply& reply, int depth) {
  if (PushField(L, "double", LUA_TNUMBER)) {
    reply.Double(lua_tonumber(L, -1));
  } else if (PushField(L, "big_number", LUA_TSTRING)) {
    reply.BigNumber(WithoutLineEnds(LuaBytes(L, -1)));
  } else if (PushField(L, "verbatim_string", LUA_TTABLE)) {
    if (!PushField(L, "format", LUA_TSTRING)) {
      lua_pop(L, 1);
      return false;
    }
    lua_insert(L, -2);  // format, table
    if (!PushField(L, "string", LUA_TSTRING)) {
      lua_pop(L, 2);
      return false;
    }
    std::string format(LuaBytes(L, -3).substr(0, 3));
    format.resize(3, ' ');
    reply.Verbatim(format, LuaBytes(L, -1));
    lua_pop(L, 2);
  } else if (PushField(L, "map", LUA_TTABLE)) {
    SendEntries(L, call, reply, true, depth);
  } else if (PushField(L, "set", LUA_TTABLE)) {
    SendEntries(L, call, reply, false, depth);
  } else {
    return false;
  }
  lua_pop(L, 1);
  return true;
}

void SendTable(lua_State* L, const ScriptCall& call, Reply& reply, int depth) {
  if (depth == 1) NoteCounted(L);
  if (PushField(L, "err", LUA_TSTRING)) {
    reply.Error(WithoutLineEnds(LuaBytes(L, -1)));
    lua_pop(L, 1);
    return;
  }
  if (PushField(L, "ok", LUA_TSTRING)) {
    reply.Simple(WithoutLineEnds(LuaBytes(L, -1)));
    lua_pop(L, 1);
    return;
  }
  if (SendTyped(L, call, reply, depth)) return;
  int count = 0;
  for (;; ++count) {
    lua_rawgeti(L, -1, count + 1);
    const bool end = lua_isnil(L, -1);
    lua_pop(L, 1);
    if (end) break;
  }
  reply.ArrayHeader(static_cast<size_t>(count));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, -1, i);
    SendValue(L, call, reply, depth);
  }
}

void SendValue(lua_State* L, const ScriptCall& call, Reply& reply, int depth) {
  if (depth > kMaxDepth || !lua_checkstack(L, 8)) {
    reply.Error("ERR reached lua stack limit");
    lua_pop(L, 1);
    return;
  }
  switch (lua_type(L, -1)) {
    case LUA_TSTRING:
      reply.Bulk(LuaBytes(L, -1));
      break;
    case LUA_TBOOLEAN:
      if (call.resp_version == 3) {
        reply.Bool(lua_toboolean(L, -1) != 0);
      } else if (lua_toboolean(L, -1)) {
        reply.Integer(1);
      } else {
        reply.Null();
      }
      break;
    case LUA_TNUMBER:
      reply.Integer(Truncated(lua_tonumber(L, -1)));
      break;
    case LUA_TTABLE:
      SendTable(L, call, reply, depth + 1);
      break;
    default:
      reply.Null();
  }
  lua_pop(L, 1);
}

}  // namespace

void SendResult(lua_State* L, const ScriptCall& call, Reply& reply) {
  SendValue(L, call, reply, 0);
}

void SendScriptError(lua_State* L, const ScriptCall& call, Reply& reply) {
  std::string text;
  if (lua_istable(L, -1)) {
    const auto field = [L](const char* name) {
      std::string value;
      lua_pushstring(L, name);
      lua_rawget(L, -2);
      if (lua_isstring(L, -1)) value = LuaBytes(L, -1);
      lua_pop(L, 1);
      return value;
    };
    NoteCounted(L);
    text = field("err");
    const std::string source = field("source");
    const std::string line = field("line");
    if (!source.empty() && !line.empty())
      text += " script: " + std::string(call.name) + ", on " + source + ":" + line + ".";
  } else {
    const std::string what =
        lua_isstring(L, -1) ? std::string(LuaBytes(L, -1)) : "execution failure";
    text = "ERR Error running script " + std::string(call.name) + ", " + what.substr(0, 100);
  }
  lua_pop(L, 1);
  if (text.empty()) text = "ERR ";
  reply.Error(WithoutLineEnds(text));
}

}  // namespace mydis
