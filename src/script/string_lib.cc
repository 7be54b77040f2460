// The functions of `string` that can run long inside one VM instruction.
#include <algorithm>
#include <cstring>
#include <string>

#include "script/pattern.h"
#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

constexpr std::string_view kSpecials = "^$*+?.([%-";

// A position as scripts give it, negative from the end, as an offset from 0.
size_t StartOffset(lua_State* L, int index, size_t size) {
  ptrdiff_t init = luaL_optinteger(L, index, 1);
  if (init < 0) init += static_cast<ptrdiff_t>(size) + 1;
  return static_cast<size_t>(std::clamp<ptrdiff_t>(init - 1, 0, static_cast<ptrdiff_t>(size)));
}

int FindPlain(lua_State* L, std::string_view subject, std::string_view pattern, size_t init) {
  LuaVm::Of(L).Charge(L, (subject.size() - init) / 16);
  // memmem takes linear time for any pattern.
  const char* from = subject.data() + init;
  const void* found = memmem(from, subject.size() - init, pattern.data(), pattern.size());
  if (found == nullptr) {
    lua_pushnil(L);
    return 1;
  }
  const auto at = static_cast<const char*>(found) - subject.data();
  lua_pushinteger(L, at + 1);
  lua_pushinteger(L, at + static_cast<ptrdiff_t>(pattern.size()));
  return 2;
}

int FindOrMatch(lua_State* L, bool find) {
  const std::string_view subject = LuaCheckBytes(L, 1);
  std::string_view pattern = LuaCheckBytes(L, 2);
  const size_t init = StartOffset(L, 3, subject.size());
  if (find && (lua_toboolean(L, 4) || pattern.find_first_of(kSpecials) == std::string_view::npos))
    return FindPlain(L, subject, pattern, init);
  const bool anchored = !pattern.empty() && pattern[0] == '^';
  if (anchored) pattern.remove_prefix(1);
  PatternMatcher matcher(L, subject, pattern);
  const char* const end = subject.data() + subject.size();
  for (const char* at = subject.data() + init; at <= end; ++at) {
    const char* match_end = matcher.Match(at);
    if (match_end != nullptr) {
      matcher.Settle();
      if (!find) return matcher.PushCaptures(at, match_end);
      lua_pushinteger(L, at - subject.data() + 1);
      lua_pushinteger(L, match_end - subject.data());
      return matcher.PushCaptures(nullptr, nullptr) + 2;
    }
    if (anchored) break;
  }
  matcher.Settle();
  lua_pushnil(L);
  return 1;
}

int Find(lua_State* L) { return FindOrMatch(L, true); }
int Match(lua_State* L) { return FindOrMatch(L, false); }

// Upvalues: subject, pattern, offset to go on from.
int NextMatch(lua_State* L) {
  const std::string_view subject = LuaBytes(L, lua_upvalueindex(1));
  const std::string_view pattern = LuaBytes(L, lua_upvalueindex(2));
  const auto offset = static_cast<size_t>(lua_tointeger(L, lua_upvalueindex(3)));
  PatternMatcher matcher(L, subject, pattern);
  const char* const end = subject.data() + subject.size();
  for (const char* at = subject.data() + offset; offset <= subject.size() && at <= end; ++at) {
    const char* match_end = matcher.Match(at);
    if (match_end == nullptr) continue;
    matcher.Settle();
    // After an empty match goes on one further.
    const ptrdiff_t next = match_end - subject.data() + (match_end == at ? 1 : 0);
    lua_pushinteger(L, next);
    lua_replace(L, lua_upvalueindex(3));
    return matcher.PushCaptures(at, match_end);
  }
  matcher.Settle();
  return 0;
}

int Gmatch(lua_State* L) {
  LuaCheckBytes(L, 1);
  LuaCheckBytes(L, 2);
  lua_settop(L, 2);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, NextMatch, 3);
  return 1;
}

void AppendTemplate(lua_State* L, PatternMatcher& matcher, const char* from, const char* to,
                    luaL_Buffer* out) {
  const std::string_view text = LuaBytes(L, 3);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      luaL_addchar(out, text[i]);
      continue;
    }
    ++i;
    const char c = i < text.size() ? text[i] : '\0';
    if (c < '0' || c > '9') {
      luaL_addchar(out, c);
    } else if (c == '0') {
      luaL_addlstring(out, from, static_cast<size_t>(to - from));
    } else {
      matcher.PushCapture(c - '1', from, to);
      luaL_addvalue(out);
    }
  }
}

// Appends what stands for the match [from, to): the replacement, or the match itself.
void AppendReplacement(lua_State* L, PatternMatcher& matcher, const char* from, const char* to,
                       luaL_Buffer* out) {
  switch (lua_type(L, 3)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
      return AppendTemplate(L, matcher, from, to, out);
    case LUA_TFUNCTION: {
      lua_pushvalue(L, 3);
      const int count = matcher.PushCaptures(from, to);
      lua_call(L, count, 1);
      break;
    }
    default:
      matcher.PushCapture(0, from, to);
      lua_gettable(L, 3);
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, from, static_cast<size_t>(to - from));
  } else if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(out);
}

int Gsub(lua_State* L) {
  const std::string_view subject = LuaCheckBytes(L, 1);
  std::string_view pattern = LuaCheckBytes(L, 2);
  const int type = lua_type(L, 3);
  luaL_argcheck(
      L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
      3, "string/function/table expected");
  const auto most = luaL_optinteger(
      L, 4, static_cast<lua_Integer>(std::min<size_t>(subject.size(), INT32_MAX)) + 1);
  const bool anchored = !pattern.empty() && pattern[0] == '^';
  if (anchored) pattern.remove_prefix(1);
  PatternMatcher matcher(L, subject, pattern);
  const char* at = subject.data();
  const char* const end = at + subject.size();
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  lua_Integer count = 0;
  while (count < most) {
    const char* match_end = matcher.Match(at);
    if (match_end != nullptr) {
      ++count;
      AppendReplacement(L, matcher, at, match_end, &out);
    }
    if (match_end != nullptr && match_end > at) {
      at = match_end;
    } else if (at < end) {
      luaL_addchar(&out, *at++);
    } else {
      break;
    }
    if (anchored) break;
  }
  matcher.Settle();
  luaL_addlstring(&out, at, static_cast<size_t>(end - at));
  luaL_pushresult(&out);
  lua_pushinteger(L, count);
  return 2;
}

int Rep(lua_State* L) {
  const std::string_view bytes = LuaCheckBytes(L, 1);
  const lua_Integer count = luaL_checkinteger(L, 2);
  if (count <= 0 || bytes.empty()) {
    lua_pushliteral(L, "");
    return 1;
  }
  // No string can be as long as all memory that there may be.
  if (static_cast<uint64_t>(count) > (uint64_t{1} << 32) / bytes.size())
    return luaL_error(L, "resulting string too large");
  const size_t size = bytes.size() * static_cast<size_t>(count);
  // The result and what it is made in come from the arena, so that the limit of memory holds.
  auto* room = static_cast<char*>(lua_newuserdata(L, size));
  for (size_t at = 0; at < size; at += bytes.size())
    std::memcpy(room + at, bytes.data(), bytes.size());
  LuaVm::Of(L).Charge(L, size / 64);
  lua_pushlstring(L, room, size);
  return 1;
}

}  // namespace

void AddStringFunctions(lua_State* L) {
  LuaSetFunction(L, "find", Find);
  LuaSetFunction(L, "match", Match);
  LuaSetFunction(L, "gmatch", Gmatch);
  LuaSetFunction(L, "gfind", Gmatch);
  LuaSetFunction(L, "gsub", Gsub);
  LuaSetFunction(L, "rep", Rep);
}

}  // namespace mydis
