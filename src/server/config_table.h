// The settings of Redis 7.2 that CONFIG knows, in one table: what values they take, and whether
// they mean anything here. (Those that hold for the cluster are state/settings.h.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

struct ConfigSpec {
  enum class Kind : uint8_t {
    kBool,
    kInteger,
    kBytes,
    kEnum,   // One of the choices.
    kWords,  // Some of the choices, separated by spaces.
    kText,
    kSave,          // "seconds changes" pairs.
    kOutputLimits,  // client-output-buffer-limit
    kPercentiles,
  };
  // kUsed: changes what this instance does. kIdle: checked, kept and shown, but what it tunes in
  // Redis is not there. kFixed: shown; CONFIG SET takes no other value.
  enum class Use : uint8_t { kUsed, kIdle, kFixed };

  std::string_view name;
  Kind kind;
  Use use;
  std::string_view initial;
  int64_t min = 0;
  int64_t max = 0;
  std::string_view choices = {};  // Separated by '|'.
  std::string_view alias = {};    // Redis's older name.
  std::string_view why = {};      // kFixed where Redis would change it: what to do instead.
  bool hidden = false;            // Shown only to those who ask for it by its name.

  constexpr ConfigSpec Alias(std::string_view older_name) const {
    ConfigSpec copy = *this;
    copy.alias = older_name;
    return copy;
  }
  constexpr ConfigSpec Because(std::string_view reason) const {
    ConfigSpec copy = *this;
    copy.why = reason;
    return copy;
  }
  constexpr ConfigSpec Hidden() const {
    ConfigSpec copy = *this;
    copy.hidden = true;
    return copy;
  }
};

// By name.
std::span<const ConfigSpec> ConfigSpecs();

// The form of `value` that CONFIG GET shows, or Redis's error. `current` is the value so far, which
// a partial one changes (client-output-buffer-limit).
Result<std::string> CanonicalConfig(const ConfigSpec& spec, std::string_view current,
                                    std::string_view value);

// client-output-buffer-limit of one class of clients.
struct OutputLimit {
  uint64_t hard_bytes = 0;  // 0: none.
  uint64_t soft_bytes = 0;
  uint64_t soft_seconds = 0;
};
// Of a class of clients ("normal", "pubsub"), from a canonical value.
OutputLimit OutputLimitOf(std::string_view client_class, std::string_view canonical);

}  // namespace mydis
