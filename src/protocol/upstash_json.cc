#include "protocol/upstash_json.h"

#include "base/base64.h"
#include "protocol/resp_json.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

using Type = RespValue::Type;

void WriteValue(const RespValue& value, bool base64, JsonWriter& out) {
  switch (value.type) {
    case Type::kNull:
      out.Null();
      break;
    case Type::kInteger:
      out.Integer(value.integer);
      break;
    case Type::kError:
      out.BeginObject().Key("error").String(value.text).EndObject();
      break;
    default:
      if (!value.is_aggregate()) {
        base64 ? out.String(EncodeBase64(value.text)) : out.String(value.text);
        break;
      }
      out.BeginArray();
      for (const RespValue& element : value.elements) WriteValue(element, base64, out);
      out.EndArray();
  }
}

}  // namespace

void WriteUpstashJson(const RespValue& value, bool base64, JsonWriter& out) {
  if (value.type == Type::kSimple && value.text == "OK") base64 = false;
  WriteValue(value, base64, out);
}

Result<std::vector<std::string>> UpstashCommand(const JsonValue& value) {
  if (!value.is_array()) return CommandOfJson(value);
  JsonValue words = value;
  for (JsonValue& word : words.elements) {
    if (word.type != JsonValue::Type::kBool) continue;
    word.type = JsonValue::Type::kString;
    word.text = word.boolean ? "true" : "false";
  }
  return CommandOfJson(words);
}

void AppendResp2(const RespValue& value, std::string& out) {
  RespWriter writer(out, 2);
  switch (value.type) {
    case Type::kNull:
      return writer.Null();
    case Type::kInteger:
      return writer.Integer(value.integer);
    case Type::kError:
      return writer.Error(value.text);
    case Type::kSimple:
      return writer.Simple(value.text);
    default:
      if (!value.is_aggregate()) return writer.Bulk(value.text);
  }
  writer.ArrayHeader(value.elements.size());
  for (const RespValue& element : value.elements) AppendResp2(element, out);
}

}  // namespace mydis
