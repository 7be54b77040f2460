#include <bit>
#include <cstdint>

#include "script/cmsgpack_lib.h"
#include "script/vm.h"

namespace mydis {
namespace {

// Deeper input is refused: its nesting is the nesting of calls here.
constexpr int kMaxDepth = 200;

// On the stack of one call.
class Unpacker {
 public:
  Unpacker(lua_State* L, std::string_view bytes) : L_(L), bytes_(bytes) {}
  // Pushes the next value.
  void Value(int depth);
  size_t left() const { return bytes_.size(); }

 private:
  std::string_view Take(uint64_t size) {
    if (size > bytes_.size()) luaL_error(L_, "Missing bytes in input.");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  // The next `size` bytes as a number, high ones first.
  uint64_t Unsigned(int size) {
    uint64_t value = 0;
    for (const char c : Take(static_cast<uint64_t>(size)))
      value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  void Text(uint64_t size) { LuaPush(L_, Take(size)); }
  void Array(uint64_t count, int depth);
  void Map(uint64_t count, int depth);
  bool Short(int kind, int depth);
  bool Scalar(int kind);

  lua_State* L_;
  std::string_view bytes_;
};

void Unpacker::Array(uint64_t count, int depth) {
  lua_newtable(L_);
  for (uint64_t i = 1; i <= count; ++i) {
    Value(depth + 1);
    lua_rawseti(L_, -2, static_cast<int>(i));
  }
}

void Unpacker::Map(uint64_t count, int depth) {
  lua_newtable(L_);
  for (; count > 0; --count) {
    Value(depth + 1);
    Value(depth + 1);
    // A key that is nil or not a number is Lua's error.
    lua_settable(L_, -3);
  }
}

// Kinds that carry their value or length in one byte.
bool Unpacker::Short(int kind, int depth) {
  if (kind < 0x80) {
    lua_pushnumber(L_, kind);
  } else if (kind < 0x90) {
    Map(static_cast<uint64_t>(kind & 15), depth);
  } else if (kind < 0xa0) {
    Array(static_cast<uint64_t>(kind & 15), depth);
  } else if (kind < 0xc0) {
    Text(static_cast<uint64_t>(kind & 31));
  } else if (kind >= 0xe0) {
    lua_pushnumber(L_, kind - 256);
  } else {
    return false;
  }
  return true;
}

bool Unpacker::Scalar(int kind) {
  switch (kind) {
    case 0xc0:
      lua_pushnil(L_);
      return true;
    case 0xc2:
    case 0xc3:
      lua_pushboolean(L_, kind == 0xc3);
      return true;
    case 0xca:
      lua_pushnumber(L_, std::bit_cast<float>(static_cast<uint32_t>(Unsigned(4))));
      return true;
    case 0xcb:
      lua_pushnumber(L_, std::bit_cast<double>(Unsigned(8)));
      return true;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      lua_pushnumber(L_, static_cast<lua_Number>(Unsigned(1 << (kind - 0xcc))));
      return true;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: {
      const int size = 1 << (kind - 0xd0);
      // Shifted up and down again, so that the sign fills the high bits.
      const int shift = 64 - 8 * size;
      const auto value = static_cast<int64_t>(Unsigned(size) << shift) >> shift;
      lua_pushnumber(L_, static_cast<lua_Number>(value));
      return true;
    }
    default:
      return false;
  }
}

void Unpacker::Value(int depth) {
  luaL_checkstack(L_, 4, "too many return values at once; use unpack_one or unpack_limit instead.");
  if (depth > kMaxDepth) luaL_error(L_, "Bad data format in input.");
  LuaVm::Of(L_).Charge(L_, 1);
  const auto kind = static_cast<int>(Unsigned(1));
  if (Short(kind, depth) || Scalar(kind)) return;
  switch (kind) {
    case 0xd9:
    case 0xda:
    case 0xdb:
      return Text(Unsigned(1 << (kind - 0xd9)));
    case 0xdc:
    case 0xdd:
      return Array(Unsigned(2 << (kind - 0xdc)), depth);
    case 0xde:
    case 0xdf:
      return Map(Unsigned(2 << (kind - 0xde)), depth);
    default:
      luaL_error(L_, "Bad data format in input.");
  }
}

// `limit` values from `offset` on (0 and 0: all), and before them where the next would begin.
int Unpack(lua_State* L, lua_Integer limit, lua_Integer offset) {
  const std::string_view bytes = LuaCheckBytes(L, 1);
  const bool all = limit == 0 && offset == 0;
  if (offset < 0 || limit < 0) {
    return luaL_error(L, "Invalid request to unpack with offset of %d and limit of %d.",
                      static_cast<int>(offset), static_cast<int>(limit));
  }
  if (static_cast<size_t>(offset) > bytes.size()) {
    return luaL_error(L, "Start offset %d greater than input length %d.", static_cast<int>(offset),
                      static_cast<int>(bytes.size()));
  }
  if (all) limit = INT32_MAX;
  Unpacker unpacker(L, bytes.substr(static_cast<size_t>(offset)));
  lua_settop(L, 1);
  int count = 0;
  for (; unpacker.left() > 0 && count < limit; ++count) unpacker.Value(0);
  if (all) return count;
  const bool end = unpacker.left() == 0;
  lua_pushinteger(L, end ? -1 : static_cast<lua_Integer>(bytes.size() - unpacker.left()));
  lua_insert(L, 2);
  return count + 1;
}

}  // namespace

int CmsgpackUnpack(lua_State* L) { return Unpack(L, 0, 0); }

int CmsgpackUnpackOne(lua_State* L) { return Unpack(L, 1, luaL_optinteger(L, 2, 0)); }

int CmsgpackUnpackLimit(lua_State* L) {
  return Unpack(L, luaL_checkinteger(L, 2), luaL_optinteger(L, 3, 0));
}

}  // namespace mydis
