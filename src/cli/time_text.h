// Points in time as people read them. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace mydis {

// "2026-11-29 08:00 UTC", of Unix time; `exact`: "2026-11-29 08:00:00 UTC".
std::string UtcText(int64_t seconds, bool exact = false);

}  // namespace mydis
