#include <cstring>
#include <string>

#include "base/ascii.h"
#include "base/c_locale.h"
#include "script/cjson_lib.h"
#include "script/vm.h"

namespace mydis {
namespace {

enum class Token : uint8_t {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kString,
  kNumber,
  kBoolean,
  kNull,
  kColon,
  kComma,
  kEnd,
  kError,
};

// As they stand in lua-cjson's messages.
constexpr const char* kTokenNames[] = {"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END",
                                       "T_STRING",    "T_NUMBER",  "T_BOOLEAN",   "T_NULL",
                                       "T_COLON",     "T_COMMA",   "T_END"};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = AsciiLower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto add = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

// On the stack of one call. The text is a Lua string: a zero byte stands behind it.
class JsonDecoder {
 public:
  JsonDecoder(lua_State* L, const CjsonConfig& config, std::string_view text)
      : L_(L),
        vm_(LuaVm::Of(L)),
        config_(config),
        begin_(text.data()),
        p_(text.data()),
        end_(text.data() + text.size()) {}

  // Pushes the one value.
  void Document() {
    Next();
    Value(0);
    Next();
    if (token_ != Token::kEnd) Refuse("the end");
  }

 private:
  void Next();
  void Value(int depth);
  void Object(int depth);
  void Array(int depth);
  void String();
  bool Escape();
  bool UnicodeEscape();
  int HexQuad(const char* p) const;
  void Number();
  bool IsOddNumber() const;
  bool AcceptWord(const char* word) {
    const size_t size = std::strlen(word);
    if (static_cast<size_t>(end_ - p_) < size || std::memcmp(p_, word, size) != 0) return false;
    p_ += size;
    return true;
  }
  void Wrong(const char* what, const char* at) {
    token_ = Token::kError;
    error_ = what;
    at_ = at;
  }
  void Refuse(const char* expected) {
    const char* found = token_ == Token::kError ? error_ : kTokenNames[static_cast<size_t>(token_)];
    luaL_error(L_, "Expected %s but found %s at character %d", expected, found,
               static_cast<int>(at_ - begin_) + 1);
  }
  void Descend(int depth) {
    if (depth <= config_.decode_max_depth && lua_checkstack(L_, 3)) return;
    luaL_error(L_, "Found too many nested data structures (%d) at character %d", depth,
               static_cast<int>(p_ - begin_));
  }

  lua_State* L_;
  LuaVm& vm_;
  const CjsonConfig& config_;
  const char* const begin_;
  const char* p_;
  const char* const end_;

  Token token_ = Token::kEnd;
  const char* at_ = nullptr;  // Where the token begins.
  const char* error_ = "";
  std::string string_;
  double number_ = 0;
  bool boolean_ = false;
};

void JsonDecoder::Next() {
  while (p_ < end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  at_ = p_;
  if (p_ == end_ || *p_ == '\0') {
    token_ = Token::kEnd;
    return;
  }
  const auto single = [this](Token token) {
    token_ = token;
    ++p_;
  };
  const char c = *p_;
  switch (c) {
    case '{':
      return single(Token::kObjectBegin);
    case '}':
      return single(Token::kObjectEnd);
    case '[':
      return single(Token::kArrayBegin);
    case ']':
      return single(Token::kArrayEnd);
    case ':':
      return single(Token::kColon);
    case ',':
      return single(Token::kComma);
    case '"':
      return String();
    default:
      break;
  }
  if (c == '-' || (c >= '0' && c <= '9')) {
    if (!config_.decode_invalid && IsOddNumber()) return Wrong("invalid number", at_);
    return Number();
  }
  if (AcceptWord("true") || AcceptWord("false")) {
    token_ = Token::kBoolean;
    boolean_ = c == 't';
  } else if (AcceptWord("null")) {
    token_ = Token::kNull;
  } else if (config_.decode_invalid && IsOddNumber()) {
    Number();
  } else {
    Wrong("invalid token", at_);
  }
}

// Whether what stands here is a number that JSON does not know: a leading plus or zero,
// hexadecimal, infinite or none.
bool JsonDecoder::IsOddNumber() const {
  const char* p = p_;
  if (*p == '+') return true;
  if (*p == '-') ++p;
  if (*p == '0') {
    const char next = AsciiLower(p[1]);
    return next == 'x' || (next >= '0' && next <= '9');
  }
  if (*p >= '1' && *p <= '9') return false;
  const std::string_view word(p, std::min<size_t>(3, static_cast<size_t>(end_ - p)));
  return EqualsIgnoreCase(word, "inf") || EqualsIgnoreCase(word, "nan");
}

void JsonDecoder::Number() {
  char* after = nullptr;
  number_ = CLocaleStrtod(p_, &after);
  if (after == p_) return Wrong("invalid number", at_);
  token_ = Token::kNumber;
  p_ = after;
}

int JsonDecoder::HexQuad(const char* p) const {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = p + i < end_ ? HexDigit(p[i]) : -1;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

// `p_` stands behind "\u".
bool JsonDecoder::UnicodeEscape() {
  const int first = HexQuad(p_);
  if (first < 0) return false;
  p_ += 4;
  auto code = static_cast<uint32_t>(first);
  if ((code & 0xf800) == 0xd800) {
    // The first half of a pair; a second half alone is none.
    if ((code & 0x400) != 0 || end_ - p_ < 6 || p_[0] != '\\' || p_[1] != 'u') return false;
    const int second = HexQuad(p_ + 2);
    if (second < 0 || (second & 0xfc00) != 0xdc00) return false;
    code = 0x10000 + ((code & 0x3ff) << 10 | (static_cast<uint32_t>(second) & 0x3ff));
    p_ += 6;
  }
  AppendUtf8(code, &string_);
  return true;
}

// `p_` stands on the backslash.
bool JsonDecoder::Escape() {
  const char* const start = p_;
  const char c = p_ + 1 < end_ ? p_[1] : '\0';
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (c == 'u') {
    p_ += 2;
    if (UnicodeEscape()) return true;
    Wrong("invalid unicode escape code", start);
    return false;
  }
  const size_t i = c == '\0' ? std::string_view::npos : kLetters.find(c);
  if (i == std::string_view::npos) {
    Wrong("invalid escape code", start);
    return false;
  }
  string_ += kMeant[i];
  p_ += 2;
  return true;
}

void JsonDecoder::String() {
  string_.clear();
  ++p_;
  const char* const start = p_;
  for (;;) {
    if (p_ == end_) return Wrong("unexpected end of string", p_);
    if (*p_ == '"') break;
    if (*p_ == '\\') {
      if (!Escape()) return;
    } else {
      string_ += *p_++;
    }
  }
  vm_.Charge(L_, static_cast<uint64_t>(p_ - start) / 8);
  ++p_;
  token_ = Token::kString;
}

void JsonDecoder::Object(int depth) {
  Descend(depth);
  lua_newtable(L_);
  Next();
  if (token_ == Token::kObjectEnd) return;
  for (;;) {
    if (token_ != Token::kString) Refuse("object key string");
    LuaPush(L_, string_);
    Next();
    if (token_ != Token::kColon) Refuse("colon");
    Next();
    Value(depth);
    lua_rawset(L_, -3);
    Next();
    if (token_ == Token::kObjectEnd) return;
    if (token_ != Token::kComma) Refuse("comma or object end");
    Next();
  }
}

void JsonDecoder::Array(int depth) {
  Descend(depth);
  lua_newtable(L_);
  Next();
  if (token_ == Token::kArrayEnd) return;
  for (int i = 1;; ++i) {
    Value(depth);
    lua_rawseti(L_, -2, i);
    Next();
    if (token_ == Token::kArrayEnd) return;
    if (token_ != Token::kComma) Refuse("comma or array end");
    Next();
  }
}

void JsonDecoder::Value(int depth) {
  vm_.Charge(L_, 1);
  switch (token_) {
    case Token::kString:
      return LuaPush(L_, string_);
    case Token::kNumber:
      return lua_pushnumber(L_, number_);
    case Token::kBoolean:
      return lua_pushboolean(L_, boolean_);
    case Token::kObjectBegin:
      return Object(depth + 1);
    case Token::kArrayBegin:
      return Array(depth + 1);
    case Token::kNull:
      return lua_pushlightuserdata(L_, nullptr);
    default:
      Refuse("value");
  }
}

}  // namespace

int CjsonDecode(lua_State* L) {
  luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
  const std::string_view text = LuaCheckBytes(L, 1);
  if (text.size() >= 2 && (text[0] == '\0' || text[1] == '\0'))
    return luaL_error(L, "JSON parser does not support UTF-16 or UTF-32");
  JsonDecoder(L, CjsonConfigOf(L), text).Document();
  return 1;
}

}  // namespace mydis
