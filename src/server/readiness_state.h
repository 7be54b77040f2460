// Whether this instance may be given clients, and why not: for those who ask, and in the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/log_limiter.h"
#include "base/mutex.h"
#include "consensus/machine.h"

namespace mydis {

class ReadinessState {
 public:
  // One thread at a time. `why` is one line, logged at `level` when it is another than before; one
  // that comes and goes is logged once a minute. True if `readiness` has changed.
  bool Set(Readiness readiness, const std::string& why, LogLevel level, uint64_t now_ms);

  // Any thread.
  Readiness readiness() const { return readiness_.load(std::memory_order_acquire); }
  std::string why() const;

 private:
  std::atomic<Readiness> readiness_{Readiness::kStarting};
  LogLimiter limiter_;
  mutable Mutex mutex_;
  std::string why_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
