#include "server/http/node_backend.h"

#include <algorithm>

#include "server/node.h"

namespace mydis {
namespace {

// Longer than anything that a loop does in one turn.
constexpr uint64_t kTurnMs = 20'000;
constexpr uint64_t kMostBody = uint64_t{512} << 20;

}  // namespace

const CommandTable& NodeBackend::table() const { return node_.table(); }

uint64_t NodeBackend::max_body() const { return kMostBody; }
uint64_t NodeBackend::max_word() const { return node_.resp_limits().max_bulk; }

std::string NodeBackend::Leader() const {
  const auto status = node_.consensus().status();
  for (const MemberStatus& member : status->members) {
    if (member.member.raft_id == status->leader) return member.member.instance_id;
  }
  return {};
}

Consistency NodeBackend::Given(bool write, std::optional<Consistency> wanted) const {
  const ServerOptions& options = node_.options();
  if (write && node_.core().strong_writes.load(std::memory_order_relaxed))
    return Consistency::kStrong;
  return wanted.value_or(write ? options.write_consistency : options.read_consistency);
}

const std::string& NodeBackend::cors_origin() const { return node_.options().http_cors_origin; }

uint64_t NodeBackend::WallMs() const { return node_.clock().WallMs(); }

bool NodeBackend::AllTurn() const {
  const uint64_t now_ms = node_.clock().MonotonicUs() / 1000;
  auto& threads = node_.threads();
  MutexLock guard(mutex_);
  while (owed_.size() <= threads.size())
    owed_.push_back(std::make_shared<std::atomic<uint64_t>>(0));
  bool all = true;
  for (size_t i = 0; i < owed_.size(); ++i) {
    uint64_t since_ms = 0;
    if (!owed_[i]->compare_exchange_strong(since_ms, now_ms)) {
      all &= now_ms - since_ms <= kTurnMs;
    } else if (i == 0) {
      node_.consensus().Post([owed = owed_[i]](Replica*) { owed->store(0); });
    } else {
      threads[i - 1]->loop().Post([owed = owed_[i]] { owed->store(0); });
    }
  }
  return all;
}

HttpHealth NodeBackend::Health() const {
  const auto status = node_.consensus().status();
  HttpHealth health;
  health.why = node_.consensus().WhyUnready();
  health.ready = health.why.empty();
  health.has_leader = status->leader != 0;
  health.lag = status->commit - std::min(status->applied, status->commit);
  health.turning = AllTurn();
  return health;
}

}  // namespace mydis
