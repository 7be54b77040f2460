#include "library/state_visits.h"

#include <atomic>
#include <thread>

namespace mydis {
namespace {

// A number for each thread: those that are alive together seldom want the same slot.
uint32_t NumberOfThread() {
  static std::atomic<uint32_t> last{0};
  thread_local const uint32_t number = last.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

StateVisits::StateVisits(std::shared_ptr<Node> node)
    : node_(std::move(node)), lock_(node_->core().shared_lock) {
  for (uint32_t i = 0; i < lock_->shared_slots(); ++i) desks_.push_back({Random(RandomSeed())});
}

StateVisits::Visit::Visit(StateVisits& visits, Patience patience)
    : visits_(visits), slot_(visits.Enter(patience)) {}

std::optional<uint32_t> StateVisits::Enter(Patience patience) {
  for (;;) {
    const std::optional<uint32_t> slot = lock_->TryLockShared(NumberOfThread());
    if (slot || patience == kLeaves || lock_->closed()) return slot;
    // Visits are short.
    std::this_thread::yield();
  }
}

StateVisits::Visit::~Visit() {
  if (slot_) visits_.lock_->UnlockShared(*slot_);
}

CommandCount& StateVisits::Visit::CountsOf(const CommandSpec& spec) const {
  Desk& mine = desk();
  if (mine.counted_spec != &spec) {
    mine.counted_spec = &spec;
    mine.counted = &stats().Of(&spec);
  }
  return *mine.counted;
}

}  // namespace mydis
