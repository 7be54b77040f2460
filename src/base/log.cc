#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/mutex.h"

namespace mydis {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kOff};
std::atomic<LogFormat> g_format{LogFormat::kText};

struct Handling {
  Mutex mutex;
  LogHandler handler MYDIS_GUARDED_BY(mutex);
};

// Leaked on purpose: threads may log while static objects are being destroyed.
Handling& TheHandler() {
  static auto* handling = new Handling;
  return *handling;
}

// Leaked on purpose: threads may log while static objects are being destroyed.
spdlog::logger& Logger() {
  static auto* logger = [] {
    auto* made = new spdlog::logger("mydis", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

std::string EscapeJson(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void LogConfigure(LogLevel level, LogFormat format) {
  g_format = format;
  Logger().set_pattern(format == LogFormat::kJson
                           ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})"
                           : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                       spdlog::pattern_time_type::utc);
  g_level = level;
}

void LogTo(LogLevel level, LogHandler handler) {
  Handling& handling = TheHandler();
  MutexLock guard(handling.mutex);
  g_level = handler ? level : LogLevel::kOff;
  handling.handler = std::move(handler);
}

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    default:
      return "error";
  }
}

bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void LogLine(LogLevel level, std::string_view message) {
  if (!LogEnabled(level)) return;
  std::string line(message);
  std::ranges::replace(line, '\n', ' ');
  {
    Handling& handling = TheHandler();
    MutexLock guard(handling.mutex);
    if (handling.handler) return handling.handler(level, line);
    // The handler may just have gone.
    if (!LogEnabled(level)) return;
  }
  if (g_format == LogFormat::kJson) line = EscapeJson(message);
  Logger().log(ToSpdlog(level), "{}", line);
}

}  // namespace mydis
