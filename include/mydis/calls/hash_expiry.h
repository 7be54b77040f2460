// Typed calls: the fields of hashes that live for a time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/calls/strings.h"
#include "mydis/times.h"

namespace mydis {

// What became of a field's deadline.
enum class FieldExpiry : int8_t {
  kNoField = -2,
  kNone = -1,    // HPersist: it has none.
  kNotSet = 0,   // The condition did not hold.
  kSet = 1,      // HPersist: it is gone.
  kDeleted = 2,  // The deadline was over: the field is gone.
};

struct HSetExOptions {
  // Of all the fields.
  enum class When : uint8_t { kAlways, kIfMissing, kIfThere };
  When when = When::kAlways;
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> expire_at;
  bool keep_ttl = false;
};

namespace detail {

template <>
struct Decoder<FieldExpiry> {
  static Result<FieldExpiry> From(Value value) {
    if (value.kind() != Value::Kind::kInteger) return Unexpected("what became of a field");
    return static_cast<FieldExpiry>(value.integer());
  }
};

inline Words& AddFieldNames(Words& words, const Strings& fields) {
  return words.Add("FIELDS", fields.size(), fields);
}

}  // namespace detail

template <typename Self, template <typename> class Answer>
class HashExpiryCalls : public CallBase<Self, Answer, HashExpiryCalls<Self, Answer>> {
 public:
  // All the fields, or none if the condition does not hold: false then.
  Answer<bool> HSetEx(std::string_view key, const StringPairs& fields, const HSetExOptions& set,
                      const CallOptions& options = {}) {
    Words words{"HSETEX", key};
    words.AddIf(set.when == HSetExOptions::When::kIfMissing, "FNX");
    words.AddIf(set.when == HSetExOptions::When::kIfThere, "FXX");
    detail::AddExpiry(words, set.ttl, set.expire_at);
    return this->template Write<bool>(
        words.AddIf(set.keep_ttl, "KEEPTTL").Add("FIELDS", fields.size(), fields), options);
  }
  Answer<std::vector<std::optional<std::string>>> HGetEx(std::string_view key,
                                                         const Strings& fields,
                                                         const GetExOptions& expiry,
                                                         const CallOptions& options = {}) {
    Words words{"HGETEX", key};
    detail::AddExpiry(words, expiry.ttl, expiry.expire_at);
    return this->template Write<std::vector<std::optional<std::string>>>(
        detail::AddFieldNames(words.AddIf(expiry.persist, "PERSIST"), fields), options);
  }
  // HPEXPIRE
  Answer<std::vector<FieldExpiry>> HExpire(std::string_view key, std::chrono::milliseconds ttl,
                                           const Strings& fields,
                                           ExpireWhen when = ExpireWhen::kAlways,
                                           const CallOptions& options = {}) {
    Words words{"HPEXPIRE", key};
    words.Add(ttl.count()).AddIf(when != ExpireWhen::kAlways, detail::WordOf(when));
    return this->template Write<std::vector<FieldExpiry>>(detail::AddFieldNames(words, fields),
                                                          options);
  }
  // HPEXPIREAT
  Answer<std::vector<FieldExpiry>> HExpireAt(std::string_view key, TimePoint time,
                                             const Strings& fields,
                                             ExpireWhen when = ExpireWhen::kAlways,
                                             const CallOptions& options = {}) {
    Words words{"HPEXPIREAT", key};
    words.Add(detail::UnixMilliseconds(time));
    words.AddIf(when != ExpireWhen::kAlways, detail::WordOf(when));
    return this->template Write<std::vector<FieldExpiry>>(detail::AddFieldNames(words, fields),
                                                          options);
  }
  Answer<std::vector<FieldExpiry>> HPersist(std::string_view key, const Strings& fields,
                                            const CallOptions& options = {}) {
    Words words{"HPERSIST", key};
    return this->template Write<std::vector<FieldExpiry>>(detail::AddFieldNames(words, fields),
                                                          options);
  }
  // HPTTL: nothing for a field that is not there, kForever for one that does not expire.
  Answer<std::vector<std::optional<std::chrono::milliseconds>>> HTtl(
      std::string_view key, const Strings& fields, const CallOptions& options = {}) {
    Words words{"HPTTL", key};
    return this->template Read<std::vector<std::optional<std::chrono::milliseconds>>>(
        detail::AddFieldNames(words, fields), options);
  }
  // HPEXPIRETIME: nothing for a field that is not there, kNever for one that does not expire.
  Answer<std::vector<std::optional<TimePoint>>> HExpireTime(std::string_view key,
                                                            const Strings& fields,
                                                            const CallOptions& options = {}) {
    Words words{"HPEXPIRETIME", key};
    return this->template Read<std::vector<std::optional<TimePoint>>>(
        detail::AddFieldNames(words, fields), options);
  }
};

}  // namespace mydis
