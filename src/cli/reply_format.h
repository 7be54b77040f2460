// Replies as text, exactly as redis-cli 7 writes them (but for JSON). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "protocol/resp_reader.h"

namespace mydis {

// For people: types, numbered and nested elements, quoted strings. Ends with a newline.
std::string FormatForPeople(const RespValue& value);

// For programs: the bytes alone, `delimiter` between elements. No newline at its end, but an
// error has one.
std::string FormatRaw(const RespValue& value, std::string_view delimiter = "\n");

// As comma-separated values on one line, without its end: elements one behind the other, however
// they are nested.
std::string FormatCsv(const RespValue& value);

// As JSON on one line, without its end, as the HTTP port has it (protocol/resp_json.h).
std::string FormatJson(const RespValue& value);

enum class ReplyStyle { kPeople, kRaw, kCsv, kJson };

// In one of these styles, with a newline at its end. `delimiter` is kRaw's.
std::string FormatReply(const RespValue& value, ReplyStyle style,
                        std::string_view delimiter = "\n");

}  // namespace mydis
