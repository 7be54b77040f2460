#include <bit>
#include <cmath>
#include <string>

#include "script/cmsgpack_lib.h"
#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

// Tables deeper than this are packed as nil, as in Redis's library.
constexpr int kMaxNesting = 16;

// On the stack of one call; what it makes counts against the memory limit.
class Packer {
 public:
  explicit Packer(lua_State* L) : L_(L), vm_(LuaVm::Of(L)) {}
  // The value on top of the stack, which is popped.
  void Value(int level);
  std::string_view bytes() const { return bytes_; }

 private:
  // `kind`, then the low `size` bytes of `value`, high ones first.
  void Put(int kind, uint64_t value, int size) {
    bytes_ += static_cast<char>(kind);
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(value >> shift);
  }
  void Bytes(std::string_view bytes);
  void Number(double value);
  void Integer(int64_t value);
  // The head of an array or a map: one byte if it is short.
  void Head(int fix, int kind16, uint64_t count);
  void Table(int level);
  bool IsArray();

  lua_State* L_;
  LuaVm& vm_;
  std::string bytes_;
};

void Packer::Bytes(std::string_view bytes) {
  const size_t size = bytes.size();
  if (size < 32) {
    Put(0xa0 | static_cast<int>(size), 0, 0);
  } else if (size <= 0xff) {
    Put(0xd9, size, 1);
  } else if (size <= 0xffff) {
    Put(0xda, size, 2);
  } else {
    Put(0xdb, size, 4);
  }
  bytes_ += bytes;
  vm_.Charge(L_, size / 16);
}

void Packer::Integer(int64_t value) {
  const auto raw = static_cast<uint64_t>(value);
  if (value >= 0) {
    if (value <= 127) return Put(static_cast<int>(value), 0, 0);
    if (value <= 0xff) return Put(0xcc, raw, 1);
    if (value <= 0xffff) return Put(0xcd, raw, 2);
    if (value <= 0xffffffff) return Put(0xce, raw, 4);
    return Put(0xcf, raw, 8);
  }
  if (value >= -32) return Put(static_cast<int>(raw & 0xff), 0, 0);
  if (value >= -128) return Put(0xd0, raw, 1);
  if (value >= -32768) return Put(0xd1, raw, 2);
  if (value >= INT32_MIN) return Put(0xd2, raw, 4);
  Put(0xd3, raw, 8);
}

void Packer::Number(double value) {
  if (std::trunc(value) == value && value >= -9223372036854775808.0 &&
      value < 9223372036854775808.0)
    return Integer(static_cast<int64_t>(value));
  const auto single = static_cast<float>(value);
  if (static_cast<double>(single) == value) return Put(0xca, std::bit_cast<uint32_t>(single), 4);
  Put(0xcb, std::bit_cast<uint64_t>(value), 8);
}

void Packer::Head(int fix, int kind16, uint64_t count) {
  if (count <= 15) return Put(fix | static_cast<int>(count), 0, 0);
  if (count <= 0xffff) return Put(kind16, count, 2);
  Put(kind16 + 1, count, 4);
}

// Whether the keys of the table on top of the stack are 1 … n.
bool Packer::IsArray() {
  double most = 0;
  double count = 0;
  lua_pushnil(L_);
  while (lua_next(L_, -2)) {
    lua_pop(L_, 1);
    const double key = lua_type(L_, -1) == LUA_TNUMBER ? lua_tonumber(L_, -1) : 0;
    if (key < 1 || std::floor(key) != key) {
      lua_pop(L_, 1);
      return false;
    }
    most = std::max(most, key);
    ++count;
  }
  vm_.Charge(L_, static_cast<uint64_t>(count));
  return most == count;
}

void Packer::Table(int level) {
  if (IsArray()) {
    const size_t size = lua_objlen(L_, -1);
    Head(0x90, 0xdc, size);
    for (size_t i = 1; i <= size; ++i) {
      lua_rawgeti(L_, -1, static_cast<int>(i));
      Value(level + 1);
    }
    return;
  }
  size_t count = 0;
  lua_pushnil(L_);
  while (lua_next(L_, -2)) {
    lua_pop(L_, 1);
    ++count;
  }
  Head(0x80, 0xde, count);
  lua_pushnil(L_);
  while (lua_next(L_, -2)) {
    lua_pushvalue(L_, -2);
    Value(level + 1);
    Value(level + 1);
  }
}

void Packer::Value(int level) {
  luaL_checkstack(L_, 5, "in cmsgpack.pack");
  vm_.Charge(L_, 1);
  vm_.CheckBytes(L_, bytes_.size());
  switch (lua_type(L_, -1)) {
    case LUA_TSTRING:
      Bytes(LuaBytes(L_, -1));
      break;
    case LUA_TNUMBER:
      Number(lua_tonumber(L_, -1));
      break;
    case LUA_TBOOLEAN:
      Put(lua_toboolean(L_, -1) ? 0xc3 : 0xc2, 0, 0);
      break;
    case LUA_TTABLE:
      if (level < kMaxNesting) {
        Table(level);
      } else {
        Put(0xc0, 0, 0);
      }
      break;
    default:
      Put(0xc0, 0, 0);
  }
  lua_pop(L_, 1);
}

}  // namespace

int CmsgpackPack(lua_State* L) {
  const int count = lua_gettop(L);
  if (count == 0) return luaL_argerror(L, 0, "MessagePack pack needs input.");
  Packer packer(L);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, i);
    packer.Value(0);
  }
  LuaPush(L, packer.bytes());
  return 1;
}

void AddCmsgpackFunctions(lua_State* L) {
  LuaSetFunction(L, "pack", CmsgpackPack);
  LuaSetFunction(L, "unpack", CmsgpackUnpack);
  LuaSetFunction(L, "unpack_one", CmsgpackUnpackOne);
  LuaSetFunction(L, "unpack_limit", CmsgpackUnpackLimit);
  lua_pushliteral(L, "cmsgpack");
  lua_setfield(L, -2, "_NAME");
  lua_pushliteral(L, "lua-cmsgpack 0.4.0");
  lua_setfield(L, -2, "_VERSION");
}

}  // namespace mydis
