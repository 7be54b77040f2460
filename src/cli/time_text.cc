#include "cli/time_text.h"

#include <fmt/core.h>

#include <ctime>

namespace mydis {

std::string UtcText(int64_t seconds, bool exact) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}{} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min,
                     exact ? fmt::format(":{:02}", parts.tm_sec) : "");
}

}  // namespace mydis
