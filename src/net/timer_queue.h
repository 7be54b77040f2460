// One-shot timers by deadline, in milliseconds. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace mydis {

// Names a timer; never 0 and never used again.
using TimerId = uint64_t;

class TimerQueue {
 public:
  using Task = std::move_only_function<void()>;

  TimerId Add(uint64_t deadline_ms, Task task);
  // False if it has run, or was cancelled.
  bool Cancel(TimerId id);
  // Runs all that are due at `now_ms`, by deadline and then in order of addition. Timers that these
  // add run no earlier than the next call.
  void RunDue(uint64_t now_ms);
  // The earliest deadline, or UINT64_MAX.
  uint64_t NextDeadline();
  size_t size() const { return tasks_.size(); }

 private:
  struct Entry {
    uint64_t deadline_ms;
    TimerId id;
    // std::push_heap keeps the greatest first; the earliest deadline is the greatest here.
    bool operator<(const Entry& other) const {
      return deadline_ms != other.deadline_ms ? deadline_ms > other.deadline_ms : id > other.id;
    }
  };
  void DropCancelled();

  std::vector<Entry> heap_;  // May hold entries of cancelled timers.
  std::unordered_map<TimerId, Task> tasks_;
  TimerId next_id_ = 1;
};

}  // namespace mydis
