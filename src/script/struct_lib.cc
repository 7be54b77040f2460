// `struct`: Lua values as C lays them out, by a format:
//
//   > <     big, little endian         !n      align to at most n bytes      space: nothing
//   b B h H l L T  signed, unsigned (upper case) integers of 1, 2, 8, 8 bytes
//   in In   integers of n bytes (4)    f d     float, double
//   x       a byte of padding          cn      n bytes of a string; c0: all of it, or as many as
//   s       a string and a zero                the number before says
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "script/sandbox.h"
#include "script/vm.h"

namespace mydis {
namespace {

constexpr int kMaxIntegerSize = 32;
constexpr int kMaxAlign = 8;

// Walks over a format.
class Format {
 public:
  Format(lua_State* L, const char* text) : L_(L), p_(text) {}
  bool AtEnd() const { return *p_ == '\0'; }
  // The next letter, with the size it asks for in `size` (0 for those without).
  char Next() {
    const char option = *p_++;
    size = SizeOf(option);
    return option;
  }
  // How many bytes to leave out at `position` so that the item of the last letter is aligned.
  size_t Padding(size_t position, char option) const {
    if (size == 0 || option == 'c') return 0;
    const size_t unit = std::min(size, align_);
    return (unit - (position & (unit - 1))) & (unit - 1);
  }
  // A letter that is no item.
  void Control(char option) {
    switch (option) {
      case ' ':
        return;
      case '>':
      case '<':
        big = option == '>';
        return;
      case '!': {
        const int wanted = Number(kMaxAlign);
        if (wanted <= 0 || !std::has_single_bit(static_cast<unsigned>(wanted)))
          luaL_error(L_, "alignment %d is not a power of 2", wanted);
        align_ = static_cast<size_t>(wanted);
        return;
      }
      default:
        luaL_argerror(L_, 1, lua_pushfstring(L_, "invalid format option '%c'", option));
    }
  }

  size_t size = 0;
  bool big = false;

 private:
  int Number(int otherwise) {
    if (*p_ < '0' || *p_ > '9') return otherwise;
    int64_t number = 0;
    for (; *p_ >= '0' && *p_ <= '9'; ++p_) {
      number = number * 10 + (*p_ - '0');
      if (number > INT32_MAX) luaL_error(L_, "integral size overflow");
    }
    return static_cast<int>(number);
  }
  size_t SizeOf(char option) {
    switch (option) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return 2;
      case 'l':
      case 'L':
      case 'T':
      case 'd':
        return 8;
      case 'f':
        return 4;
      case 'c':
        return static_cast<size_t>(Number(1));
      case 'i':
      case 'I': {
        const int wanted = Number(4);
        if (wanted > kMaxIntegerSize) {
          luaL_error(L_, "integral size %d is larger than limit of %d", wanted, kMaxIntegerSize);
        }
        return static_cast<size_t>(wanted);
      }
      default:
        return 0;
    }
  }

  lua_State* L_;
  const char* p_;
  size_t align_ = 1;
};

bool IsInteger(char option) { return std::strchr("bBhHlLTiI", option) != nullptr; }

// As C converts on x86: what does not fit is the smallest integer.
uint64_t IntegerBits(double value) {
  if (value >= 9223372036854775808.0 && value < 18446744073709551616.0)
    return static_cast<uint64_t>(value);
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return uint64_t{1} << 63;
  return static_cast<uint64_t>(static_cast<int64_t>(value));
}

// `size` bytes of `bits`, whose sign fills what is beyond 64 bits in neither direction.
void PutBits(uint64_t bits, size_t size, bool big, std::string* out) {
  const size_t at = out->size();
  for (size_t i = 0; i < size; ++i) {
    *out += static_cast<char>(bits);
    bits >>= 8;
  }
  if (big) std::reverse(out->begin() + static_cast<ptrdiff_t>(at), out->end());
}

uint64_t GetBits(std::string_view bytes, bool big) {
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t at = big ? i : bytes.size() - 1 - i;
    bits = bits << 8 | static_cast<unsigned char>(bytes[at]);
  }
  return bits;
}

int Pack(lua_State* L) {
  Format format(L, luaL_checkstring(L, 1));
  LuaVm& vm = LuaVm::Of(L);
  std::string out;
  int argument = 2;
  while (!format.AtEnd()) {
    const char option = format.Next();
    vm.Charge(L, 1 + format.size / 16);
    vm.CheckBytes(L, out.size() + format.size);
    out.append(format.Padding(out.size(), option), '\0');
    if (IsInteger(option)) {
      PutBits(IntegerBits(luaL_checknumber(L, argument++)), format.size, format.big, &out);
    } else if (option == 'x') {
      out += '\0';
    } else if (option == 'f') {
      const auto value = static_cast<float>(luaL_checknumber(L, argument++));
      PutBits(std::bit_cast<uint32_t>(value), 4, format.big, &out);
    } else if (option == 'd') {
      PutBits(std::bit_cast<uint64_t>(luaL_checknumber(L, argument++)), 8, format.big, &out);
    } else if (option == 'c' || option == 's') {
      const std::string_view bytes = LuaCheckBytes(L, argument++);
      const size_t size = format.size == 0 ? bytes.size() : format.size;
      luaL_argcheck(L, bytes.size() >= size, argument, "string too short");
      vm.CheckBytes(L, out.size() + size);
      vm.Charge(L, size / 16);
      out += bytes.substr(0, size);
      if (option == 's') out += '\0';
    } else {
      format.Control(option);
    }
  }
  LuaPush(L, out);
  return 1;
}

void PushInteger(lua_State* L, std::string_view bytes, char option, bool big) {
  const uint64_t bits = GetBits(bytes, big);
  const bool is_signed = option >= 'a' && option <= 'z';
  if (!is_signed) {
    lua_pushnumber(L, static_cast<lua_Number>(bits));
    return;
  }
  const int shift = bytes.size() >= 8 ? 0 : 64 - 8 * static_cast<int>(bytes.size());
  const auto value = shift == 64 ? 0 : static_cast<int64_t>(bits << shift) >> shift;
  lua_pushnumber(L, static_cast<lua_Number>(value));
}

int Unpack(lua_State* L) {
  Format format(L, luaL_checkstring(L, 1));
  const std::string_view data = LuaCheckBytes(L, 2);
  const lua_Integer start = luaL_optinteger(L, 3, 1);
  luaL_argcheck(L, start > 0, 3, "offset must be 1 or greater");
  auto at = static_cast<size_t>(start) - 1;
  int results = 0;
  const auto check = [&](size_t size) {
    luaL_argcheck(L, size <= data.size() && at <= data.size() - size, 2, "data string too short");
  };
  while (!format.AtEnd()) {
    const char option = format.Next();
    size_t size = format.size;
    LuaVm::Of(L).Charge(L, 1);
    at += format.Padding(at, option);
    check(size);
    luaL_checkstack(L, 2, "too many results");
    if (IsInteger(option)) {
      PushInteger(L, data.substr(at, size), option, format.big);
      ++results;
    } else if (option == 'f') {
      const auto bits = static_cast<uint32_t>(GetBits(data.substr(at, size), format.big));
      lua_pushnumber(L, std::bit_cast<float>(bits));
      ++results;
    } else if (option == 'd') {
      lua_pushnumber(L, std::bit_cast<double>(GetBits(data.substr(at, size), format.big)));
      ++results;
    } else if (option == 'c') {
      if (size == 0) {
        if (results == 0 || !lua_isnumber(L, -1))
          return luaL_error(L, "format 'c0' needs a previous size");
        const lua_Number wanted = lua_tonumber(L, -1);
        lua_pop(L, 1);
        --results;
        size = wanted >= 0 && wanted <= static_cast<lua_Number>(data.size())
                   ? static_cast<size_t>(wanted)
                   : data.size() + 1;
        check(size);
      }
      LuaPush(L, data.substr(at, size));
      ++results;
    } else if (option == 's') {
      const size_t zero = data.find('\0', at);
      if (zero == std::string_view::npos) return luaL_error(L, "unfinished string in data");
      LuaPush(L, data.substr(at, zero - at));
      size = zero - at + 1;
      ++results;
    } else if (option != 'x') {
      format.Control(option);
    }
    at += size;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(at) + 1);
  return results + 1;
}

int Size(lua_State* L) {
  Format format(L, luaL_checkstring(L, 1));
  size_t position = 0;
  while (!format.AtEnd()) {
    const char option = format.Next();
    position += format.Padding(position, option);
    if (option == 's') return luaL_argerror(L, 1, "option 's' has no fixed size");
    if (option == 'c' && format.size == 0)
      return luaL_argerror(L, 1, "option 'c0' has no fixed size");
    if (std::strchr(" ><!", option) != nullptr) format.Control(option);
    position += format.size;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(position));
  return 1;
}

}  // namespace

void AddStructFunctions(lua_State* L) {
  LuaSetFunction(L, "pack", Pack);
  LuaSetFunction(L, "unpack", Unpack);
  LuaSetFunction(L, "size", Size);
}

}  // namespace mydis
