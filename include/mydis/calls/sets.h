// Typed calls: sets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class SetCalls : public CallBase<Self, Answer, SetCalls<Self, Answer>> {
 public:
  // How many of them are new.
  Answer<int64_t> SAdd(std::string_view key, const Strings& members,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SADD", key}.Add(members), options);
  }
  // How many of them there were.
  Answer<int64_t> SRem(std::string_view key, const Strings& members,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SREM", key}.Add(members), options);
  }
  Answer<int64_t> SCard(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"SCARD", key}, options);
  }
  Answer<bool> SIsMember(std::string_view key, std::string_view member,
                         const CallOptions& options = {}) {
    return this->template Read<bool>({"SISMEMBER", key, member}, options);
  }
  Answer<std::vector<bool>> SMIsMember(std::string_view key, const Strings& members,
                                       const CallOptions& options = {}) {
    return this->template Read<std::vector<bool>>(Words{"SMISMEMBER", key}.Add(members), options);
  }
  Answer<std::vector<std::string>> SMembers(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>({"SMEMBERS", key}, options);
  }
  // False if it is not in `from`.
  Answer<bool> SMove(std::string_view from, std::string_view to, std::string_view member,
                     const CallOptions& options = {}) {
    return this->template Write<bool>({"SMOVE", from, to, member}, options);
  }
  // Any one, which is removed; nothing of an empty set.
  Answer<std::optional<std::string>> SPop(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<std::optional<std::string>>({"SPOP", key}, options);
  }
  Answer<std::vector<std::string>> SPop(std::string_view key, int64_t count,
                                        const CallOptions& options = {}) {
    return this->template Write<std::vector<std::string>>(Words{"SPOP", key}.Add(count), options);
  }
  // Any one; nothing of an empty set.
  Answer<std::optional<std::string>> SRandMember(std::string_view key,
                                                 const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"SRANDMEMBER", key}, options);
  }
  // Different ones; of a negative number that many, which may be the same.
  Answer<std::vector<std::string>> SRandMember(std::string_view key, int64_t count,
                                               const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"SRANDMEMBER", key}.Add(count),
                                                         options);
  }
  Answer<std::vector<std::string>> SUnion(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"SUNION"}.Add(keys), options);
  }
  Answer<std::vector<std::string>> SInter(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"SINTER"}.Add(keys), options);
  }
  // What is in the first and in no other.
  Answer<std::vector<std::string>> SDiff(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"SDIFF"}.Add(keys), options);
  }
  // How many members `destination` has.
  Answer<int64_t> SUnionStore(std::string_view destination, const Strings& keys,
                              const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SUNIONSTORE", destination}.Add(keys), options);
  }
  Answer<int64_t> SInterStore(std::string_view destination, const Strings& keys,
                              const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SINTERSTORE", destination}.Add(keys), options);
  }
  Answer<int64_t> SDiffStore(std::string_view destination, const Strings& keys,
                             const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"SDIFFSTORE", destination}.Add(keys), options);
  }
  // How many members all have, counted up to `limit`; 0: all.
  Answer<int64_t> SInterCard(const Strings& keys, int64_t limit = 0,
                             const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"SINTERCARD"}.Add(keys.size(), keys, "LIMIT", limit),
                                        options);
  }
  Answer<ScanStep<std::string>> SScan(std::string_view key, std::string_view cursor,
                                      const ScanOptions& scan = {},
                                      const CallOptions& options = {}) {
    Words words{"SSCAN", key, cursor};
    return this->template Read<ScanStep<std::string>>(detail::AddScanOptions(words, scan), options);
  }
};

}  // namespace mydis
