// The process log: one line an event, text or JSON, to standard error, or to a handler of the
// program's. Any thread. Silent until LogConfigure() or LogTo() is called, so that an embedded
// instance prints nothing unless asked.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>

namespace mydis {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : uint8_t { kText, kJson };

void LogConfigure(LogLevel level, LogFormat format);
// Lines of at least `level` go to `handler`, one at a time; it must not log. Empty: nowhere. When
// this returns, the handler before is not called any more.
using LogHandler = std::function<void(LogLevel, std::string_view line)>;
void LogTo(LogLevel level, LogHandler handler);
std::string_view NameOf(LogLevel level);
bool LogEnabled(LogLevel level);
// Writes one line. Newlines in `message` become spaces.
void LogLine(LogLevel level, std::string_view message);

template <typename... T>
void LogDebug(fmt::format_string<T...> format, T&&... args) {
  if (LogEnabled(LogLevel::kDebug))
    LogLine(LogLevel::kDebug, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <typename... T>
void LogInfo(fmt::format_string<T...> format, T&&... args) {
  if (LogEnabled(LogLevel::kInfo))
    LogLine(LogLevel::kInfo, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <typename... T>
void LogWarning(fmt::format_string<T...> format, T&&... args) {
  if (LogEnabled(LogLevel::kWarning))
    LogLine(LogLevel::kWarning, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <typename... T>
void LogError(fmt::format_string<T...> format, T&&... args) {
  if (LogEnabled(LogLevel::kError))
    LogLine(LogLevel::kError, fmt::vformat(format, fmt::make_format_args(args...)));
}

}  // namespace mydis
