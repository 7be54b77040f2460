#include "server/failed_logins.h"

namespace mydis {
namespace {

// Empty for clients of this machine.
std::string_view AddressOf(std::string_view client) {
  const std::string_view address = client.substr(0, client.rfind(':'));
  return address.starts_with("127.") || address == "[::1]" || address == "::1" ? "" : address;
}

}  // namespace

void FailedLogins::Add(std::string_view client, uint64_t now_ms) {
  const std::string_view address = AddressOf(client);
  if (address.empty()) return;
  MutexLock guard(mutex_);
  auto it = counts_.find(address);
  if (it == counts_.end()) {
    // Whoever has so many addresses is not slowed by what is known of one.
    if (counts_.size() >= kMostAddresses) counts_.clear();
    it = counts_.emplace(address, Count{.since_ms = now_ms}).first;
  } else if (now_ms - it->second.since_ms >= kWindowMs) {
    it->second = {.since_ms = now_ms};
  }
  ++it->second.failures;
}

bool FailedLogins::Slowed(std::string_view client, uint64_t now_ms) {
  const std::string_view address = AddressOf(client);
  if (address.empty()) return false;
  MutexLock guard(mutex_);
  const auto it = counts_.find(address);
  return it != counts_.end() && it->second.failures >= kFree &&
         now_ms - it->second.since_ms < kWindowMs;
}

}  // namespace mydis
