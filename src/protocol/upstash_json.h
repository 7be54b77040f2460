// Replies in RESP2's form as Upstash's REST API writes them, and its commands out of JSON: what
// npm's @upstash/redis speaks. Any thread.
//
//   null, integer    the same
//   string           string; with `base64` its base64, but for the status OK
//   array            array
//   error inside     {"error":"WRONGTYPE …"}
#pragma once

#include <string>
#include <vector>

#include "protocol/json.h"
#include "protocol/resp_reader.h"

namespace mydis {

void WriteUpstashJson(const RespValue& value, bool base64, JsonWriter& out);

// The words of ["SET","k",1,true].
Result<std::vector<std::string>> UpstashCommand(const JsonValue& value);

// The reply as RESP2 writes it.
void AppendResp2(const RespValue& value, std::string& out);

}  // namespace mydis
