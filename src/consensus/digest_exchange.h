// Compares what the members' states are at the same log indexes, and says whose is wrong.
// docs/digests.md has the rules and their reasons.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/state_check.h"

namespace mydis {

// Thread: the replica's.
class DigestExchange {
 public:
  explicit DigestExchange(uint64_t self) : self_(self) {}

  // States that differ at an index.
  struct Difference {
    uint64_t index = 0;
    StateCheck check;     // This instance's.
    bool decided = true;  // False: `right` is nobody, until more members have answered.
    std::vector<uint64_t> right;
    std::vector<uint64_t> wrong;  // Not told before for this index.
    bool self_is_wrong = false;
  };

  void OnOwn(uint64_t index, const StateCheck& check, uint64_t now_us);
  void OnPeer(uint64_t from, uint64_t index, const StateCheck& check);
  // The next one that is known by now, told once. `members`: raft ids of all, in order.
  std::optional<Difference> Next(std::span<const uint64_t> members, uint64_t now_us);
  // What was collected is of no use any more: this instance's state is another one now.
  void Forget() { rounds_.clear(); }

  uint64_t agreements() const { return agreements_; }    // Indexes at which all members agreed.
  uint64_t differences() const { return differences_; }  // At which any did not.

 private:
  struct Round {
    std::map<uint64_t, StateCheck> checks;  // By member.
    uint64_t since_us = 0;                  // Own is there since.
    std::set<uint64_t> told;                // Members whose difference was told.
    bool agreed = false;
    bool undecided_told = false;
  };
  std::optional<Difference> Look(uint64_t index, Round& round, std::span<const uint64_t> members,
                                 uint64_t now_us);
  Round& At(uint64_t index);

  uint64_t self_;
  std::map<uint64_t, Round> rounds_;  // By index.
  Round too_old_;                     // Takes what is older than all that are kept.
  bool changed_ = false;              // Since Next() found nothing.
  uint64_t look_us_ = 0;              // When to look again all the same.
  uint64_t agreements_ = 0;
  uint64_t differences_ = 0;
};

}  // namespace mydis
