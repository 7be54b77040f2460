#include "net/timer_queue.h"

#include <algorithm>
#include <utility>

namespace mydis {

TimerId TimerQueue::Add(uint64_t deadline_ms, Task task) {
  const TimerId id = next_id_++;
  tasks_.emplace(id, std::move(task));
  heap_.push_back({deadline_ms, id});
  std::push_heap(heap_.begin(), heap_.end());
  return id;
}

bool TimerQueue::Cancel(TimerId id) {
  if (tasks_.erase(id) == 0) return false;
  // Entries of cancelled timers go when they come to the top, or all at once when they are most.
  if (heap_.size() > 64 && heap_.size() > 2 * tasks_.size()) {
    std::erase_if(heap_, [this](const Entry& e) { return !tasks_.contains(e.id); });
    std::make_heap(heap_.begin(), heap_.end());
  }
  return true;
}

void TimerQueue::DropCancelled() {
  while (!heap_.empty() && !tasks_.contains(heap_.front().id)) {
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }
}

uint64_t TimerQueue::NextDeadline() {
  DropCancelled();
  return heap_.empty() ? UINT64_MAX : heap_.front().deadline_ms;
}

void TimerQueue::RunDue(uint64_t now_ms) {
  const TimerId first_new = next_id_;
  std::vector<Entry> added;  // By the tasks run here, and due already.
  while (NextDeadline() <= now_ms) {
    const Entry entry = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    if (entry.id >= first_new) {
      added.push_back(entry);
      continue;
    }
    auto node = tasks_.extract(entry.id);
    node.mapped()();
  }
  for (const Entry& entry : added) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end());
  }
}

}  // namespace mydis
