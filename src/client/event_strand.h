// Runs the handlers of one listener on the executor: one at a time, in order, none after Stop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "mydis/future.h"

namespace mydis {

// Any thread.
class EventStrand : public std::enable_shared_from_this<EventStrand> {
 public:
  using Event = std::move_only_function<void()>;

  explicit EventStrand(detail::CallbackRunner& runner) : runner_(runner) {}

  void Add(Event event);
  // No event runs when this returns, unless it is called from within one.
  void Stop();
  // Of events that wait, as of now.
  size_t waiting();
  // Calls `on_few` once, when no more than `few` wait: now, or later on the thread that runs them.
  void WhenFew(size_t few, Event on_few);

 private:
  void Run();

  detail::CallbackRunner& runner_;
  Mutex mutex_;
  std::condition_variable_any ended_;
  std::deque<Event> events_ MYDIS_GUARDED_BY(mutex_);
  bool scheduled_ MYDIS_GUARDED_BY(mutex_) = false;  // Run is running, or will.
  bool stopped_ MYDIS_GUARDED_BY(mutex_) = false;
  std::thread::id running_on_ MYDIS_GUARDED_BY(mutex_);  // The thread within an event.
  size_t few_ MYDIS_GUARDED_BY(mutex_) = 0;
  Event on_few_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
