// Typed calls: the bits of strings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

// Bytes or bits of a string, both ends included; -1 is the last one.
struct BitRange {
  enum class Unit : uint8_t { kByte, kBit };
  int64_t start = 0;
  int64_t end = -1;
  Unit unit = Unit::kByte;
};

enum class BitOperation : uint8_t { kAnd, kOr, kXor, kNot };

// One step of a BITFIELD. `encoding`: "u8", "i16" …; `offset`: "100" bits, or "#2", the third of
// the encoding's width.
struct BitFieldStep {
  enum class Kind : uint8_t { kGet, kSet, kIncrBy };
  enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

  static BitFieldStep Get(std::string_view encoding, std::string_view offset) {
    return {Kind::kGet, encoding, offset, 0, Overflow::kWrap};
  }
  static BitFieldStep Set(std::string_view encoding, std::string_view offset, int64_t value,
                          Overflow overflow = Overflow::kWrap) {
    return {Kind::kSet, encoding, offset, value, overflow};
  }
  static BitFieldStep IncrBy(std::string_view encoding, std::string_view offset, int64_t by,
                             Overflow overflow = Overflow::kWrap) {
    return {Kind::kIncrBy, encoding, offset, by, overflow};
  }

  Kind kind = Kind::kGet;
  std::string_view encoding;
  std::string_view offset;
  int64_t value = 0;
  Overflow overflow = Overflow::kWrap;
};

namespace detail {

inline void AddBitRange(Words& words, const BitRange& range) {
  words.Add(range.start, range.end);
  words.Add(range.unit == BitRange::Unit::kByte ? "BYTE" : "BIT");
}

inline void AddBitFieldStep(Words& words, const BitFieldStep& step) {
  constexpr std::string_view kKinds[] = {"GET", "SET", "INCRBY"};
  constexpr std::string_view kOverflows[] = {"WRAP", "SAT", "FAIL"};
  if (step.kind != BitFieldStep::Kind::kGet) {
    words.Add("OVERFLOW", kOverflows[static_cast<size_t>(step.overflow)]);
  }
  words.Add(kKinds[static_cast<size_t>(step.kind)], step.encoding, step.offset);
  words.AddIf(step.kind != BitFieldStep::Kind::kGet, step.value);
}

inline std::string_view WordOf(BitOperation operation) {
  constexpr std::string_view kWords[] = {"AND", "OR", "XOR", "NOT"};
  return kWords[static_cast<size_t>(operation)];
}

}  // namespace detail

template <typename Self, template <typename> class Answer>
class BitmapCalls : public CallBase<Self, Answer, BitmapCalls<Self, Answer>> {
 public:
  // The bit that was there.
  Answer<bool> SetBit(std::string_view key, int64_t offset, bool bit,
                      const CallOptions& options = {}) {
    return this->template Write<bool>(Words{"SETBIT", key}.Add(offset, bit), options);
  }
  Answer<bool> GetBit(std::string_view key, int64_t offset, const CallOptions& options = {}) {
    return this->template Read<bool>(Words{"GETBIT", key}.Add(offset), options);
  }
  // How many bits are set.
  Answer<int64_t> BitCount(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"BITCOUNT", key}, options);
  }
  Answer<int64_t> BitCount(std::string_view key, const BitRange& range,
                           const CallOptions& options = {}) {
    Words words{"BITCOUNT", key};
    detail::AddBitRange(words, range);
    return this->template Read<int64_t>(words, options);
  }
  // Where the first such bit is; -1 if there is none. A string without a zero has one after its
  // end.
  Answer<int64_t> BitPos(std::string_view key, bool bit, const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"BITPOS", key}.Add(bit), options);
  }
  Answer<int64_t> BitPos(std::string_view key, bool bit, const BitRange& range,
                         const CallOptions& options = {}) {
    Words words{"BITPOS", key};
    detail::AddBitRange(words.Add(bit), range);
    return this->template Read<int64_t>(words, options);
  }
  // The length of the result, which is stored in `destination`.
  Answer<int64_t> BitOp(BitOperation operation, std::string_view destination, const Strings& keys,
                        const CallOptions& options = {}) {
    return this->template Write<int64_t>(
        Words{"BITOP", detail::WordOf(operation), destination}.Add(keys), options);
  }
  // What each step gives: what was read, what was there before, what is there now; nothing if it
  // did not take place (Overflow::kFail).
  Answer<std::vector<std::optional<int64_t>>> BitField(std::string_view key,
                                                       const ListOf<BitFieldStep>& steps,
                                                       const CallOptions& options = {}) {
    Words words{"BITFIELD", key};
    for (const BitFieldStep& step : steps) detail::AddBitFieldStep(words, step);
    return this->template Write<std::vector<std::optional<int64_t>>>(words, options);
  }
  // BITFIELD_RO: of steps that only read.
  Answer<std::vector<std::optional<int64_t>>> BitFieldRo(std::string_view key,
                                                         const ListOf<BitFieldStep>& steps,
                                                         const CallOptions& options = {}) {
    Words words{"BITFIELD_RO", key};
    for (const BitFieldStep& step : steps) detail::AddBitFieldStep(words, step);
    return this->template Read<std::vector<std::optional<int64_t>>>(words, options);
  }
};

}  // namespace mydis
