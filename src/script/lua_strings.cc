// Lua keeps every string once, in a table of its own. Lua 5.1 chooses its place by 32 bytes of it
// at the most, spread evenly: a thousand bytes that are alike but for a number at their end all
// come to the same few places, where each new one is compared to all before it. A loop that makes
// such strings took minutes within a budget of seconds, on every instance at once. Here the place
// of a long one depends on all of its bytes, and whoever makes many that meet all the same pays for
// the steps. Short ones keep their places: the order of pairs() is Redis's.
#include <cctype>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/hash.h"
#include "script/arena.h"
#include "script/lua_core.h"
#include "script/lua_functions.h"

namespace {

using mydis::lua_core::Global;
using mydis::lua_core::Object;

// Of shorter ones Lua looks at every byte.
constexpr size_t kLong = 32;
constexpr size_t kBytesPerStep = 8;
constexpr uint8_t kWhites = 3;  // What the collector has not seen yet has one of these two bits.

uint32_t HashOf(std::string_view bytes) {
  if (bytes.size() >= kLong) return static_cast<uint32_t>(mydis::Hash64(bytes));
  auto hash = static_cast<uint32_t>(bytes.size());
  for (size_t i = bytes.size(); i > 0; --i)
    hash ^= (hash << 5) + (hash >> 2) + static_cast<uint8_t>(bytes[i - 1]);
  return hash;
}

TString*& PlaceOf(const Global& global, uint32_t hash) {
  return global.places[hash & static_cast<uint32_t>(global.size - 1)];
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming)
void* luaM_realloc_(lua_State* L, void* block, size_t old_size, size_t new_size);
void* luaM_toobig(lua_State* L);
void luaS_resize(lua_State* L, int size);
TString* luaS_newlstr(lua_State* L, const char* bytes, size_t size);
int luaO_str2d(const char* text, double* number);

// The string of these bytes: the one that is there, or a new one.
TString* luaS_newlstr(lua_State* L, const char* bytes, size_t size) {
  Global& global = *reinterpret_cast<mydis::lua_core::State*>(L)->global;
  const uint32_t hash = HashOf({bytes, size});
  // They are made elsewhere, looked at here, and compared with the one that is there.
  uint64_t steps = size / kBytesPerStep;
  TString* found = PlaceOf(global, hash);
  while (found != nullptr && (found->hash != hash || found->size != size ||
                              std::memcmp(found->bytes(), bytes, size) != 0)) {
    found = reinterpret_cast<TString*>(found->next);
    ++steps;
  }
  if (steps > mydis::lua_core::kFreeSteps) mydis::LuaArena::ChargeSteps(&global, steps);
  if (found != nullptr) {
    // The collector may have given it up and not have come to it yet.
    if ((found->marked & (global.current_white ^ kWhites) & kWhites) != 0) found->marked ^= kWhites;
    return found;
  }
  if (size > std::numeric_limits<size_t>::max() - 2 - sizeof(TString) - 1) luaM_toobig(L);
  auto* made = static_cast<TString*>(luaM_realloc_(L, nullptr, 0, sizeof(TString) + size + 1));
  made->type = LUA_TSTRING;
  made->marked = global.current_white & kWhites;
  made->reserved = 0;
  made->hash = hash;
  made->size = size;
  std::memcpy(made->bytes(), bytes, size);
  made->bytes()[size] = '\0';
  TString*& place = PlaceOf(global, hash);
  made->next = reinterpret_cast<Object*>(place);
  place = made;
  if (++global.strings > static_cast<uint32_t>(global.size) && global.size <= INT_MAX / 2)
    luaS_resize(L, global.size * 2);
  return made;
}
// The number that a text is, with white space around it; 0: it is none.
int luaO_str2d(const char* text, double* number) {
  const char* begin = text;
  while (std::isspace(static_cast<unsigned char>(*begin)) != 0) ++begin;
  char* end = nullptr;
  // lint: locale-ok scripts run in C's locale: vm.cc
  *number = std::strtod(begin, &end);
  const bool found = end != begin;
  if (found && (*end == 'x' || *end == 'X'))
    *number = static_cast<double>(std::strtoul(begin, &end, 16));
  while (std::isspace(static_cast<unsigned char>(*end)) != 0) ++end;
  constexpr uint64_t kFree = 32;
  const auto size = static_cast<uint64_t>(end - text);
  if (size > kFree) mydis::LuaArena::ChargeSteps(text, size / 4);
  return found && *end == '\0' ? 1 : 0;
}
// NOLINTEND(readability-identifier-naming)

// How Lua compares two strings, in the place of strcoll: by their bytes wherever it runs. They
// end with a zero; Lua does the rest.
extern "C" int mydis_lua_compare(const char* left, const char* right) {
  size_t same = 0;
  while (left[same] == right[same] && left[same] != '\0') ++same;
  mydis::LuaArena::ChargeSteps(left, 1 + same / kBytesPerStep);
  return static_cast<unsigned char>(left[same]) - static_cast<unsigned char>(right[same]);
}

namespace mydis {

bool FindsStrings() { return true; }

}  // namespace mydis
