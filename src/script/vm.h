// A Lua state with its arena, its images and the budget of the call under way.
//
// Nothing that a call does to the state outlives it: each begins with the bytes of an image
// (docs/scripting.md).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"
#include "script/arena.h"
#include "script/lua.h"

namespace mydis {

struct ScriptCall;

// What FUNCTION LOAD learns from a library that registers its functions.
struct RegisteredFunction {
  std::string name;
  std::string description;
  bool has_description = false;
  uint32_t flags = 0;
};

struct ScriptLimits {
  int64_t budget = 0;   // Units: VM instructions and what counts like them.
  uint64_t memory = 0;  // Bytes.
};

// For compiling and loading. Constant: an instance that makes an image again must not fail where
// the others did not, whatever the settings are by then.
inline constexpr ScriptLimits kLoadLimits{50'000'000, uint64_t{256} << 20};

// One per thread, since everything in it belongs to the call under way.
class LuaVm {
 public:
  LuaVm();
  ~LuaVm();
  LuaVm(const LuaVm&) = delete;
  LuaVm& operator=(const LuaVm&) = delete;

  // This thread's.
  static LuaVm& OfThread();
  // The one that `L` belongs to.
  static LuaVm& Of(lua_State* L);

  // --- Images ---
  // The image of the script `sha` with this text (without shebang), compiled if it is not known
  // here. nullptr: it does not compile, `error` says why.
  const ArenaImage* Script(std::string_view sha, std::string_view text, std::string* error);
  // The image of a library after its code has run. `functions` (if given) gets what it registers;
  // then it is run anew even if its image is known.
  const ArenaImage* Library(std::string_view sha, std::string_view code,
                            std::vector<RegisteredFunction>* functions, std::string* error);
  // Drops all images.
  void Forget() { images_.clear(), image_bytes_ = 0; }

  // --- Running ---
  // Brings back `image` and runs `body` with it, inside a protected call: errors that it lets pass
  // come back as text. `body` finds the call in call().
  bool Run(const ArenaImage& image, ScriptCall& call, const ScriptLimits& limits,
           const std::function<void(lua_State*)>& body, std::string* error);
  // nullptr while a library is being loaded.
  ScriptCall* call() { return call_; }
  // Takes units from the budget; an error that no script can catch if none is left.
  void Charge(lua_State* L, uint64_t units);
  // To be called by what has caught an error: goes on with it if it was the budget's.
  void RethrowExhausted(lua_State* L);
  bool exhausted() const { return budget_ < 0; }
  // Units used since the call began.
  uint64_t used_budget() const { return static_cast<uint64_t>(given_ - budget_); }
  // An error if a library function holds more than the memory limit outside of the arena.
  void CheckBytes(lua_State* L, uint64_t bytes) const;
  // From here on memory is not limited: what is left to do is to answer.
  void LiftMemoryLimit() { arena_.set_limit(UINT64_MAX); }

  // What is registered while a library loads; nullptr otherwise.
  std::vector<RegisteredFunction>* registering() { return registering_; }
  // Bytes that a call begins with, and that all images take.
  size_t base_bytes() const { return arena_.base_bytes(); }
  size_t image_bytes() const { return image_bytes_; }

 private:
  static constexpr size_t kMaxImageBytes = size_t{64} << 20;
  static constexpr int kHookEvery = 1000;

  static void* Allocate(void* ud, void* block, size_t old_size, size_t new_size);
  static void Hook(lua_State* L, lua_Debug*);
  void Begin(const ArenaImage* difference, const ScriptLimits& limits);
  // Runs `body` in a protected call.
  bool Protected(const std::function<void(lua_State*)>& body, std::string* error);
  const ArenaImage* Keep(std::string_view key);

  LuaArena arena_;
  lua_State* L_ = nullptr;
  std::map<std::string, ArenaImage, std::less<>> images_;
  size_t image_bytes_ = 0;
  ScriptCall* call_ = nullptr;
  int64_t budget_ = 0;
  int64_t given_ = 0;
  std::vector<RegisteredFunction>* registering_ = nullptr;
};

// Names in Lua's registry.
inline constexpr const char* kScriptSlot = "script";        // The compiled script.
inline constexpr const char* kCallbacksSlot = "callbacks";  // A library's functions by name.
inline constexpr const char* kGlobalsSlot = "globals";      // The real globals.

inline constexpr std::string_view kErrBudget =
    "Script ended: it used up its budget of instructions (the setting script-budget)";

// Makes the libraries and globals of a new state (sandbox.cc).
void BuildSandbox(lua_State* L);
// While a library loads, the globals are only what Redis shows then.
void ShowLoadGlobals(lua_State* L, bool load);
// The message handler of scripts: an error table with `err`, `source` and `line`.
int ScriptErrorHandler(lua_State* L);
// {err = "ERR …"} on top of the stack, from a text with or without "-CODE ".
// The field of an error's table that says that the command which failed has counted it.
inline constexpr const char* kErrorCounted = "ignore_error_stats_update";
void PushErrorTable(lua_State* L, std::string_view text);

}  // namespace mydis
