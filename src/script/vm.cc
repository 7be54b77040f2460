#include "script/vm.h"

// lint: include-ok it is asked for C's
#include <locale.h>

#include <memory>

#include "base/assert.h"
#include "script/lua_core.h"
#include "script/lua_functions.h"

namespace mydis {
namespace {

// Until a call has allocated about this much beyond its image, no garbage is collected.
constexpr int kFirstCollectionPercent = 3000;
constexpr int kCollectionPercent = 200;

// So many arguments are copied while an instruction is carried out.
constexpr size_t kArgumentsPerUnit = 64;

// Redis's words for a library that takes too long to load.
constexpr std::string_view kErrLoadBudget = "ERR FUNCTION LOAD timeout";

struct ProtectedBody {
  const std::function<void(lua_State*)>* body;
};

int RunProtectedBody(lua_State* L) {
  const auto* body = static_cast<const ProtectedBody*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  (*body->body)(L);
  return 0;
}

// Numbers are read and written in C's locale, whichever a program with an instance of its own has
// chosen.
class CLocale {
 public:
  CLocale() : before_(uselocale(C())) {}
  ~CLocale() { uselocale(before_); }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  static locale_t C() {
    static const locale_t c = newlocale(LC_ALL_MASK, "C", nullptr);
    return c;
  }

  locale_t before_;
};

// The text of the error on top of the stack.
std::string ErrorText(lua_State* L) {
  if (lua_istable(L, -1)) {
    lua_pushstring(L, "err");
    lua_rawget(L, -2);
  }
  if (lua_type(L, -1) == LUA_TSTRING) return std::string(LuaBytes(L, -1));
  return "execution failure";
}

}  // namespace

LuaVm& LuaVm::OfThread() {
  // lint: thread-ok a state is no part of the result: every call begins with the same bytes
  static thread_local const std::unique_ptr<LuaVm> vm = std::make_unique<LuaVm>();
  return *vm;
}

LuaVm& LuaVm::Of(lua_State* L) {
  void* ud = nullptr;
  lua_getallocf(L, &ud);
  return *static_cast<LuaVm*>(ud);
}

void* LuaVm::Allocate(void* ud, void* block, size_t old_size, size_t new_size) {
  return LuaArena::Allocate(&static_cast<LuaVm*>(ud)->arena_, block, old_size, new_size);
}

LuaVm::LuaVm() {
  MYDIS_ASSERT(arena_.ok(), "the system gives no address range for scripts (ulimit -v)");
  L_ = lua_newstate(Allocate, this);
  MYDIS_ASSERT(L_ != nullptr && FindsStrings() && FindsKeys(), "a new Lua state");
  std::string error;
  const bool built = Protected(
      [](lua_State* L) {
        lua_gc(L, LUA_GCSTOP, 0);
        BuildSandbox(L);
        lua_settop(L, 0);
        lua_gc(L, LUA_GCSETPAUSE, kFirstCollectionPercent);
        lua_gc(L, LUA_GCRESTART, 0);
        lua_gc(L, LUA_GCCOLLECT, 0);
        lua_gc(L, LUA_GCSETPAUSE, kCollectionPercent);
      },
      &error);
  MYDIS_ASSERT(built, "the sandbox can be built");
  arena_.KeepBase();
}

// The state is memory of the arena and nothing else.
LuaVm::~LuaVm() = default;

bool LuaVm::Protected(const std::function<void(lua_State*)>& body, std::string* error) {
  const CLocale locale;
  ProtectedBody protected_body{&body};
  const int status = lua_cpcall(L_, RunProtectedBody, &protected_body);
  if (status == 0) return true;
  LiftMemoryLimit();
  *error = ErrorText(L_);
  lua_settop(L_, 0);
  return false;
}

void LuaVm::Begin(const ArenaImage* difference, const ScriptLimits& limits) {
  arena_.Restore(difference);
  arena_.set_limit(limits.memory);
  arena_.ResetVolume();
  given_ = budget_ = limits.budget;
  lua_sethook(L_, Hook, LUA_MASKCOUNT, kHookEvery);
}

// A function with very many arguments may pass them on with every fourth instruction.
void LuaVm::Hook(lua_State* L, lua_Debug*) {
  const auto* state = reinterpret_cast<const lua_core::State*>(L);
  const auto arguments =
      static_cast<size_t>(state->base - state->frame->function) / sizeof(lua_TValue) - 1;
  Of(L).Charge(L, kHookEvery * (1 + arguments / kArgumentsPerUnit));
}

void LuaVm::Charge(lua_State* L, uint64_t units) {
  units += arena_.volume() / LuaArena::kBytesPerStep;
  arena_.ResetVolume();
  budget_ -= static_cast<int64_t>(units);
  if (budget_ < 0) [[unlikely]] {
    // Whatever catches the error does not get far.
    lua_sethook(L, Hook, LUA_MASKCOUNT, 1);
    RethrowExhausted(L);
  }
}

void LuaVm::RethrowExhausted(lua_State* L) {
  if (!exhausted()) return;
  LiftMemoryLimit();
  PushErrorTable(L, kErrBudget);
  lua_error(L);
}

void LuaVm::CheckBytes(lua_State* L, uint64_t bytes) const {
  if (bytes > arena_.limit()) luaL_error(L, "not enough memory");
}

const ArenaImage* LuaVm::Keep(std::string_view key) {
  lua_sethook(L_, nullptr, 0, 0);
  arena_.ResetVolume();
  arena_.set_limit(0);  // Every call sets its own.
  ArenaImage image = arena_.SaveDifference();
  if (image_bytes_ + image.MemoryBytes() > kMaxImageBytes) Forget();
  image_bytes_ += image.MemoryBytes();
  return &(images_[std::string(key)] = std::move(image));
}

const ArenaImage* LuaVm::Script(std::string_view sha, std::string_view text, std::string* error) {
  const auto known = images_.find(sha);
  if (known != images_.end()) return &known->second;
  Begin(nullptr, kLoadLimits);
  const bool compiled = Protected(
      [text](lua_State* L) {
        if (luaL_loadbuffer(L, text.data(), text.size(), "@user_script") != 0) lua_error(L);
        lua_setfield(L, LUA_REGISTRYINDEX, kScriptSlot);
      },
      error);
  return compiled ? Keep(sha) : nullptr;
}

const ArenaImage* LuaVm::Library(std::string_view sha, std::string_view code,
                                 std::vector<RegisteredFunction>* functions, std::string* error) {
  // A library and a script of the same text have different images.
  const std::string key = "library " + std::string(sha);
  const auto known = images_.find(key);
  if (known != images_.end()) {
    if (functions == nullptr) return &known->second;
    image_bytes_ -= known->second.MemoryBytes();
    images_.erase(known);
  }
  std::vector<RegisteredFunction> ignored;
  registering_ = functions != nullptr ? functions : &ignored;
  Begin(nullptr, kLoadLimits);
  std::string what = "Error compiling function: ";
  const bool loaded = Protected(
      [code, &what](lua_State* L) {
        ShowLoadGlobals(L, true);
        if (luaL_loadbuffer(L, code.data(), code.size(), "@user_function") != 0) lua_error(L);
        what = "Error registering functions: ";
        if (lua_pcall(L, 0, 0, 0) != 0) {
          if (lua_type(L, -1) == LUA_TSTRING) {
            what += "ERR ";
          }
          lua_error(L);
        }
        ShowLoadGlobals(L, false);
      },
      error);
  registering_ = nullptr;
  if (loaded) return Keep(key);
  if (exhausted()) *error = kErrLoadBudget;
  *error = what + *error;
  return nullptr;
}

bool LuaVm::Run(const ArenaImage& image, ScriptCall& call, const ScriptLimits& limits,
                const std::function<void(lua_State*)>& body, std::string* error) {
  MYDIS_ASSERT(call_ == nullptr, "scripts do not call scripts");
  Begin(&image, limits);
  call_ = &call;
  const bool done = Protected(body, error);
  call_ = nullptr;
  return done;
}

}  // namespace mydis
