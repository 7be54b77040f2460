#include <cmath>
#include <cstdio>
#include <string>

#include "script/cjson_lib.h"
#include "script/vm.h"

namespace mydis {
namespace {

// On the stack of one call. What it makes stays outside of the arena until it is done, and counts
// against the same limit.
class JsonEncoder {
 public:
  JsonEncoder(lua_State* L, const CjsonConfig& config)
      : L_(L), vm_(LuaVm::Of(L)), config_(config) {}
  // The value on top of the stack.
  void Value(int depth);
  const std::string& text() const { return text_; }

 private:
  void String(int index);
  void Number(int index);
  void Table(int depth);
  void Array(int size, int depth);
  void Object(int depth);
  int ArraySize();
  [[noreturn]] void Refuse(int index, const char* reason) {
    luaL_error(L_, "Cannot serialise %s: %s", luaL_typename(L_, index), reason);
    __builtin_unreachable();
  }

  lua_State* L_;
  LuaVm& vm_;
  const CjsonConfig& config_;
  std::string text_;
};

void JsonEncoder::String(int index) {
  const std::string_view bytes = LuaBytes(L_, index);
  text_ += '"';
  for (const char c : bytes) {
    switch (c) {
      case '"':
        text_ += "\\\"";
        break;
      case '\\':
        text_ += "\\\\";
        break;
      case '/':
        text_ += "\\/";
        break;
      case '\b':
        text_ += "\\b";
        break;
      case '\f':
        text_ += "\\f";
        break;
      case '\n':
        text_ += "\\n";
        break;
      case '\r':
        text_ += "\\r";
        break;
      case '\t':
        text_ += "\\t";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
          text_ += c;
        } else {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", byte);
          text_ += escape;
        }
      }
    }
  }
  text_ += '"';
  vm_.Charge(L_, bytes.size() / 8);
}

void JsonEncoder::Number(int index) {
  const double value = lua_tonumber(L_, index);
  if (!std::isfinite(value)) {
    if (config_.encode_invalid == CjsonConfig::Invalid::kRefuse)
      Refuse(index, "must not be NaN or Inf");
    if (config_.encode_invalid == CjsonConfig::Invalid::kNull) {
      text_ += "null";
      return;
    }
  }
  char digits[40];
  const int size = std::snprintf(digits, sizeof digits, "%.*g", config_.precision, value);
  text_.append(digits, static_cast<size_t>(size));
}

// The highest index of an array, 0 or less than 0 if the table is written as an object.
int JsonEncoder::ArraySize() {
  int most = 0;
  int items = 0;
  lua_pushnil(L_);
  while (lua_next(L_, -2)) {
    const double key = lua_type(L_, -2) == LUA_TNUMBER ? lua_tonumber(L_, -2) : 0;
    if (key < 1 || std::floor(key) != key || key > 2147483647.0) {
      lua_pop(L_, 2);
      return -1;
    }
    most = std::max(most, static_cast<int>(key));
    ++items;
    lua_pop(L_, 1);
  }
  vm_.Charge(L_, static_cast<uint64_t>(items));
  const bool sparse = config_.sparse_ratio > 0 &&
                      most > static_cast<int64_t>(items) * config_.sparse_ratio &&
                      most > config_.sparse_safe;
  if (!sparse) return most;
  if (!config_.sparse_convert) Refuse(-1, "excessively sparse array");
  return -1;
}

void JsonEncoder::Array(int size, int depth) {
  text_ += '[';
  for (int i = 1; i <= size; ++i) {
    if (i > 1) text_ += ',';
    lua_rawgeti(L_, -1, i);
    Value(depth);
    lua_pop(L_, 1);
  }
  text_ += ']';
}

void JsonEncoder::Object(int depth) {
  text_ += '{';
  bool first = true;
  lua_pushnil(L_);
  while (lua_next(L_, -2)) {
    if (!first) text_ += ',';
    first = false;
    if (lua_type(L_, -2) == LUA_TNUMBER) {
      text_ += '"';
      Number(-2);
      text_ += "\":";
    } else if (lua_type(L_, -2) == LUA_TSTRING) {
      String(-2);
      text_ += ':';
    } else {
      Refuse(-2, "table key must be a number or string");
    }
    Value(depth);
    lua_pop(L_, 1);
  }
  text_ += '}';
}

void JsonEncoder::Table(int depth) {
  if (depth > config_.encode_max_depth || !lua_checkstack(L_, 3))
    luaL_error(L_, "Cannot serialise, excessive nesting (%d)", depth);
  const int size = ArraySize();
  size > 0 ? Array(size, depth) : Object(depth);
}

void JsonEncoder::Value(int depth) {
  vm_.Charge(L_, 1);
  vm_.CheckBytes(L_, text_.size());
  switch (lua_type(L_, -1)) {
    case LUA_TSTRING:
      return String(-1);
    case LUA_TNUMBER:
      return Number(-1);
    case LUA_TBOOLEAN:
      text_ += lua_toboolean(L_, -1) ? "true" : "false";
      return;
    case LUA_TTABLE:
      return Table(depth + 1);
    case LUA_TNIL:
      text_ += "null";
      return;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L_, -1) == nullptr) {
        text_ += "null";
        return;
      }
      [[fallthrough]];
    default:
      Refuse(-1, "type not supported");
  }
}

}  // namespace

int CjsonEncode(lua_State* L) {
  luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
  JsonEncoder encoder(L, CjsonConfigOf(L));
  encoder.Value(0);
  LuaPush(L, encoder.text());
  return 1;
}

}  // namespace mydis
