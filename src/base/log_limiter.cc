#include "base/log_limiter.h"

namespace mydis {

bool LogLimiter::Allows(std::string_view kind, uint64_t now_ms) {
  const auto over = [now_ms](uint64_t written_ms) { return now_ms - written_ms >= kPauseMs; };
  if (const auto found = written_ms_.find(kind); found != written_ms_.end()) {
    if (!over(found->second)) return false;
    found->second = now_ms;
    return true;
  }
  if (written_ms_.size() >= kMostKinds)
    std::erase_if(written_ms_, [&](const auto& entry) { return over(entry.second); });
  if (written_ms_.size() >= kMostKinds) return false;
  written_ms_.emplace(kind, now_ms);
  return true;
}

}  // namespace mydis
