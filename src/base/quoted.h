// Bytes of a user's as people are shown them: in double quotes on one line, whatever they are. A
// terminal's control sequences do nothing so, and programs that read line by line stay in step.
#pragma once

#include <string>
#include <string_view>

namespace mydis {

// Appends `bytes` in double quotes: \n \r \t \a \b and \" \\ for these, \xHH for what else is not
// printable ASCII (redis-cli's and MONITOR's form).
void AppendQuoted(std::string& out, std::string_view bytes);

std::string Quoted(std::string_view bytes);

// For messages: of what is longer than `limit` bytes its beginning, then "… (N bytes)".
std::string QuotedStart(std::string_view bytes, size_t limit = 100);

}  // namespace mydis
