#include "consensus/digest_exchange.h"

#include <algorithm>

namespace mydis {
namespace {

constexpr size_t kRounds = 64;
constexpr uint64_t kLookUs = 1'000'000;
// So long the others are waited for before it is said that states differ, but not whose is right.
constexpr uint64_t kPatienceUs = 10'000'000;

}  // namespace

DigestExchange::Round& DigestExchange::At(uint64_t index) {
  if (const auto it = rounds_.find(index); it == rounds_.end() && rounds_.size() == kRounds) {
    if (index < rounds_.begin()->first) return too_old_;
    rounds_.erase(rounds_.begin());
  }
  changed_ = true;
  return rounds_[index];
}

void DigestExchange::OnOwn(uint64_t index, const StateCheck& check, uint64_t now_us) {
  Round& round = At(index);
  round.checks[self_] = check;
  round.since_us = now_us;
}

void DigestExchange::OnPeer(uint64_t from, uint64_t index, const StateCheck& check) {
  At(index).checks[from] = check;
}

std::optional<DigestExchange::Difference> DigestExchange::Next(std::span<const uint64_t> members,
                                                               uint64_t now_us) {
  if (!changed_ && now_us < look_us_) return std::nullopt;
  for (auto& [index, round] : rounds_) {
    if (auto difference = Look(index, round, members, now_us)) return difference;
  }
  changed_ = false;
  look_us_ = now_us + kLookUs;
  return std::nullopt;
}

std::optional<DigestExchange::Difference> DigestExchange::Look(uint64_t index, Round& round,
                                                               std::span<const uint64_t> members,
                                                               uint64_t now_us) {
  if (!round.checks.contains(self_)) return std::nullopt;
  std::map<StateCheck, std::vector<uint64_t>> groups;
  size_t answered = 0;
  for (uint64_t member : members) {
    const auto it = round.checks.find(member);
    if (it == round.checks.end()) continue;
    groups[it->second].push_back(member);
    ++answered;
  }
  const bool all = answered == members.size();
  if (groups.size() <= 1) {
    if (all && !round.agreed) ++agreements_;
    round.agreed |= all;
    return std::nullopt;
  }
  const auto better = [](const auto& a, const auto& b) {
    if (a.second.size() != b.second.size()) return a.second.size() > b.second.size();
    return a.second.front() < b.second.front();
  };
  const auto& best = std::min_element(groups.begin(), groups.end(), better)->second;
  Difference difference{.index = index, .check = round.checks[self_]};
  if (2 * best.size() <= members.size() && !all) {
    if (round.undecided_told || now_us - round.since_us < kPatienceUs) return std::nullopt;
    round.undecided_told = true;
    difference.decided = false;
    ++differences_;
    return difference;
  }
  difference.right = best;
  for (const auto& [check, group] : groups) {
    if (group == best) continue;
    for (uint64_t member : group) {
      if (!round.told.insert(member).second) continue;
      difference.wrong.push_back(member);
      difference.self_is_wrong |= member == self_;
    }
  }
  if (difference.wrong.empty()) return std::nullopt;
  ++differences_;
  return difference;
}

}  // namespace mydis
