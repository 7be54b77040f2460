#include "protocol/resp_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/utf8.h"

namespace mydis {
namespace {

using Type = RespValue::Type;

bool IsName(const RespValue& value) {
  return (value.type == Type::kBulk || value.type == Type::kSimple) && IsUtf8(value.text);
}

void WriteArray(const RespValue& value, JsonWriter& out) {
  out.BeginArray();
  for (const RespValue& element : value.elements) WriteJson(element, out);
  out.EndArray();
}

void WriteMap(const RespValue& value, JsonWriter& out) {
  const std::vector<RespValue>& elements = value.elements;
  bool named = true;
  for (size_t i = 0; i + 1 < elements.size(); i += 2) named &= IsName(elements[i]);
  named ? out.BeginObject() : out.BeginArray();
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (named) {
      out.Key(elements[i].text);
      WriteJson(elements[i + 1], out);
    } else {
      out.BeginArray();
      WriteJson(elements[i], out);
      WriteJson(elements[i + 1], out);
      out.EndArray();
    }
  }
  named ? out.EndObject() : out.EndArray();
}

// Errors have an upper case code, as Redis's do.
bool IsCode(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

RespErrorText SplitRespError(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  if (!IsCode(text.substr(0, space))) return {"ERR", text};
  return {text.substr(0, space), text.substr(std::min(space + 1, text.size()))};
}

void WriteJson(const RespValue& value, JsonWriter& out) {
  switch (value.type) {
    case Type::kNull:
      out.Null();
      break;
    case Type::kSimple:
    case Type::kBulk:
    case Type::kVerbatim:
    case Type::kBigNumber:
      out.String(value.text);
      break;
    case Type::kError: {
      const RespErrorText error = SplitRespError(value.text);
      out.BeginObject().Key("error").BeginObject();
      out.Key("code").String(error.code).Key("message").String(error.message);
      out.EndObject().EndObject();
      break;
    }
    case Type::kInteger:
      out.Integer(value.integer);
      break;
    case Type::kDouble:
      out.Double(value.number);
      break;
    case Type::kBool:
      out.Bool(value.boolean);
      break;
    case Type::kArray:
    case Type::kSet:
    case Type::kPush:
      WriteArray(value, out);
      break;
    case Type::kMap:
      WriteMap(value, out);
      break;
  }
}

Result<std::string> BytesOfJson(const JsonValue& value) {
  if (value.is_string() || value.type == JsonValue::Type::kNumber) return value.text;
  const JsonValue* b64 = value.is_object() ? value.Find("b64") : nullptr;
  if (b64 != nullptr && value.members.size() == 1 && b64->is_string()) {
    if (auto bytes = DecodeBase64(b64->text)) return *std::move(bytes);
    return Fail(ErrorCode::kInvalid, "the text of \"b64\" is not base64");
  }
  return Fail(ErrorCode::kInvalid,
              "a word is a string, a number, or {\"b64\":\"…\"} for bytes that are not UTF-8");
}

Result<std::vector<std::string>> CommandOfJson(const JsonValue& value) {
  if (!value.is_array() || value.elements.empty()) {
    return Fail(ErrorCode::kInvalid,
                "a command is an array of its words: [\"SET\",\"key\",\"value\"]");
  }
  std::vector<std::string> words;
  for (const JsonValue& element : value.elements) {
    auto word = BytesOfJson(element);
    if (!word) return Fail(word.error());
    words.push_back(*std::move(word));
  }
  return words;
}

}  // namespace mydis
