// The payloads that the Raft core knows by a number. See "Refs" in engine.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "consensus/engine.h"

namespace mydis {

// One thread.
class RefTable {
 public:
  // A ref that is not in use; never 0. Its lower half is the payload's size.
  uint64_t Add(Payload payload) {
    const uint64_t size = std::min<uint64_t>(payload->size(), UINT32_MAX);
    for (;;) {
      const uint64_t ref = uint64_t{next_++} << 32 | size;
      if (ref != 0 && live_.try_emplace(ref, payload).second) return ref;
    }
  }
  // Null for ref 0, which is an empty entry.
  Payload Find(uint64_t ref) const {
    const auto it = live_.find(ref);
    return it == live_.end() ? nullptr : it->second;
  }
  // After a settled turn: only the refs of its Ready's entries live on.
  void Settle(std::span<const NewEntry> entries) {
    if (live_.empty()) return;
    std::unordered_map<uint64_t, Payload> kept;
    for (const NewEntry& entry : entries) {
      auto it = live_.find(entry.ref);
      if (it != live_.end()) kept.insert(live_.extract(it));
    }
    live_ = std::move(kept);
  }
  size_t size() const { return live_.size(); }

 private:
  std::unordered_map<uint64_t, Payload> live_;
  uint32_t next_ = 1;
};

}  // namespace mydis
