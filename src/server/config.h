// Settings of this instance alone, as CONFIG GET and CONFIG SET know them. (Those that hold for the
// cluster are state/settings.h; CONFIG shows both.)
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "commands/spec.h"
#include "mydis/status.h"
#include "server/config_table.h"
#include "server/options.h"

namespace mydis {

// Any thread.
class Config {
 public:
  explicit Config(const ServerOptions& options);

  // Name and value of every setting whose name or older name matches the glob pattern, by name.
  std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const;
  bool Knows(std::string_view name) const;
  // Checks without setting.
  Status Check(std::string_view name, std::string_view value) const;
  Status Set(std::string_view name, std::string_view value);
  // Of the Redis protocol; 0: it has none. While the instance starts.
  void NotePort(int port);

  // Those that are looked at while serving, ready to use.
  std::atomic<uint64_t> max_clients{0};
  std::atomic<uint64_t> idle_timeout_s{0};
  std::atomic<uint64_t> keepalive_s{0};
  struct OutputLimits {
    std::atomic<uint64_t> hard_bytes{0};  // 0: none.
    std::atomic<uint64_t> soft_bytes{0};
    std::atomic<uint64_t> soft_seconds{0};
    void Set(const OutputLimit& limit) {
      hard_bytes = limit.hard_bytes;
      soft_bytes = limit.soft_bytes;
      soft_seconds = limit.soft_seconds;
    }
  };
  OutputLimits output_normal;
  OutputLimits output_pubsub;  // Of clients that are sent what they did not ask for.
  std::atomic<uint64_t> query_buffer_limit{0};
  std::atomic<bool> protected_mode{false};
  std::atomic<uint64_t> acl_log_size{0};
  std::atomic<uint64_t> tracking_max_keys{0};  // 0: no limit.
  std::atomic<int64_t> slowlog_us{-1};         // −1: no call is kept.
  std::atomic<uint64_t> slowlog_size{0};
  std::atomic<uint64_t> latency_threshold_ms{0};  // 0: not monitored.
  // Whether a call that took this long goes into SLOWLOG or LATENCY.
  bool IsSlow(uint64_t nanoseconds) const {
    const int64_t limit_us = slowlog_us.load(std::memory_order_relaxed);
    const uint64_t threshold_ms = latency_threshold_ms.load(std::memory_order_relaxed);
    return (limit_us >= 0 && nanoseconds / 1000 >= static_cast<uint64_t>(limit_us)) ||
           (threshold_ms > 0 && nanoseconds / 1000000 >= threshold_ms);
  }
  // Whether every call of the command is timed. Two looks at the clock cost a quarter of a GET:
  // calls that take no time by nature are timed only where less than a millisecond counts.
  bool Times(const CommandSpec& spec) const {
    const Timing timing = timing_.load(std::memory_order_relaxed);
    return timing == Timing::kAll || (timing == Timing::kLong && (spec.flags & kFast) == 0 &&
                                      !spec.complexity.starts_with("O(1)"));
  }

 private:
  enum class Timing : uint8_t { kNone, kLong, kAll };
  struct Setting {
    const ConfigSpec* spec;
    std::string value;
  };
  const Setting* Find(std::string_view name) const MYDIS_REQUIRES(mutex_);
  Result<std::string> Canonical(std::string_view name, std::string_view value) const
      MYDIS_REQUIRES(mutex_);
  // Takes a value that is kept into the members above.
  void Apply(std::string_view name, const std::string& value);

  std::atomic<Timing> timing_{Timing::kNone};
  mutable Mutex mutex_;
  std::map<std::string, Setting, std::less<>> settings_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
