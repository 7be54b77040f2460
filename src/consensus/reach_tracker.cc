#include "consensus/reach_tracker.h"

#include <algorithm>

namespace mydis {
namespace {

constexpr uint64_t kScanUs = 20'000;

}  // namespace

void ReachTracker::Watch(uint64_t index, uint32_t needed_applied, uint32_t needed_durable,
                         uint64_t deadline_us, Callback done) {
  watches_.push_back(Watched{index, needed_applied, needed_durable, deadline_us, std::move(done)});
  news_ = true;
}

void ReachTracker::OnApplied(uint64_t from, const WireApplied& report) {
  Peer& peer = peers_[from];
  peer.applied = std::max(peer.applied, report.applied);
  peer.durable = std::max({peer.durable, report.durable, report.applied});
  news_ = true;
}

void ReachTracker::OnConnected(uint64_t peer) {
  const auto it = peers_.find(peer);
  if (it != peers_.end()) it->second.asked_us = 0;
}

Reach ReachTracker::Count(uint64_t index, const Members& members) {
  Reach reach;
  for (const auto& [id, member] : members.all()) {
    if (id == self_) continue;
    ++reach.others;
    const auto it = peers_.find(id);
    if (it == peers_.end()) continue;
    if (it->second.applied >= index) ++reach.applied;
    if (it->second.durable >= index) ++reach.durable;
  }
  return reach;
}

std::vector<ReachTracker::Due> ReachTracker::Pump(const Members& members, uint64_t now_us) {
  std::vector<Due> due;
  if (watches_.empty()) return due;
  if (!news_ && now_us < next_scan_us_) return due;
  news_ = false;
  next_scan_us_ = now_us + kScanUs;
  uint64_t highest = 0;
  std::erase_if(watches_, [&](Watched& watch) {
    const Reach reach = Count(watch.index, members);
    const bool enough = reach.applied >= std::min(watch.needed_applied, reach.others) &&
                        reach.durable >= std::min(watch.needed_durable, reach.others);
    const bool overdue = watch.deadline_us != 0 && watch.deadline_us <= now_us;
    if (!enough && !overdue) {
      highest = std::max(highest, watch.index);
      return false;
    }
    due.push_back(Due{std::move(watch.done), reach});
    return true;
  });
  if (highest == 0) return due;
  for (const auto& [id, member] : members.all()) {
    if (id == self_) continue;
    Peer& peer = peers_[id];
    if (peer.applied >= highest) continue;
    if (peer.asked >= highest && peer.asked_us != 0 && now_us - peer.asked_us < retry_us_) continue;
    peer.asked = highest;
    peer.asked_us = now_us;
    send_(id, Encode(WireWatch{highest}));
  }
  return due;
}

void ReachTracker::OnWatch(uint64_t from, const WireWatch& watch, uint64_t applied,
                           uint64_t durable) {
  if (watch.index > applied) {
    uint64_t& wanted = askers_[from];
    wanted = std::max(wanted, watch.index);
  }
  send_(from, Encode(WireApplied{applied, durable}));
}

void ReachTracker::OnLocalApply(uint64_t applied, uint64_t durable) {
  std::erase_if(askers_, [&](const auto& asker) {
    send_(asker.first, Encode(WireApplied{applied, durable}));
    return asker.second <= applied;
  });
}

}  // namespace mydis
