// Lengths of time as people write them: "500ms", "10s", "1.5s", "2m", "1h", "1d". Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

// In milliseconds. A number without a unit is an error, except 0.
Result<int64_t> ParseDuration(std::string_view text);

// The shortest exact form: "1500ms", "10s", "2m".
std::string FormatDuration(int64_t ms);

}  // namespace mydis
