// Who guesses passwords is slowed down: docs/security.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace mydis {

// Any thread. `client` is an address with its port. Clients of this machine are never slowed:
// whom a proxy on it speaks for is not known.
class FailedLogins {
 public:
  // So many wrong passwords from one address within kWindowMs are not slowed.
  static constexpr uint32_t kFree = 10;
  static constexpr uint64_t kWindowMs = 60'000;
  // So much later passwords from there are looked at.
  static constexpr uint64_t kDelayMs = 1000;

  void Add(std::string_view client, uint64_t now_ms);
  bool Slowed(std::string_view client, uint64_t now_ms);

 private:
  struct Count {
    uint64_t since_ms = 0;
    uint32_t failures = 0;
  };
  static constexpr size_t kMostAddresses = 10'000;

  Mutex mutex_;
  std::map<std::string, Count, std::less<>> counts_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
