// Chance from the log entry, a clock that only the script itself moves, and bit.tohex.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "script/call.h"
#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

// What os.clock calls a second: about what a fast machine does in one.
constexpr double kUnitsPerSecond = 1e8;
constexpr uint32_t kChanceMax = 0x7fffffff;

int MathRandom(lua_State* L) {
  ScriptCall* call = LuaVm::Of(L).call();
  if (call == nullptr) return luaL_error(L, "math.random is for functions that are called");
  const double r = static_cast<double>(call->chance.Next() % kChanceMax) / kChanceMax;
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(L, r);
      return 1;
    case 1: {
      const int most = luaL_checkint(L, 1);
      luaL_argcheck(L, 1 <= most, 1, "interval is empty");
      lua_pushnumber(L, std::floor(r * most) + 1);
      return 1;
    }
    case 2: {
      const int least = luaL_checkint(L, 1);
      const int most = luaL_checkint(L, 2);
      luaL_argcheck(L, least <= most, 2, "interval is empty");
      lua_pushnumber(L, std::floor(r * (static_cast<double>(most) - least + 1)) + least);
      return 1;
    }
    default:
      return luaL_error(L, "wrong number of arguments");
  }
}

int MathRandomSeed(lua_State* L) {
  const int seed = luaL_checkint(L, 1);
  ScriptCall* call = LuaVm::Of(L).call();
  if (call != nullptr) call->chance = ScriptChance(static_cast<uint32_t>(seed));
  return 0;
}

int OsClock(lua_State* L) {
  LuaVm& vm = LuaVm::Of(L);
  vm.Charge(L, 0);
  lua_pushnumber(L, static_cast<double>(vm.used_budget()) / kUnitsPerSecond);
  return 1;
}

// The argument's low 32 bits, as lua-bitop rounds it.
uint32_t CheckBits(lua_State* L, int index) {
  constexpr lua_Number kShift = 6755399441055744.0;  // 2^52 + 2^51.
  return static_cast<uint32_t>(std::bit_cast<uint64_t>(luaL_checknumber(L, index) + kShift));
}

// bit.tohex. Debian's lua-bitop writes far out of its buffer when asked for -2^31 digits.
int BitToHex(lua_State* L) {
  constexpr int kDigits = 8;
  uint32_t bits = CheckBits(L, 1);
  auto wanted =
      lua_isnone(L, 2) ? kDigits : static_cast<int64_t>(static_cast<int32_t>(CheckBits(L, 2)));
  const char* const digits = wanted < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
  const int count = static_cast<int>(std::min<int64_t>(std::abs(wanted), kDigits));
  char text[kDigits];
  for (int i = count - 1; i >= 0; --i) {
    text[i] = digits[bits & 15];
    bits >>= 4;
  }
  lua_pushlstring(L, text, static_cast<size_t>(count));
  return 1;
}

}  // namespace

void AddMathFunctions(lua_State* L) {
  LuaSetFunction(L, "random", MathRandom);
  LuaSetFunction(L, "randomseed", MathRandomSeed);
}

void AddOsFunctions(lua_State* L) { LuaSetFunction(L, "clock", OsClock); }

void AddBitFunctions(lua_State* L) { LuaSetFunction(L, "tohex", BitToHex); }

}  // namespace mydis
