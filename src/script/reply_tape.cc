#include "script/reply_tape.h"

#include <bit>
#include <cstring>

#include "base/codec.h"
#include "base/number_format.h"
#include "script/vm.h"

namespace mydis {

void ReplyTape::Number(char kind, uint64_t value) {
  char item[9] = {kind};
  StoreLittle(item + 1, value);
  bytes_.append(item, sizeof item);
}

void ReplyTape::Text(char kind, std::string_view text) {
  Number(kind, text.size());
  bytes_.append(text);
}

void ReplyTape::Double(double value) {
  if (resp_version_ != 2) return Number(kDouble, std::bit_cast<uint64_t>(value));
  char text[kMaxDoubleText];
  const char* end = FormatDouble(text, value);
  Bulk({text, static_cast<size_t>(end - text)});
}

void ReplyTape::Verbatim(std::string_view format, std::string_view text) {
  if (resp_version_ == 2) return Bulk(text);
  bytes_ += kVerbatim;
  bytes_.append(format.substr(0, 3));
  Text(kBulk, text);
}

void ReplyTape::CloseArray(size_t token, size_t count) {
  StoreLittle<uint64_t>(bytes_.data() + token + 1, count);
}

uint64_t ReplyTape::NumberAt(size_t* at) const {
  const auto value = LoadLittle<uint64_t>(bytes_.data() + *at);
  *at += sizeof value;
  return value;
}

std::string_view ReplyTape::TextAt(size_t* at) const {
  const size_t size = NumberAt(at);
  const std::string_view text = std::string_view(bytes_).substr(*at, size);
  *at += size;
  return text;
}

void ReplyTape::Push(lua_State* L) const { PushAt(L, 0); }

size_t ReplyTape::Skip(size_t at) const {
  const char kind = bytes_[at++];
  switch (kind) {
    case kFalse:
    case kTrue:
    case kNil:
      return at;
    case kInteger:
    case kDouble:
      return at + 8;
    case kVerbatim:
      return Skip(at + 3);
    case kArray:
    case kSet:
    case kMap:
    case kAttribute: {
      uint64_t values = NumberAt(&at);
      if (kind == kMap || kind == kAttribute) values *= 2;
      for (; values > 0; --values) at = Skip(at);
      return kind == kAttribute ? Skip(at) : at;
    }
    default:
      TextAt(&at);
      return at;
  }
}

size_t ReplyTape::PushAggregate(lua_State* L, char kind, size_t at, size_t count) const {
  if (kind == kArray) {
    lua_createtable(L, static_cast<int>(std::min<size_t>(count, 1 << 24)), 0);
    for (size_t i = 1; i <= count; ++i) {
      at = PushAt(L, at);
      lua_rawseti(L, -2, static_cast<int>(i));
    }
    return at;
  }
  lua_createtable(L, 0, 1);
  lua_pushstring(L, kind == kMap ? "map" : "set");
  lua_newtable(L);
  for (size_t i = 0; i < count; ++i) {
    at = PushAt(L, at);
    if (kind == kMap) {
      at = PushAt(L, at);
    } else {
      lua_pushboolean(L, 1);
    }
    // Nothing can be found under a null.
    if (lua_isnil(L, -2)) {
      lua_pop(L, 2);
    } else {
      lua_rawset(L, -3);
    }
  }
  lua_rawset(L, -3);
  return at;
}

size_t ReplyTape::PushAt(lua_State* L, size_t at) const {
  luaL_checkstack(L, 8, "reply of a command");
  // {name = what `push` pushes}
  const auto field = [L](const char* name, auto push) {
    lua_createtable(L, 0, 1);
    lua_pushstring(L, name);
    push();
    lua_rawset(L, -3);
  };
  const char kind = bytes_[at++];
  switch (kind) {
    case kFalse:
    case kTrue:
      lua_pushboolean(L, kind == kTrue);
      return at;
    case kNil:
      lua_pushnil(L);
      return at;
    case kInteger:
      lua_pushnumber(L, static_cast<lua_Number>(static_cast<int64_t>(NumberAt(&at))));
      return at;
    case kDouble: {
      const auto value = std::bit_cast<double>(NumberAt(&at));
      field("double", [=] { lua_pushnumber(L, value); });
      return at;
    }
    case kSimple: {
      const std::string_view text = TextAt(&at);
      field("ok", [=] { LuaPush(L, text); });
      return at;
    }
    case kError:
      PushErrorTable(L, "-" + std::string(TextAt(&at)));
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, kErrorCounted);
      return at;
    case kBigNumber: {
      const std::string_view digits = TextAt(&at);
      field("big_number", [=] { LuaPush(L, digits); });
      return at;
    }
    case kVerbatim: {
      const std::string_view format = std::string_view(bytes_).substr(at, 3);
      at += 4;
      const std::string_view text = TextAt(&at);
      field("verbatim_string", [=] {
        lua_createtable(L, 0, 2);
        LuaPush(L, text);
        lua_setfield(L, -2, "string");
        LuaPush(L, format);
        lua_setfield(L, -2, "format");
      });
      return at;
    }
    case kArray:
    case kMap:
    case kSet: {
      const size_t count = NumberAt(&at);
      return PushAggregate(L, kind, at, count);
    }
    case kAttribute:
      // Scripts do not see attributes, only what they stand before.
      for (uint64_t values = NumberAt(&at) * 2; values > 0; --values) at = Skip(at);
      return PushAt(L, at);
    default:
      LuaPush(L, TextAt(&at));
      return at;
  }
}

}  // namespace mydis
