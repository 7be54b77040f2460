// Whatever text comes as JSON: what is read can be written and read again, and is the same.
// Whatever replies come: what they are written as is JSON.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "protocol/json.h"
#include "protocol/resp_json.h"
#include "protocol/resp_reader.h"
#include "protocol/upstash_json.h"

namespace mydis {
namespace {

using Type = JsonValue::Type;

void Write(const JsonValue& value, JsonWriter& out, std::string& text) {
  switch (value.type) {
    case Type::kNull:
      out.Null();
      break;
    case Type::kBool:
      out.Bool(value.boolean);
      break;
    case Type::kNumber:
      // As it was: a number has no other writer that keeps its digits.
      out.Null();
      text.resize(text.size() - 4);
      text += value.text;
      break;
    case Type::kString:
      out.String(value.text);
      break;
    case Type::kArray:
      out.BeginArray();
      for (const JsonValue& element : value.elements) Write(element, out, text);
      out.EndArray();
      break;
    case Type::kObject:
      out.BeginObject();
      for (const auto& [name, member] : value.members) {
        out.Key(name);
        Write(member, out, text);
      }
      out.EndObject();
  }
}

void FuzzText(std::string_view bytes) {
  const auto value = ParseJson(bytes);
  if (!value) return;
  std::string text;
  JsonWriter out(text);
  Write(*value, out, text);
  const auto again = ParseJson(text);
  MYDIS_ASSERT(again.has_value(), "what is written is JSON");
  std::string text_again;
  JsonWriter out_again(text_again);
  Write(*again, out_again, text_again);
  MYDIS_ASSERT(text == text_again, "and the same");
  (void)CommandOfJson(*value);
  (void)UpstashCommand(*value);
}

size_t DepthOf(const RespValue& value) {
  size_t depth = 0;
  for (const RespValue& element : value.elements) depth = std::max(depth, DepthOf(element));
  return depth + 1;
}

void FuzzReplies(std::string_view bytes) {
  RespReader reader;
  reader.Feed(bytes);
  RespValue reply;
  while (reader.Next(&reply) == RespReader::Outcome::kValue) {
    for (const int form : {0, 1, 2}) {
      std::string text;
      JsonWriter out(text);
      form == 0 ? WriteJson(reply, out) : WriteUpstashJson(reply, form == 1, out);
      MYDIS_ASSERT(IsUtf8(text), "JSON is UTF-8");
      // Objects of bytes and of errors nest further than the reply.
      MYDIS_ASSERT(DepthOf(reply) > 10 || ParseJson(text).has_value(),
                   "a reply is written as JSON");
    }
    std::string resp2;
    AppendResp2(reply, resp2);
    RespReader again;
    again.Feed(resp2);
    RespValue value;
    MYDIS_ASSERT(again.Next(&value) == RespReader::Outcome::kValue, "RESP2 can be read again");
    reply = RespValue();
  }
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mydis::FuzzText(bytes);
  mydis::FuzzReplies(bytes);
  return 0;
}
