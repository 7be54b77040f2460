// What Lua 5.1.5 keeps in memory, as far as lua_strings.cc and lua_tables.cc, which take the place
// of functions of Debian's Lua, have to know it: tools/prepare_lua, docs/scripting.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "script/lua.h"

namespace mydis::lua_core {

constexpr int kDeadKey = 11;  // The type of a key whose object was collected.
// So many others stand in one's way now and then; more are charged.
constexpr uint64_t kFreeSteps = 8;

struct Object;

struct Node;

}  // namespace mydis::lua_core

// These three are named as in Lua, since their names are parts of its functions' names.
// NOLINTBEGIN(readability-identifier-naming)
struct TString {
  mydis::lua_core::Object* next;  // At the same place.
  uint8_t type;
  uint8_t marked;
  uint8_t reserved;
  uint32_t hash;
  size_t size;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};
static_assert(sizeof(TString) == 24 && offsetof(TString, hash) == 12);
// NOLINTEND(readability-identifier-naming)

namespace mydis::lua_core {

struct Global {
  TString** places;
  uint32_t strings;
  int size;  // Of places, a power of two.
  lua_Alloc allocate;
  void* ud;
  uint8_t current_white;
};
static_assert(offsetof(Global, current_white) == 32);

struct State {
  Object* next;
  uint8_t type;
  uint8_t marked;
  uint8_t status;
  void* top;
  char* base;
  Global* global;
  // What runs: its function, then arguments beyond those that have names, then `base`.
  struct Frame {
    char* base;
    char* function;
  } * frame;
};
static_assert(offsetof(State, global) == 32 && offsetof(State, frame) == 40);

union Payload {
  Object* object;
  TString* string;
  void* pointer;
  double number;
  int boolean;
};

}  // namespace mydis::lua_core

// NOLINTBEGIN(readability-identifier-naming)
struct lua_TValue {
  mydis::lua_core::Payload value;
  int type;
};
static_assert(sizeof(lua_TValue) == 16);

struct Table {
  mydis::lua_core::Object* next;
  uint8_t type;
  uint8_t marked;
  uint8_t flags;
  uint8_t log_nodes;
  Table* metatable;
  lua_TValue* array;  // Of the keys from 1 on.
  mydis::lua_core::Node* nodes;
  mydis::lua_core::Node* last_free;
  mydis::lua_core::Object* gray;
  int array_size;
};
static_assert(offsetof(Table, log_nodes) == 11 && offsetof(Table, array_size) == 56);
// NOLINTEND(readability-identifier-naming)

namespace mydis::lua_core {

// Of a table's other keys.
struct Node {
  lua_TValue value;
  Payload key;
  int key_type;
  Node* next;  // At the same place.
};
static_assert(sizeof(Node) == 40);

}  // namespace mydis::lua_core
