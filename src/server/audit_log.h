// The audit log: who was refused what, and who administered, a line of JSON each, in a file that
// outlives the process:
//
//   {"time":"2026-11-29T08:00:00.123Z","event":"refused","user":"app","client":"10.0.0.7:4711",
//    "what":"\"flushall\"","detail":"command"}
//
// `detail` of a refusal is what was lacking: command, key, channel, auth, tls-cert. Of
// administration it is what is known when it is written: done, failed, refused, queued (in MULTI),
// or sent (the answer comes from the log or from others).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "mydis/status.h"

namespace spdlog {
class logger;
}

namespace mydis {

// Any thread, once it is open.
class AuditLog {
 public:
  // Appends to `file`, which only its owner may read; at 16 MiB it is renamed to FILE.1, and so on
  // up to FILE.3.
  Status Open(const std::string& file);
  void Refused(std::string_view user, std::string_view client, std::string_view what,
               std::string_view lacking);
  void Administered(std::string_view user, std::string_view client, std::string_view what,
                    std::string_view outcome);

  // Refusals beyond so many in a second are counted instead: whoever tries passwords shall not fill
  // the disk.
  static constexpr uint64_t kRefusalsPerSecond = 100;

 private:
  void Write(std::string_view event, std::string_view user, std::string_view client,
             std::string_view what, std::string_view detail);

  std::shared_ptr<spdlog::logger> logger_;  // Null: off.
  Mutex mutex_;
  uint64_t second_ MYDIS_GUARDED_BY(mutex_) = 0;
  uint64_t refusals_ MYDIS_GUARDED_BY(mutex_) = 0;  // In that second.
};

}  // namespace mydis
