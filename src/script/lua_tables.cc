// Keys of Lua's tables whose hashes meet stand in a list. Numbers that meet are easily found, and
// then each look at the table takes as many steps as it has keys; so does next() at the beginning
// of a table whose first keys were removed. Here the steps are charged. Everything else is as in
// Lua: places, order, errors.
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "script/arena.h"
#include "script/lua_core.h"
#include "script/lua_functions.h"

// NOLINTBEGIN(readability-identifier-naming)
extern const lua_TValue luaO_nilobject_;
// Lua's own luaH_set and luaH_setnum, under these names: tools/prepare_lua.
extern "C" lua_TValue* lua_own_set(lua_State* L, Table* table, const lua_TValue* key);
extern "C" lua_TValue* lua_own_setnum(lua_State* L, Table* table, int key);
int luaO_rawequalObj(const lua_TValue* left, const lua_TValue* right);
void luaG_runerror(lua_State* L, const char* format, ...);

const lua_TValue* luaH_getnum(Table* table, int key);
const lua_TValue* luaH_getstr(Table* table, TString* key);
const lua_TValue* luaH_get(Table* table, const lua_TValue* key);
int luaH_next(lua_State* L, Table* table, lua_TValue* key);
int luaH_getn(Table* table);
lua_TValue* luaH_set(lua_State* L, Table* table, const lua_TValue* key);
lua_TValue* luaH_setnum(lua_State* L, Table* table, int key);
enum TMS : unsigned {};  // Which method of a metatable.
const lua_TValue* luaT_gettm(Table* table, TMS method, TString* name);
// NOLINTEND(readability-identifier-naming)

namespace {

using mydis::lua_core::Node;

uint32_t Nodes(const Table& table) { return uint32_t{1} << table.log_nodes; }

// By the remainder of an odd number, since the lowest bits of addresses and numbers are often zero.
Node* ByRemainder(const Table& table, uint32_t hash) {
  return &table.nodes[hash % ((Nodes(table) - 1) | 1)];
}

Node* PlaceOf(const Table& table, double number) {
  if (number == 0) return table.nodes;  // Of both zeros.
  uint32_t halves[2];
  std::memcpy(halves, &number, sizeof number);
  return ByRemainder(table, halves[0] + halves[1]);
}

// Of an address that is the same on every instance: arena.h.
uint32_t LowHalf(const void* pointer) {
  // lint: pointer-order-ok as said
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

Node* PlaceOf(const Table& table, const lua_TValue& key) {
  switch (key.type) {
    case LUA_TNUMBER:
      return PlaceOf(table, key.value.number);
    case LUA_TSTRING:
      return &table.nodes[key.value.string->hash & (Nodes(table) - 1)];
    case LUA_TBOOLEAN:
      return &table.nodes[static_cast<uint32_t>(key.value.boolean) & (Nodes(table) - 1)];
    default:
      return ByRemainder(table, LowHalf(key.value.pointer));
  }
}

// The first from `node` on of which `is` is true; null: none.
template <typename Is>
Node* Search(const Table& table, Node* node, Is is) {
  uint64_t steps = 0;
  for (; node != nullptr && !is(*node); node = node->next) ++steps;
  if (steps > mydis::lua_core::kFreeSteps) mydis::LuaArena::ChargeSteps(&table, steps);
  return node;
}

const lua_TValue* ValueOf(const Node* node) {
  return node == nullptr ? &luaO_nilobject_ : &node->value;
}

std::optional<int> WholeNumber(double number) {
  constexpr auto kLeast = static_cast<double>(std::numeric_limits<int>::min());
  constexpr auto kMost = static_cast<double>(std::numeric_limits<int>::max());
  if (!(number >= kLeast && number <= kMost)) return std::nullopt;
  const int whole = static_cast<int>(number);
  if (static_cast<double>(whole) != number) return std::nullopt;
  return whole;
}

bool InArray(const Table& table, int key) { return key >= 1 && key <= table.array_size; }

const lua_TValue* KeyOf(const Node& node) { return reinterpret_cast<const lua_TValue*>(&node.key); }

// How many keys, in the order of the table, come before that behind `key`.
int CountUpTo(lua_State* L, const Table& table, const lua_TValue& key) {
  if (key.type == LUA_TNIL) return 0;
  if (key.type == LUA_TNUMBER) {
    const std::optional<int> whole = WholeNumber(key.value.number);
    if (whole && InArray(table, *whole)) return *whole;
  }
  const Node* node = Search(table, PlaceOf(table, key), [&](const Node& each) {
    if (luaO_rawequalObj(KeyOf(each), &key) != 0) return true;
    // It may have been collected since it was removed.
    return each.key_type == mydis::lua_core::kDeadKey && key.type >= LUA_TSTRING &&
           each.key.object == key.value.object;
  });
  if (node == nullptr) luaG_runerror(L, "invalid key to 'next'");
  return table.array_size + static_cast<int>(node - table.nodes) + 1;
}

}  // namespace

const lua_TValue* luaH_getnum(Table* table, int key) {
  if (InArray(*table, key)) return &table->array[key - 1];
  const double number = key;
  return ValueOf(Search(*table, PlaceOf(*table, number), [number](const Node& node) {
    return node.key_type == LUA_TNUMBER && node.key.number == number;
  }));
}

const lua_TValue* luaH_getstr(Table* table, TString* key) {
  return ValueOf(Search(
      *table, &table->nodes[key->hash & (Nodes(*table) - 1)],
      [key](const Node& node) { return node.key_type == LUA_TSTRING && node.key.string == key; }));
}

const lua_TValue* luaH_get(Table* table, const lua_TValue* key) {
  if (key->type == LUA_TSTRING) return luaH_getstr(table, key->value.string);
  if (key->type == LUA_TNIL) return &luaO_nilobject_;
  if (key->type == LUA_TNUMBER) {
    const std::optional<int> whole = WholeNumber(key->value.number);
    if (whole) return luaH_getnum(table, *whole);
  }
  return ValueOf(Search(*table, PlaceOf(*table, *key), [key](const Node& node) {
    return luaO_rawequalObj(KeyOf(node), key) != 0;
  }));
}

// Where the value of the key goes: a new place if it has none. Lua's own look for it once more.
lua_TValue* luaH_set(lua_State* L, Table* table, const lua_TValue* key) {
  const lua_TValue* found = luaH_get(table, key);
  if (found == &luaO_nilobject_) return lua_own_set(L, table, key);
  table->flags = 0;  // It may be a metatable's method.
  return const_cast<lua_TValue*>(found);
}

lua_TValue* luaH_setnum(lua_State* L, Table* table, int key) {
  const lua_TValue* found = luaH_getnum(table, key);
  if (found == &luaO_nilobject_) return lua_own_setnum(L, table, key);
  return const_cast<lua_TValue*>(found);
}

// Puts the key behind `key`, and its value behind that; 0: there is none.
int luaH_next(lua_State* L, Table* table, lua_TValue* key) {
  const int array_size = table->array_size;
  const int all = array_size + static_cast<int>(Nodes(*table));
  const int begin = CountUpTo(L, *table, *key);
  int at = begin;
  const lua_TValue* value = nullptr;
  for (; at < all; ++at) {
    value = at < array_size ? &table->array[at] : &table->nodes[at - array_size].value;
    if (value->type != LUA_TNIL) break;
  }
  const auto steps = static_cast<uint64_t>(at - begin);
  if (steps > mydis::lua_core::kFreeSteps) mydis::LuaArena::ChargeSteps(table, steps);
  if (at >= all) return 0;
  if (at < array_size) {
    key[0].value.number = at + 1;
    key[0].type = LUA_TNUMBER;
  } else {
    const Node& node = table->nodes[at - array_size];
    key[0].value = node.key;
    key[0].type = node.key_type;
  }
  key[1] = *value;
  return 1;
}

// A number behind which there is none: #table.
int luaH_getn(Table* table) {
  uint64_t steps = 0;
  const auto is_there = [&](uint32_t key) {
    ++steps;
    return luaH_getnum(table, static_cast<int>(key))->type != LUA_TNIL;
  };
  auto there = uint32_t{0};
  auto missing = static_cast<uint32_t>(table->array_size);
  if (missing == 0 || is_there(missing)) {
    constexpr uint32_t kMost = std::numeric_limits<int>::max();
    there = missing++;
    while (missing <= kMost && is_there(missing)) there = std::exchange(missing, missing * 2);
    if (missing > kMost) {
      // Somebody has set all powers of two: then it is the first gap.
      for (missing = 1; is_there(missing);) ++missing;
      there = missing - 1;
    }
  }
  while (missing - there > 1) {
    const uint32_t middle = there + (missing - there) / 2;
    (is_there(middle) ? there : missing) = middle;
  }
  if (steps > mydis::lua_core::kFreeSteps) mydis::LuaArena::ChargeSteps(table, steps);
  return static_cast<int>(there);
}

// Charged each time, since one instruction may follow a hundred of __index.
const lua_TValue* luaT_gettm(Table* table, TMS method, TString* name) {
  constexpr uint64_t kSteps = 2;
  const lua_TValue* found = luaH_getstr(table, name);
  if (found->type != LUA_TNIL) {
    mydis::LuaArena::ChargeSteps(table, kSteps);
    return found;
  }
  table->flags |= static_cast<uint8_t>(1u << method);  // Known not to be there.
  return nullptr;
}

namespace mydis {

bool FindsKeys() { return true; }

}  // namespace mydis
