// The ID of a stream's entry: milliseconds of Unix time, and a number among the entries of one
// millisecond.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace mydis {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  constexpr auto operator<=>(const StreamId&) const = default;
  // 0-0, which no entry has.
  constexpr bool zero() const { return ms == 0 && seq == 0; }
  static constexpr StreamId Max() {
    constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    return {kMax, kMax};
  }
  // The neighbours in order; nullopt beyond either end.
  constexpr std::optional<StreamId> Next() const {
    if (*this == Max()) return std::nullopt;
    return seq == Max().seq ? StreamId{ms + 1, 0} : StreamId{ms, seq + 1};
  }
  constexpr std::optional<StreamId> Previous() const {
    if (zero()) return std::nullopt;
    return seq == 0 ? StreamId{ms - 1, Max().seq} : StreamId{ms, seq - 1};
  }
};

// An ID as clients see it: "1526919030474-55".
class StreamIdText {
 public:
  explicit StreamIdText(StreamId id) {
    char* const dash = std::to_chars(text_, text_ + sizeof text_, id.ms).ptr;
    *dash = '-';
    size_ = static_cast<size_t>(std::to_chars(dash + 1, text_ + sizeof text_, id.seq).ptr - text_);
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[41];
  size_t size_;
};

}  // namespace mydis
