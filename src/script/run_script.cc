#include "script/run_script.h"

#include <fmt/format.h>

#include <deque>
#include <vector>

#include "base/assert.h"
#include "base/split_line.h"
#include "commands/arg_parser.h"
#include "script/register_function.h"
#include "script/result.h"
#include "script/vm.h"

namespace mydis {
namespace {

// Pushes a table with these strings.
void PushArray(lua_State* L, Args words) {
  lua_createtable(L, static_cast<int>(words.size()), 0);
  int i = 0;
  for (const std::string_view word : words) {
    LuaPush(L, word);
    lua_rawseti(L, -2, ++i);
  }
}

// Calls what is on top of the stack (the error handler is below it) and answers.
void CallAndAnswer(lua_State* L, ScriptCall& call, int arguments, Reply& reply) {
  const int handler = lua_gettop(L) - arguments - 1;
  const int status = lua_pcall(L, arguments, 1, handler);
  LuaVm::Of(L).LiftMemoryLimit();
  lua_sethook(L, nullptr, 0, 0);
  status == 0 ? SendResult(L, call, reply) : SendScriptError(L, call, reply);
}

void RunImage(const ArenaImage& image, ScriptCall& call, Reply& reply,
              const std::function<void(lua_State*)>& body) {
  const Settings& settings = call.state().settings;
  const ScriptLimits limits{static_cast<int64_t>(settings.script_budget()),
                            settings.script_memory()};
  std::string error;
  if (!LuaVm::OfThread().Run(image, call, limits, body, &error)) reply.Error("ERR " + error);
}

bool ReadFlagList(std::string_view list, uint32_t* flags, std::string* error) {
  if (list.empty()) return true;
  for (;;) {
    const size_t comma = std::min(list.find(','), list.size());
    const uint32_t flag = ScriptFlagOf(list.substr(0, comma));
    if (flag == 0) {
      *error = fmt::format("ERR Unexpected flag in script shebang: {}", list.substr(0, comma));
      return false;
    }
    *flags |= flag;
    if (comma == list.size()) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

bool ReadShebang(std::string_view text, uint32_t* flags, size_t* length, std::string* error) {
  *flags = kScriptCompat;
  *length = 0;
  if (!text.starts_with("#!")) return true;
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    *error = "ERR Invalid script shebang";
    return false;
  }
  *flags = 0;
  *length = end;
  std::vector<std::string_view> words;
  std::deque<std::string> unquoted;
  if (!SplitLine(text.substr(0, end), &words, &unquoted)) {
    *error = "ERR Invalid engine in script shebang";
    return false;
  }
  if (words[0] != "#!lua") {
    *error = fmt::format("ERR Unexpected engine in script shebang: {}", words[0]);
    return false;
  }
  for (const std::string_view word : std::span(words).subspan(1)) {
    if (!word.starts_with("flags=")) {
      *error = fmt::format("ERR Unknown lua shebang option: {}", word);
      return false;
    }
    if (!ReadFlagList(word.substr(6), flags, error)) return false;
  }
  return true;
}

bool ReadKeys(Args args, std::string_view not_a_number, Args* keys, Args* rest, Reply& reply) {
  const auto count = ParseInteger(args[2]);
  if (!count) {
    reply.Error(not_a_number);
    return false;
  }
  if (*count > static_cast<int64_t>(args.size()) - 3) {
    reply.Error("ERR Number of keys can't be greater than number of args");
    return false;
  }
  if (*count < 0) {
    reply.Error("ERR Number of keys can't be negative");
    return false;
  }
  *keys = args.subspan(3, static_cast<size_t>(*count));
  *rest = args.subspan(3 + static_cast<size_t>(*count));
  return true;
}

bool PrepareCall(ScriptCall& call, uint32_t flags, bool ro, Reply& reply) {
  const State& state = call.state();
  call.out_of_memory = state.OutOfMemory();
  const bool compat = (flags & kScriptCompat) != 0;
  const bool no_writes = (flags & kScriptNoWrites) != 0;
  if (!compat && !no_writes && ro) {
    reply.Error("ERR Can not execute a script with write flag using *_ro command.");
    return false;
  }
  if (!compat && call.out_of_memory && (flags & (kScriptAllowOom | kScriptNoWrites)) == 0) {
    reply.Error(
        "OOM allow-oom flag is not set on the script, can not run it when used memory > "
        "'maxmemory'");
    return false;
  }
  call.table = &CommandsOf(state);
  call.read_only = ro || (!compat && no_writes) || call.write == nullptr;
  call.allow_oom = !compat && (flags & kScriptAllowOom) != 0;
  call.chance = ScriptChance(static_cast<uint32_t>(call.command_random().Next()));
  return true;
}

const ArenaImage* CompileScript(std::string_view sha, std::string_view text, size_t shebang,
                                Reply& reply) {
  std::string error;
  // The first line goes, its end stays: lines keep their numbers.
  const ArenaImage* image = LuaVm::OfThread().Script(sha, text.substr(shebang), &error);
  if (image == nullptr) reply.Error("ERR Error compiling script (new function): " + error);
  return image;
}

void RunScript(ScriptCall& call, const ArenaImage& image, Reply& reply) {
  RunImage(image, call, reply, [&call, &reply](lua_State* L) {
    lua_getfield(L, LUA_REGISTRYINDEX, kGlobalsSlot);
    lua_pushliteral(L, "KEYS");
    PushArray(L, call.keys);
    lua_rawset(L, -3);
    lua_pushliteral(L, "ARGV");
    PushArray(L, call.args);
    lua_rawset(L, -3);
    lua_settop(L, 0);
    lua_pushcfunction(L, ScriptErrorHandler);
    lua_getfield(L, LUA_REGISTRYINDEX, kScriptSlot);
    CallAndAnswer(L, call, 0, reply);
  });
}

void RunFunction(ScriptCall& call, const FunctionLibrary& library, Reply& reply) {
  std::string error;
  // Without its first line, whose end stays: lines keep their numbers.
  const std::string_view code = std::string_view(library.code).substr(library.code.find('\n'));
  const ArenaImage* image = LuaVm::OfThread().Library(library.sha, code, nullptr, &error);
  MYDIS_ASSERT(image != nullptr, "a library that was loaded once can be loaded again");
  RunImage(*image, call, reply, [&call, &reply](lua_State* L) {
    lua_pushcfunction(L, ScriptErrorHandler);
    lua_getfield(L, LUA_REGISTRYINDEX, kCallbacksSlot);
    LuaPush(L, call.name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    PushArray(L, call.keys);
    PushArray(L, call.args);
    CallAndAnswer(L, call, 2, reply);
  });
}

}  // namespace mydis
