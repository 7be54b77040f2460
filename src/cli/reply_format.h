// Replies as text, exactly as redis-cli 7 writes them. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "protocol/resp_reader.h"

namespace mydis {

// For people: types, numbered and nested elements, quoted strings. Ends with a newline.
std::string FormatForPeople(const RespValue& value);

// For programs: the bytes alone, elements on lines of their own. No newline at its end, but an
// error has one.
std::string FormatRaw(const RespValue& value);

// `text` in double quotes, with escapes for what is not printable ASCII.
std::string Quoted(std::string_view text);

}  // namespace mydis
