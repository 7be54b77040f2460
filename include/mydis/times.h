// Times and durations as calls take and give them. Standard library only.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "mydis/decode.h"
#include "mydis/words.h"

namespace mydis {

using TimePoint = std::chrono::system_clock::time_point;

// How long a key lives that does not expire, and when it does: later than everything. Of a call
// that blocks: no end, as 0.
inline constexpr std::chrono::milliseconds kForever = std::chrono::milliseconds::max();
inline constexpr TimePoint kNever = TimePoint::max();

// When a new deadline takes the place of the one that a key or field has. Without one it lives for
// ever: kIfLater never gives it one, kIfEarlier always.
enum class ExpireWhen : uint8_t { kAlways, kIfNone, kIfSome, kIfLater, kIfEarlier };

namespace detail {

inline int64_t UnixMilliseconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Later than what a TimePoint can say is never.
inline TimePoint TimePointOf(int64_t unix_ms) {
  constexpr int64_t kLast =
      std::chrono::duration_cast<std::chrono::milliseconds>(kNever.time_since_epoch()).count();
  if (unix_ms >= kLast) return kNever;
  return TimePoint(std::chrono::milliseconds(std::max(unix_ms, -kLast)));
}

// How long a blocking command waits. To a server 0 is for ever, and a time whose end no clock can
// say an error; half of kForever is beyond all ends, and what is left of kForever after some use.
inline int64_t TimeoutMs(std::chrono::milliseconds timeout) {
  return timeout < kForever / 2 ? timeout.count() : 0;
}
inline double TimeoutSeconds(std::chrono::milliseconds timeout) {
  return static_cast<double>(TimeoutMs(timeout)) / 1000;
}

inline std::string_view WordOf(ExpireWhen when) {
  constexpr std::string_view kWords[] = {"", "NX", "XX", "GT", "LT"};
  return kWords[static_cast<size_t>(when)];
}

// The PX and PXAT of SET and its kind.
inline void AddExpiry(Words& words, const std::optional<std::chrono::milliseconds>& ttl,
                      const std::optional<TimePoint>& expire_at) {
  if (ttl) words.Add("PX", ttl->count());
  if (expire_at) words.Add("PXAT", UnixMilliseconds(*expire_at));
}

// As PTTL says it: -2 is nothing there, -1 is for ever.
template <>
struct Decoder<std::optional<std::chrono::milliseconds>> {
  using Time = std::optional<std::chrono::milliseconds>;
  static Result<Time> From(Value value) {
    if (value.kind() != Value::Kind::kInteger) return Unexpected("a duration");
    if (value.integer() == -2) return Time();
    return value.integer() == -1 ? Time(kForever) : std::chrono::milliseconds(value.integer());
  }
};

// As PEXPIRETIME says it: -2 is nothing there, -1 is never.
template <>
struct Decoder<std::optional<TimePoint>> {
  static Result<std::optional<TimePoint>> From(Value value) {
    if (value.kind() != Value::Kind::kInteger) return Unexpected("a time");
    if (value.integer() == -2) return std::optional<TimePoint>();
    if (value.integer() == -1) return std::optional<TimePoint>(kNever);
    return TimePointOf(value.integer());
  }
};

// As TIME says it: seconds, and microseconds.
template <>
struct Decoder<TimePoint> {
  static Result<TimePoint> From(Value value) {
    auto parts = Decoder<std::pair<std::string, std::string>>::From(std::move(value));
    if (!parts) return std::unexpected(std::move(parts.error()));
    int64_t seconds = 0;
    int64_t microseconds = 0;
    const auto& [first, second] = *parts;
    std::from_chars(first.data(), first.data() + first.size(), seconds);
    std::from_chars(second.data(), second.data() + second.size(), microseconds);
    return TimePoint(std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
  }
};

}  // namespace detail
}  // namespace mydis
