#include "server/readiness_state.h"

#include <utility>

namespace mydis {

bool ReadinessState::Set(Readiness readiness, const std::string& why, LogLevel level,
                         uint64_t now_ms) {
  bool other = false;
  {
    MutexLock guard(mutex_);
    other = std::exchange(why_, why) != why;
  }
  if (other && !why.empty() && LogEnabled(level) && limiter_.Allows(why, now_ms))
    LogLine(level, "not ready: " + why);
  return readiness_.exchange(readiness) != readiness;
}

std::string ReadinessState::why() const {
  MutexLock guard(mutex_);
  return why_;
}

}  // namespace mydis
