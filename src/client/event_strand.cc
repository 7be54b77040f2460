#include "client/event_strand.h"

#include <utility>

namespace mydis {

void EventStrand::Add(Event event) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    events_.push_back(std::move(event));
    if (std::exchange(scheduled_, true)) return;
  }
  runner_.RunCallback([self = shared_from_this()] { self->Run(); });
}

void EventStrand::Run() {
  mutex_.lock();
  while (!stopped_ && !events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    Event on_few;
    if (on_few_ && events_.size() <= few_) on_few = std::exchange(on_few_, nullptr);
    running_on_ = std::this_thread::get_id();
    mutex_.unlock();
    if (on_few) on_few();
    event();
    event = nullptr;  // What it holds is gone before Stop returns.
    mutex_.lock();
    running_on_ = {};
    ended_.notify_all();
  }
  scheduled_ = false;
  mutex_.unlock();
}

void EventStrand::Stop() {
  std::deque<Event> dropped;
  Event on_few;
  MutexLock lock(mutex_);
  stopped_ = true;
  events_.swap(dropped);
  std::swap(on_few, on_few_);
  while (running_on_ != std::thread::id() && running_on_ != std::this_thread::get_id())
    ended_.wait(mutex_);
}

size_t EventStrand::waiting() {
  MutexLock lock(mutex_);
  return events_.size();
}

void EventStrand::WhenFew(size_t few, Event on_few) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    if (events_.size() > few) {
      few_ = few;
      on_few_ = std::move(on_few);
      return;
    }
  }
  on_few();
}

}  // namespace mydis
