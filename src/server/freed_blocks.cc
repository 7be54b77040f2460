#include "server/freed_blocks.h"

#include "server/heap.h"

namespace mydis {
namespace {

// Long enough that a stream of small removals does not wake all loops for each.
constexpr int kQuietTicks = 10;

}  // namespace

void FreedBlocks::Start() {
  if (running_.exchange(true)) return;
  loop_.Post([this] { Schedule(); });
}

// By a timer: what is posted may be done by another thread in the place of the loop's own.
void FreedBlocks::Schedule() {
  loop_.AddTimer(1, [this] { Tick(); });
}

void FreedBlocks::Tick() {
  TakeBackFreed();
  quiet_ticks_ = reclaimer_.pending() > 0 ? 0 : quiet_ticks_ + 1;
  if (quiet_ticks_ < kQuietTicks) return Schedule();
  quiet_ticks_ = 0;
  running_.store(false);
  if (reclaimer_.pending() > 0) Start();  // It began just now, and found this one running.
}

}  // namespace mydis
