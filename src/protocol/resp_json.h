// Replies as JSON, and the words of commands out of JSON: what HTTP clients see. Any thread.
//
//   null                       null
//   simple, bulk, verbatim     string; {"b64":"…"} if the bytes are not UTF-8
//   integer, double            number; "inf", "-inf" and "nan" as strings
//   big number                 string of its digits
//   boolean                    boolean
//   array, set, push           array
//   map                        object if all keys are strings; else array of [key, value]
//   error inside an array      {"error":{"code":"WRONGTYPE","message":"…"}}
#pragma once

#include <string>
#include <vector>

#include "protocol/json.h"
#include "protocol/resp_reader.h"

namespace mydis {

void WriteJson(const RespValue& value, JsonWriter& out);

// The code of an error, "WRONGTYPE", and what follows it.
struct RespErrorText {
  std::string_view code;
  std::string_view message;
};
RespErrorText SplitRespError(std::string_view text);

// The bytes that a string, a number or {"b64":"…"} stands for.
Result<std::string> BytesOfJson(const JsonValue& value);
// The words of a command: ["SET","k",1].
Result<std::vector<std::string>> CommandOfJson(const JsonValue& value);

}  // namespace mydis
