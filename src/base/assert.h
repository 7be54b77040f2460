// Assertions that stay on in release builds. No user input can reach one.
#pragma once

namespace mydis {
[[noreturn]] void AssertFailed(const char* file, int line, const char* condition,
                               const char* message);
}  // namespace mydis

// Stops the process, saying where and why, when `condition` is false.
#define MYDIS_ASSERT(condition, message)                              \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::mydis::AssertFailed(__FILE__, __LINE__, #condition, message); \
  } while (false)
