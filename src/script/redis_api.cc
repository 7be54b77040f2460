// The table `redis` of scripts, functions and libraries.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/log.h"
#include "base/number_format.h"
#include "base/read_trace.h"
#include "base/sha1.h"
#include "script/call.h"
#include "script/register_function.h"
#include "script/reply_tape.h"
#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

// What a call of a command counts as, besides the memory of its reply.
constexpr uint64_t kCallUnits = 200;
// What Mydis is compatible with: scripts compare it.
constexpr const char* kRedisVersion = "7.2.6";
constexpr int kRedisVersionNumber = 0x00070206;
constexpr int kPropagateMask = 3;

int RaiseError(lua_State* L, std::string_view text) {
  PushErrorTable(L, text);
  return lua_error(L);
}

// The words of a command, as a script gave them; views of Lua strings that stay on the stack, and
// of numbers' digits.
class CalledWords {
 public:
  // False, with an error table on the stack, if they are none.
  bool Read(lua_State* L) {
    const int count = lua_gettop(L);
    words_.clear();
    digits_.clear();
    if (count == 0) {
      PushErrorTable(L, "Please specify at least one argument for this redis lib call");
      return false;
    }
    digits_.reserve(static_cast<size_t>(count) * kMaxDoubleText);
    for (int i = 1; i <= count; ++i) {
      const int type = lua_type(L, i);
      if (type == LUA_TNUMBER) {
        words_.push_back(Digits(lua_tonumber(L, i)));
      } else if (type == LUA_TSTRING) {
        words_.push_back(LuaBytes(L, i));
      } else {
        PushErrorTable(L, "Lua redis lib command arguments must be strings or integers");
        return false;
      }
    }
    return true;
  }
  Args args() const { return words_; }

 private:
  std::string_view Digits(double value) {
    const size_t at = digits_.size();
    digits_.resize(at + kMaxDoubleText);
    char* const begin = digits_.data() + at;
    const bool whole = std::abs(value) < 9.2e18 && std::trunc(value) == value;
    const char* end =
        whole ? FormatInteger(begin, static_cast<int64_t>(value)) : FormatDouble(begin, value);
    digits_.resize(at + static_cast<size_t>(end - begin));
    return {begin, static_cast<size_t>(end - begin)};
  }

  std::vector<std::string_view> words_;
  std::string digits_;  // Reserved for all, so that it never moves.
};

// Kept between calls for their memory alone.
// lint: thread-ok scratch space, emptied before each use
thread_local CalledWords called_words;
// lint: thread-ok scratch space, emptied before each use
thread_local ReplyTape called_reply;

void CountCall(const CommandSpec* spec, CallCounter::Outcome outcome, std::string_view error = {}) {
  if (thread_read_trace.counter != nullptr)
    thread_read_trace.counter->CountCall(spec, outcome, error);
}

int CallCommand(lua_State* L, bool raise) {
  LuaVm& vm = LuaVm::Of(L);
  ScriptCall* call = vm.call();
  if (call == nullptr) return RaiseError(L, "redis.call is for functions that are called");
  vm.Charge(L, kCallUnits);
  if (!called_words.Read(L)) return raise ? lua_error(L) : 1;
  const Args args = called_words.args();
  const CommandSpec* spec = call->table->Resolve(args);
  std::string error;
  if (!MayCall(*call, spec, args, &error)) {
    CountCall(spec, CallCounter::Outcome::kRejected,
              error.starts_with('-') ? std::string_view(error).substr(1) : "ERR");
    PushErrorTable(L, error);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, kErrorCounted);
    return raise ? lua_error(L) : 1;
  }
  called_reply.Clear(call->resp_version);
  RunCalled(*call, *spec, args, called_reply);
  called_reply.is_error() ? CountCall(spec, CallCounter::Outcome::kFailed, called_reply.error())
                          : CountCall(spec, CallCounter::Outcome::kDone);
  lua_settop(L, 0);
  called_reply.Push(L);
  return raise && called_reply.is_error() ? lua_error(L) : 1;
}

int Call(lua_State* L) { return CallCommand(L, true); }
int PCallCommand(lua_State* L) { return CallCommand(L, false); }

int AclCheckCmd(lua_State* L) {
  ScriptCall* call = LuaVm::Of(L).call();
  if (call == nullptr || !called_words.Read(L)) return lua_error(L);
  const CommandSpec* spec = call->table->Resolve(called_words.args());
  if (spec == nullptr) return RaiseError(L, "Invalid command passed to redis.acl_check_cmd()");
  lua_pushboolean(L, UserMayRun(*call, *spec, called_words.args()));
  return 1;
}

int Sha1(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseError(L, "wrong number of arguments");
  const std::string_view bytes = lua_isstring(L, 1) ? LuaBytes(L, 1) : std::string_view();
  LuaVm::Of(L).Charge(L, bytes.size() / 2);
  LuaPush(L, Sha1Hex(bytes));
  return 1;
}

bool OneString(lua_State* L) {
  if (lua_gettop(L) == 1 && lua_type(L, 1) == LUA_TSTRING) return true;
  PushErrorTable(L, "wrong number or type of arguments");
  return false;
}

int ErrorReply(lua_State* L) {
  if (!OneString(L)) return 1;
  const std::string_view text = LuaBytes(L, 1);
  PushErrorTable(L, text.starts_with('-') ? std::string(text) : "-" + std::string(text));
  return 1;
}

int StatusReply(lua_State* L) {
  if (!OneString(L)) return 1;
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "ok");
  return 1;
}

// Everything a script does is in the log as one call: there is nothing to choose.
int SetRepl(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseError(L, "redis.set_repl() requires one argument.");
  if ((static_cast<int>(lua_tonumber(L, 1)) & ~kPropagateMask) != 0) {
    return RaiseError(L,
                      "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                      "REPL_NONE.");
  }
  return 0;
}

int SetResp(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseError(L, "redis.setresp() requires one argument.");
  const lua_Number version = lua_tonumber(L, 1);
  if (version != 2 && version != 3) return RaiseError(L, "RESP version must be 2 or 3.");
  ScriptCall* call = LuaVm::Of(L).call();
  if (call != nullptr) call->resp_version = static_cast<int>(version);
  return 0;
}

int Log(lua_State* L) {
  constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kDebug, LogLevel::kInfo,
                                  LogLevel::kWarning};
  const int count = lua_gettop(L);
  if (count < 2) return RaiseError(L, "redis.log() requires two arguments or more.");
  if (!lua_isnumber(L, 1)) return RaiseError(L, "First argument must be a number (log level).");
  const lua_Number level = lua_tonumber(L, 1);
  if (level < 0 || level > 3) return RaiseError(L, "Invalid debug level.");
  std::string line;
  for (int i = 2; i <= count; ++i) {
    if (!lua_isstring(L, i)) continue;
    if (i > 2) line += ' ';
    line += LuaBytes(L, i);
  }
  LuaVm::Of(L).Charge(L, kCallUnits + line.size());
  // What every instance runs is logged by every instance.
  LogLine(kLevels[static_cast<int>(level)], line);
  return 0;
}

// There is no debugger.
int Breakpoint(lua_State* L) {
  lua_pushboolean(L, 0);
  return 1;
}
int Debug(lua_State*) { return 0; }

int ReplicateCommands(lua_State* L) {
  lua_pushboolean(L, 1);
  return 1;
}

void SetNumber(lua_State* L, const char* name, int value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

void AddCommonFunctions(lua_State* L) {
  LuaSetFunction(L, "log", Log);
  SetNumber(L, "LOG_DEBUG", 0);
  SetNumber(L, "LOG_VERBOSE", 1);
  SetNumber(L, "LOG_NOTICE", 2);
  SetNumber(L, "LOG_WARNING", 3);
  SetNumber(L, "REDIS_VERSION_NUM", kRedisVersionNumber);
  lua_pushstring(L, kRedisVersion);
  lua_setfield(L, -2, "REDIS_VERSION");
}

}  // namespace

void PushErrorTable(lua_State* L, std::string_view text) {
  std::string whole;
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (text.find(' ') == std::string_view::npos) whole = "ERR ";
  } else {
    whole = "ERR ";
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  whole += text;
  lua_createtable(L, 0, 2);
  LuaPush(L, whole);
  lua_setfield(L, -2, "err");
}

int ScriptErrorHandler(lua_State* L) {
  lua_Debug where;
  bool known = lua_getstack(L, 1, &where) != 0 && lua_getinfo(L, "Sl", &where) != 0;
  if (known && std::string_view(where.what) == "C")
    known = lua_getstack(L, 2, &where) != 0 && lua_getinfo(L, "Sl", &where) != 0;
  lua_settop(L, 1);
  if (!lua_istable(L, 1)) {
    std::string text = "ERR ";
    if (lua_isstring(L, 1)) {
      text += LuaBytes(L, 1);
    } else {
      text += lua_isnil(L, 1) ? "nil" : luaL_typename(L, 1);
    }
    lua_createtable(L, 0, 3);
    LuaPush(L, text);
    lua_setfield(L, -2, "err");
  }
  if (!known) return 1;
  lua_pushliteral(L, "source");
  lua_pushstring(L, where.source);
  lua_rawset(L, -3);
  lua_pushliteral(L, "line");
  lua_pushinteger(L, where.currentline);
  lua_rawset(L, -3);
  return 1;
}

void AddRedisFunctions(lua_State* L) {
  AddCommonFunctions(L);
  LuaSetFunction(L, "call", Call);
  LuaSetFunction(L, "pcall", PCallCommand);
  LuaSetFunction(L, "setresp", SetResp);
  LuaSetFunction(L, "sha1hex", Sha1);
  LuaSetFunction(L, "error_reply", ErrorReply);
  LuaSetFunction(L, "status_reply", StatusReply);
  LuaSetFunction(L, "set_repl", SetRepl);
  LuaSetFunction(L, "acl_check_cmd", AclCheckCmd);
  SetNumber(L, "REPL_NONE", 0);
  SetNumber(L, "REPL_AOF", 1);
  SetNumber(L, "REPL_SLAVE", 2);
  SetNumber(L, "REPL_REPLICA", 2);
  SetNumber(L, "REPL_ALL", 3);
}

void AddRedisEvalFunctions(lua_State* L) {
  AddRedisFunctions(L);
  LuaSetFunction(L, "breakpoint", Breakpoint);
  LuaSetFunction(L, "debug", Debug);
  LuaSetFunction(L, "replicate_commands", ReplicateCommands);
}

void AddRedisLoadFunctions(lua_State* L) {
  AddCommonFunctions(L);
  LuaSetFunction(L, "register_function", RegisterFunction);
}

}  // namespace mydis
