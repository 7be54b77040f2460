#include "server/audit_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <sys/stat.h>

#include <ctime>

namespace mydis {
namespace {

constexpr size_t kFileBytes = 16 << 20;
constexpr size_t kOldFiles = 3;

// As it stands in a JSON string; bytes beyond ASCII as numbers, since they need not be UTF-8.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

Status AuditLog::Open(const std::string& file) {
  spdlog::file_event_handlers handlers;
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* opened) {
    (void)fchmod(fileno(opened), S_IRUSR | S_IWUSR);
  };
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file, kFileBytes, kOldFiles,
                                                                       false, handlers);
    logger_ = std::make_shared<spdlog::logger>("audit", std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    return Status(ErrorCode::kIo,
                  fmt::format("--audit-log: {}; give a file that can be written, or off",
                              std::string_view(error.what())));
  }
  logger_->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}", spdlog::pattern_time_type::utc);
  logger_->flush_on(spdlog::level::info);
  return Status::Ok();
}

void AuditLog::Write(std::string_view event, std::string_view user, std::string_view client,
                     std::string_view what, std::string_view detail) {
  logger_->info(R"("event":"{}","user":"{}","client":"{}","what":"{}","detail":"{}")", event,
                Escaped(user), Escaped(client), Escaped(what), detail);
}

void AuditLog::Refused(std::string_view user, std::string_view client, std::string_view what,
                       std::string_view lacking) {
  if (logger_ == nullptr) return;
  uint64_t passed_over = 0;
  {
    MutexLock guard(mutex_);
    const auto now = static_cast<uint64_t>(std::time(nullptr));
    if (now != second_) {
      if (refusals_ > kRefusalsPerSecond) passed_over = refusals_ - kRefusalsPerSecond;
      second_ = now;
      refusals_ = 0;
    }
    if (++refusals_ > kRefusalsPerSecond) return;
  }
  if (passed_over > 0) Write("refused", "", "", fmt::format("{} more", passed_over), "many");
  Write("refused", user, client, what, lacking);
}

void AuditLog::Administered(std::string_view user, std::string_view client, std::string_view what,
                            std::string_view outcome) {
  if (logger_ != nullptr) Write("administered", user, client, what, outcome);
}

}  // namespace mydis
