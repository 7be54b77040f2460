// Typed calls: hashes. The lives of single fields are in hash_expiry.h.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class HashCalls : public CallBase<Self, Answer, HashCalls<Self, Answer>> {
 public:
  // How many of the fields are new.
  Answer<int64_t> HSet(std::string_view key, const StringPairs& fields,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"HSET", key}.Add(fields), options);
  }
  // Whether the field is new.
  Answer<bool> HSet(std::string_view key, std::string_view field, std::string_view value,
                    const CallOptions& options = {}) {
    return this->template Write<bool>({"HSET", key, field, value}, options);
  }
  // False if the field is there.
  Answer<bool> HSetNx(std::string_view key, std::string_view field, std::string_view value,
                      const CallOptions& options = {}) {
    return this->template Write<bool>({"HSETNX", key, field, value}, options);
  }
  Answer<std::optional<std::string>> HGet(std::string_view key, std::string_view field,
                                          const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"HGET", key, field}, options);
  }
  Answer<std::vector<std::optional<std::string>>> HMGet(std::string_view key, const Strings& fields,
                                                        const CallOptions& options = {}) {
    return this->template Read<std::vector<std::optional<std::string>>>(
        Words{"HMGET", key}.Add(fields), options);
  }
  Answer<Fields> HGetAll(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<Fields>({"HGETALL", key}, options);
  }
  Answer<std::vector<std::string>> HKeys(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>({"HKEYS", key}, options);
  }
  Answer<std::vector<std::string>> HVals(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>({"HVALS", key}, options);
  }
  Answer<bool> HExists(std::string_view key, std::string_view field,
                       const CallOptions& options = {}) {
    return this->template Read<bool>({"HEXISTS", key, field}, options);
  }
  Answer<int64_t> HLen(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"HLEN", key}, options);
  }
  // How long the value is; 0 if there is none.
  Answer<int64_t> HStrLen(std::string_view key, std::string_view field,
                          const CallOptions& options = {}) {
    return this->template Read<int64_t>({"HSTRLEN", key, field}, options);
  }
  // How many of them there were.
  Answer<int64_t> HDel(std::string_view key, const Strings& fields,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"HDEL", key}.Add(fields), options);
  }
  // The values of the fields, which are gone.
  Answer<std::vector<std::optional<std::string>>> HGetDel(std::string_view key,
                                                          const Strings& fields,
                                                          const CallOptions& options = {}) {
    return this->template Write<std::vector<std::optional<std::string>>>(
        Words{"HGETDEL", key, "FIELDS"}.Add(fields.size(), fields), options);
  }
  // The number afterwards.
  Answer<int64_t> HIncrBy(std::string_view key, std::string_view field, int64_t by,
                          const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"HINCRBY", key, field}.Add(by), options);
  }
  Answer<double> HIncrByFloat(std::string_view key, std::string_view field, double by,
                              const CallOptions& options = {}) {
    return this->template Write<double>(Words{"HINCRBYFLOAT", key, field}.Add(by), options);
  }
  // Nothing if there is no such key.
  Answer<std::optional<std::string>> HRandField(std::string_view key,
                                                const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"HRANDFIELD", key}, options);
  }
  // Different ones; of a negative number that many, which may be the same.
  Answer<std::vector<std::string>> HRandField(std::string_view key, int64_t count,
                                              const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"HRANDFIELD", key}.Add(count),
                                                         options);
  }
  Answer<Fields> HRandFieldWithValues(std::string_view key, int64_t count,
                                      const CallOptions& options = {}) {
    return this->template Read<Fields>(Words{"HRANDFIELD", key}.Add(count, "WITHVALUES"), options);
  }
  Answer<ScanStep<std::pair<std::string, std::string>>> HScan(std::string_view key,
                                                              std::string_view cursor,
                                                              const ScanOptions& scan = {},
                                                              const CallOptions& options = {}) {
    Words words{"HSCAN", key, cursor};
    return this->template Read<ScanStep<std::pair<std::string, std::string>>>(
        detail::AddScanOptions(words, scan), options);
  }
};

}  // namespace mydis
