// Settings that change results or hold for the cluster as a whole: part of the state, set through
// the log (`MYDIS SET`, and CONFIG SET for those that Redis names), the same on every instance.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "base/use_clock.h"
#include "mydis/status.h"
#include "types/limits.h"

namespace mydis {

struct SettingSpec {
  enum class Kind : uint8_t { kInteger, kBytes, kEnum, kBool, kEvents };
  std::string_view name;
  Kind kind;
  std::string_view initial;
  int64_t min = 0;
  int64_t max = 0;
  std::string_view choices = {};  // For kEnum: words separated by '|'.
  std::string_view summary = {};
  std::string_view alias = {};  // Redis's older name, good wherever the name is.
};

// Every setting there is, in the order of their names.
std::span<const SettingSpec> SettingSpecs();
// By name or alias; nullptr if there is none.
const SettingSpec* FindSetting(std::string_view name);

// Not thread-safe by itself: read under the state's lock, written by the applying thread.
class Settings {
 public:
  Settings();
  // Whether a setting or an alias of one has that name (in lower case).
  static bool Knows(std::string_view name) { return FindSetting(name) != nullptr; }
  // The canonical text of `name`, or nullptr if there is no such setting.
  const std::string* Find(std::string_view name) const;
  // Checks `value` without setting it; the error says which values there are.
  static Status Check(std::string_view name, std::string_view value);
  Status Set(std::string_view name, std::string_view value);

  bool strong_writes() const { return strong_writes_; }
  bool new_users_all_channels() const { return new_users_all_channels_; }
  uint64_t max_memory() const { return max_memory_; }  // 0: no limit.
  // maxmemory-policy: which keys may go when the limit is reached, and which of them first.
  struct EvictionPolicy {
    enum class Order : uint8_t { kRecency, kFrequency, kRandom, kDeadline };
    bool evicts = false;
    bool all_keys = false;  // Else only those that expire.
    Order order = Order::kRecency;
    // Whether uses decide, which the leader has to tell.
    bool IsListed() const {
      return evicts && (order == Order::kRecency || order == Order::kFrequency);
    }
  };
  const EvictionPolicy& eviction_policy() const { return eviction_policy_; }
  // How many keys are looked at for one that goes.
  size_t eviction_samples() const { return eviction_samples_; }
  // How uses of keys are kept.
  const UseRule& use_rule() const { return use_rule_; }
  // Which keyspace events are told: bits of EventClass and of state/event_flags.h.
  uint32_t notify_events() const { return notify_events_; }
  uint64_t proto_max_bulk_len() const { return proto_max_bulk_len_; }
  uint64_t script_budget() const { return script_budget_; }
  uint64_t script_memory() const { return script_memory_; }
  uint64_t watch_history_bytes() const { return watch_history_bytes_; }
  // How long the reply to a request that may be sent again is remembered.
  uint64_t request_retention_ms() const { return request_retention_ms_; }
  const EncodingLimits& encoding_limits() const { return encoding_limits_; }

  void Save(Encoder& out) const;
  bool Load(Decoder& in);

 private:
  void Cache();
  std::map<std::string, std::string, std::less<>> values_;
  bool strong_writes_ = false;
  bool new_users_all_channels_ = false;
  uint64_t max_memory_ = 0;
  EvictionPolicy eviction_policy_;
  size_t eviction_samples_ = 5;
  UseRule use_rule_;
  uint64_t proto_max_bulk_len_ = 0;
  uint64_t script_budget_ = 0;
  uint64_t script_memory_ = 0;
  uint32_t notify_events_ = 0;
  uint64_t watch_history_bytes_ = 0;
  uint64_t request_retention_ms_ = 0;
  EncodingLimits encoding_limits_;
};

}  // namespace mydis
