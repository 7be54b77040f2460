// Keeps lines that strangers can cause at will from filling the log: one of a kind a minute.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mydis {

// One thread at a time.
class LogLimiter {
 public:
  // Whether a line of this kind (what happened, and from where) may be written now. `now_ms`:
  // monotonic. Of very many kinds at once some are not written at all.
  bool Allows(std::string_view kind, uint64_t now_ms);

 private:
  static constexpr uint64_t kPauseMs = 60'000;
  static constexpr size_t kMostKinds = 1000;
  std::map<std::string, uint64_t, std::less<>> written_ms_;
};

}  // namespace mydis
