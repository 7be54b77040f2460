// Which keys go when the data reaches `maxmemory` (docs/eviction.md). The room is made while
// entries are applied, so the limit holds on every instance at the same place in the log. Uses by
// readers are known to each instance alone; the leader therefore says through the log, ahead of
// need, which keys it would let go, and the state keeps that list. What is left when the list is
// empty follows from the state itself.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "base/random.h"
#include "state/keyspace.h"
#include "state/settings.h"

namespace mydis {

// What a state without keys takes, about, in bytes: the least that used_memory says.
inline constexpr uint64_t kEmptyStateBytes = 1 << 20;

// Keys that the leader would let go, the first one first. Part of the state.
class EvictionList {
 public:
  struct Candidate {
    uint32_t db;
    uint64_t revision;  // Of the key when it was chosen: one written since then stays.
    std::string key;
  };

  size_t size() const { return candidates_.size(); }
  bool empty() const { return candidates_.empty(); }
  void Add(Candidate candidate) { candidates_.push_back(std::move(candidate)); }
  std::optional<Candidate> Pop();
  void Clear() { candidates_.clear(); }

  void Save(std::string& out) const;
  // Replaces the list; false if the bytes are not what Save writes.
  bool Load(Decoder& in);

 private:
  std::deque<Candidate> candidates_;
};

// What the keys count for: with State::requests it is what used_memory says and `maxmemory` bounds,
// the same on every instance.
uint64_t UsedMemory(const Keyspace& keyspace);
// Whether so many bytes are over the limit.
bool OverLimit(uint64_t bytes, const Settings& settings);
// Whether the policy leaves any key to go.
bool MayEvict(const Keyspace& keyspace, const Settings& settings);

// Removes keys until they are, with `other_bytes`, within the limit, none is left to go, or
// `at_once` are gone; gives how many went. The applying thread; the keyspace's revision is that of
// the removals.
inline constexpr size_t kEvictionsAtOnce = 1024;
size_t MakeRoom(Keyspace& keyspace, const Settings& settings, EvictionList& list, Random& random,
                uint64_t other_bytes = 0, size_t at_once = kEvictionsAtOnce);

// Of the leader: what goes on the list next, by this instance's notes of use. Empty for policies
// that need no list.
EvictionList ChooseCandidates(const Keyspace& keyspace, const Settings& settings, size_t count,
                              uint64_t now_ms, Random& random);

}  // namespace mydis
