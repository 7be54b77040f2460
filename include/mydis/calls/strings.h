// Typed calls: strings and counters. Each call names its Redis command by its own name, or in its
// comment; the reference of that command says the rest.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

// When a SET takes place, and how long the key lives. A plain value.
struct SetOptions {
  enum class When : uint8_t { kAlways, kIfMissing, kIfThere };
  When when = When::kAlways;
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> expire_at;
  bool keep_ttl = false;
};

// What a GETEX makes of the key's time to live; without anything it leaves it.
struct GetExOptions {
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> expire_at;
  bool persist = false;
};

// What two strings have in common, and where: both ends are part of it.
struct LcsMatch {
  std::pair<int64_t, int64_t> in_first;
  std::pair<int64_t, int64_t> in_second;
  int64_t length = 0;
};
struct LcsMatches {
  std::vector<LcsMatch> matches;  // From the strings' ends to their beginnings.
  int64_t length = 0;             // Of all of them.
};

namespace detail {

inline void AddSetOptions(Words& words, const SetOptions& set) {
  words.AddIf(set.when == SetOptions::When::kIfMissing, "NX");
  words.AddIf(set.when == SetOptions::When::kIfThere, "XX");
  AddExpiry(words, set.ttl, set.expire_at);
  words.AddIf(set.keep_ttl, "KEEPTTL");
}

template <>
struct Decoder<LcsMatch> {
  using Range = std::pair<int64_t, int64_t>;
  static Result<LcsMatch> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 3) return Unexpected("a match");
    std::vector<Value> parts = std::move(value).elements();
    auto ranges = DecodePair<Range, Range>(std::move(parts[0]), std::move(parts[1]));
    if (!ranges) return std::unexpected(std::move(ranges.error()));
    auto length = Decoder<int64_t>::From(std::move(parts[2]));
    if (!length) return std::unexpected(std::move(length.error()));
    return LcsMatch{ranges->first, ranges->second, *length};
  }
};
template <>
struct Decoder<LcsMatches> {
  static Result<LcsMatches> From(Value value) {
    LcsMatches found;
    return FieldReader(std::move(value))
        .Read("matches", found.matches)
        .Read("len", found.length)
        .Give(found);
  }
};

}  // namespace detail

template <typename Self, template <typename> class Answer>
class StringCalls : public CallBase<Self, Answer, StringCalls<Self, Answer>> {
 public:
  // Nothing if there is no such key.
  Answer<std::optional<std::string>> Get(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"GET", key}, options);
  }
  Answer<void> Set(std::string_view key, std::string_view value, const CallOptions& options = {}) {
    return this->template Write<void>({"SET", key, value}, options);
  }
  // False if the condition did not hold.
  Answer<bool> Set(std::string_view key, std::string_view value, const SetOptions& set,
                   const CallOptions& options = {}) {
    Words words{"SET", key, value};
    detail::AddSetOptions(words, set);
    return this->template Write<bool>(words, options);
  }
  // SET with GET: the value that it had.
  Answer<std::optional<std::string>> GetSet(std::string_view key, std::string_view value,
                                            const SetOptions& set = {},
                                            const CallOptions& options = {}) {
    Words words{"SET", key, value, "GET"};
    detail::AddSetOptions(words, set);
    return this->template Write<std::optional<std::string>>(words, options);
  }
  Answer<std::optional<std::string>> GetDel(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<std::optional<std::string>>({"GETDEL", key}, options);
  }
  Answer<std::optional<std::string>> GetEx(std::string_view key, const GetExOptions& expiry,
                                           const CallOptions& options = {}) {
    Words words{"GETEX", key};
    detail::AddExpiry(words, expiry.ttl, expiry.expire_at);
    return this->template Write<std::optional<std::string>>(words.AddIf(expiry.persist, "PERSIST"),
                                                            options);
  }
  Answer<std::vector<std::optional<std::string>>> MGet(const Strings& keys,
                                                       const CallOptions& options = {}) {
    return this->template Read<std::vector<std::optional<std::string>>>(Words{"MGET"}.Add(keys),
                                                                        options);
  }
  Answer<void> MSet(const StringPairs& values, const CallOptions& options = {}) {
    return this->template Write<void>(Words{"MSET"}.Add(values), options);
  }
  // All of them, or none if one of the keys is there: false then.
  Answer<bool> MSetNx(const StringPairs& values, const CallOptions& options = {}) {
    return this->template Write<bool>(Words{"MSETNX"}.Add(values), options);
  }
  // The length afterwards.
  Answer<int64_t> Append(std::string_view key, std::string_view value,
                         const CallOptions& options = {}) {
    return this->template Write<int64_t>({"APPEND", key, value}, options);
  }
  Answer<int64_t> StrLen(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"STRLEN", key}, options);
  }
  // Both ends are part of it; -1 is the last byte.
  Answer<std::string> GetRange(std::string_view key, int64_t start, int64_t end,
                               const CallOptions& options = {}) {
    return this->template Read<std::string>(Words{"GETRANGE", key}.Add(start, end), options);
  }
  // The length afterwards.
  Answer<int64_t> SetRange(std::string_view key, int64_t offset, std::string_view value,
                           const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SETRANGE", key}.Add(offset, value), options);
  }
  // The number afterwards; of the other counters too.
  Answer<int64_t> Incr(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<int64_t>({"INCR", key}, options);
  }
  Answer<int64_t> IncrBy(std::string_view key, int64_t by, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"INCRBY", key}.Add(by), options);
  }
  Answer<int64_t> Decr(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<int64_t>({"DECR", key}, options);
  }
  Answer<int64_t> DecrBy(std::string_view key, int64_t by, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"DECRBY", key}.Add(by), options);
  }
  Answer<double> IncrByFloat(std::string_view key, double by, const CallOptions& options = {}) {
    return this->template Write<double>(Words{"INCRBYFLOAT", key}.Add(by), options);
  }
  // The longest common subsequence of two strings.
  Answer<std::string> Lcs(std::string_view first, std::string_view second,
                          const CallOptions& options = {}) {
    return this->template Read<std::string>({"LCS", first, second}, options);
  }
  Answer<int64_t> LcsLength(std::string_view first, std::string_view second,
                            const CallOptions& options = {}) {
    return this->template Read<int64_t>({"LCS", first, second, "LEN"}, options);
  }
  // Those of at least `min_length` bytes.
  Answer<LcsMatches> LcsFind(std::string_view first, std::string_view second,
                             int64_t min_length = 0, const CallOptions& options = {}) {
    Words words{"LCS", first, second, "IDX", "WITHMATCHLEN"};
    return this->template Read<LcsMatches>(words.Add("MINMATCHLEN", min_length), options);
  }
};

}  // namespace mydis
