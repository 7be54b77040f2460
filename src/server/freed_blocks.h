// While another thread frees much of what a loop's thread has allocated, that thread takes it back
// a little at a time.
//
// The allocator (mimalloc) hands a block that another thread frees back to the thread it came from,
// which takes all such blocks when it next asks for new memory: at some 20 ns each, and all at
// once. A thread that slept while millions were freed would stop for as long as freeing them itself
// takes.
#pragma once

#include <atomic>

#include "net/event_loop.h"
#include "server/background_reclaimer.h"

namespace mydis {

class FreedBlocks {
 public:
  // Both outlive what is posted to the loop, and so does this.
  FreedBlocks(EventLoop& loop, const BackgroundReclaimer& reclaimer)
      : loop_(loop), reclaimer_(reclaimer) {}

  // Takes blocks back every millisecond or two, on the loop's own thread, until the reclaimer has
  // had nothing to do for a while. Any thread.
  void Start();
  // Whether it does. Any thread.
  bool running() const { return running_; }

 private:
  void Schedule();
  void Tick();

  EventLoop& loop_;
  const BackgroundReclaimer& reclaimer_;
  std::atomic<bool> running_{false};
  int quiet_ticks_ = 0;  // The loop's thread.
};

}  // namespace mydis
