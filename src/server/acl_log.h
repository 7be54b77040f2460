// What clients of this instance were refused, for ACL LOG and INFO.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "server/stats.h"

namespace mydis {

struct AclLogEntry {
  enum class Reason : uint8_t { kCommand, kKey, kChannel, kAuth, kCertificate };
  enum class Context : uint8_t { kTopLevel, kMulti, kScript };
  Reason reason = Reason::kCommand;
  Context context = Context::kTopLevel;
  std::string object;  // The command, the key, the channel, or AUTH; of a certificate nothing.
  std::string user;
  std::string client;       // As CLIENT LIST shows it.
  uint64_t count = 1;       // How often the same has happened lately.
  uint64_t id = 0;          // 0, 1, 2 … in the order in which they were first made.
  uint64_t created_ms = 0;  // By the clock on the wall.
  uint64_t updated_ms = 0;
};

// "command", "key" … as ACL LOG and the audit log have it.
std::string_view NameOf(AclLogEntry::Reason reason);

// Any thread.
class AclLog {
 public:
  // Counts it to a similar entry of the last minute, or adds it; keeps at most `limit` entries.
  void Add(AclLogEntry entry, uint64_t limit);
  // The newest entries first, at most `count`.
  std::vector<AclLogEntry> Newest(size_t count) const;
  void Reset();
  // Refusals for that reason since the start.
  uint64_t Count(AclLogEntry::Reason reason) const {
    return counts_[static_cast<size_t>(reason)].Get();
  }

 private:
  Counter counts_[5];
  mutable Mutex mutex_;
  std::deque<AclLogEntry> entries_ MYDIS_GUARDED_BY(mutex_);  // The newest first.
  uint64_t next_id_ MYDIS_GUARDED_BY(mutex_) = 0;
};

}  // namespace mydis
