// Settings of this instance alone, as CONFIG GET and CONFIG SET know them. (Those that hold for the
// cluster are state/settings.h; CONFIG shows both.)
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"
#include "server/options.h"

namespace mydis {

// Any thread.
class Config {
 public:
  explicit Config(const ServerOptions& options);

  // Name and value of every setting whose name matches one of the glob patterns, by name.
  std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const;
  bool Knows(std::string_view name) const;
  // Checks without setting.
  Status Check(std::string_view name, std::string_view value) const;
  Status Set(std::string_view name, std::string_view value);

  // Those that are looked at while serving, ready to use.
  std::atomic<uint64_t> max_clients{10000};
  std::atomic<uint64_t> idle_timeout_s{0};
  std::atomic<uint64_t> output_hard_limit{0};  // Bytes; 0: none. Of normal clients.
  std::atomic<uint64_t> output_soft_limit{0};
  std::atomic<uint64_t> output_soft_seconds{0};
  std::atomic<uint64_t> query_buffer_limit{uint64_t{1} << 30};

 private:
  struct Setting {
    std::string value;
    bool fixed = false;  // Shown, but not to be changed while running.
    // The canonical form, or an error that says what is allowed.
    std::function<Result<std::string>(std::string_view)> check;
    std::function<void(const std::string&)> apply;
  };
  void Add(std::string name, std::string value, bool fixed,
           std::function<Result<std::string>(std::string_view)> check,
           std::function<void(const std::string&)> apply);

  mutable std::mutex mutex_;
  std::map<std::string, Setting, std::less<>> settings_;  // Guarded by mutex_.
};

}  // namespace mydis
