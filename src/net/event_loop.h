// One epoll loop with a thread of its own. A turn of the loop is:
//
//   1. sleep in epoll_wait until a file descriptor, a timer or a Post() wakes it
//   2. handlers of ready descriptors, due timers, posted functions, tasks queued by RunNextTurn
//   3. the AfterEvents hooks, in the order they were added (submit a batch; write replies)
//   4. tasks queued by RunAtTurnEnd (streams flush their output and report that they have closed)
//   5. the AfterTurn hooks
//
// While the loop's thread sleeps, another may do what was posted, on the loop's behalf (TryDrive):
// that saves the wake-up of a thread, which on an idle machine costs more than most of what is
// posted. One thread at a time has the loop, and "the loop's thread" below is the one that has it.
//
// So everything that arrived together is handled together, and each connection is written to at
// most once a turn. Turns do not sleep while posted functions or tasks wait.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "mydis/status.h"
#include "net/timer_queue.h"

namespace mydis {

// Told when its descriptor is ready. The loop's thread.
class FdHandler {
 public:
  // `events` is a set of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~FdHandler() = default;
};

// A piece of work that an object queues for itself; queueing it twice runs it once. Its destructor
// takes it off the queue. The loop's thread.
class TurnTask {
 public:
  virtual ~TurnTask() {
    if (queue_ != nullptr) (*queue_)[index_] = nullptr;
  }
  virtual void RunTask() = 0;
  bool queued() const { return queue_ != nullptr; }

 protected:
  TurnTask() = default;
  TurnTask(const TurnTask&) = delete;
  TurnTask& operator=(const TurnTask&) = delete;

 private:
  friend class EventLoop;
  std::vector<TurnTask*>* queue_ = nullptr;  // That holds it, or null.
  size_t index_ = 0;
};

// Post, PostQuietly, TryDrive, Stop and the constructor may be called by any thread, the rest by
// the one that has the loop; before Run starts, the thread that made it may call everything.
class EventLoop {
 public:
  struct Options {
    // Asks epoll again for this long before it sleeps. Costs a core; saves the wake-up's latency.
    uint32_t busy_poll_us = 0;
    // The buffer shared by all streams of this loop for reading.
    size_t read_buffer_size = 64 * 1024;
  };
  using Task = std::move_only_function<void()>;

  // Fails when the process is out of file descriptors.
  static Result<std::unique_ptr<EventLoop>> Create(Options options);
  static Result<std::unique_ptr<EventLoop>> Create() { return Create(Options{}); }
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Watches `fd`, level triggered, for `events` (EPOLLHUP and EPOLLERR always). The handler must
  // stay until Remove. After Remove no event is delivered, not even one that is ready already.
  // Remove before close(fd). Add fails only when the kernel is out of memory or watches.
  [[nodiscard]] Status Add(int fd, uint32_t events, FdHandler* handler);
  void Modify(int fd, uint32_t events, FdHandler* handler);
  void Remove(int fd, FdHandler* handler);

  // Calls `task` once, `delay_ms` or a little more from now.
  TimerId AddTimer(uint64_t delay_ms, Task task);
  // The same at a time of the monotonic clock, to the next millisecond.
  TimerId AddTimerAt(uint64_t at_us, Task task) {
    return timers_.Add((at_us + 999) / 1000, std::move(task));
  }
  // False if it has run, or was cancelled.
  bool CancelTimer(TimerId id) { return timers_.Cancel(id); }
  // That are to come.
  size_t timers() const { return timers_.size(); }
  // The monotonic time at the start of this turn.
  uint64_t NowMs() const { return now_ms_; }

  // Runs `task` on the loop's thread in this or the next turn. Tasks posted by one thread run in
  // the order posted. Wakes the loop by at most one system call, and by none while it is awake.
  // Tasks still waiting when the loop is destroyed are dropped unrun. Any thread.
  void Post(Task task);

  // The same without the wake-up. REQUIRES: the caller calls TryDrive or Wake afterwards.
  void PostQuietly(Task task);
  // After PostQuietly. Any thread.
  void Wake();
  // Does what is posted in the place of the loop's thread, if that sleeps: rounds of steps 2
  // (without descriptors and timers) to 5 until nothing is left, or the loop's thread is woken for
  // the rest. If another thread has the loop, that one will do it.
  void TryDrive();

  // Called at the end of every turn's events. REQUIRES: Run has not started, or the loop's thread.
  void AddAfterEvents(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }
  // Called when a turn's output has been flushed. REQUIRES: as above.
  void AddAfterTurn(std::function<void()> hook) { after_turn_.push_back(std::move(hook)); }
  // Runs `task` before the hooks of this turn if they have not begun, else in the next turn.
  void RunNextTurn(TurnTask* task) { Queue(next_turn_, task); }
  // Runs `task` after the hooks of this turn.
  void RunAtTurnEnd(TurnTask* task) { Queue(turn_end_, task); }

  // Turns until Stop. Stop makes Run return after the turn under way. Stop: any thread, also before
  // Run (which then returns at once).
  void Run();
  void Stop();
  // One turn; sleeps at most `timeout_ms` (-1: without limit). For tests and for loops that a
  // caller drives itself.
  void RunOnce(int timeout_ms);
  // True on the thread that has the loop, or if none has.
  bool InLoopThread() const;

  // Turns so far, and the microseconds that the loop was awake in them. Any thread.
  uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
  uint64_t busy_us() const { return busy_us_.load(std::memory_order_relaxed); }
  // Of these, how long timers took, and the longest turn since ForgetLongest. Any thread.
  uint64_t timers_us() const { return timers_ns_.load(std::memory_order_relaxed) / 1000; }
  uint64_t longest_us() const { return longest_us_.load(std::memory_order_relaxed); }
  void ForgetLongest() { longest_us_.store(0, std::memory_order_relaxed); }

  // Scratch for reading, shared by all users of this loop; valid until the caller returns to it.
  std::span<char> read_buffer() { return {read_buffer_.get(), options_.read_buffer_size}; }
  // Empty strings with capacity, for outputs, so that idle connections hold no memory.
  std::string TakeBuffer();
  void GiveBuffer(std::string&& buffer);

 private:
  EventLoop(Options options, int epoll_fd, int wake_fd);
  static void Queue(std::vector<TurnTask*>& queue, TurnTask* task);
  void RunTasks(std::vector<TurnTask*>& queue);
  void RunTimers(bool alone);
  void RunPosted();
  void RunQueued();
  bool HasQueued() const;
  void DispatchEvents(int count);
  int Wait(int timeout_ms);
  int Sleep(int timeout_ms);
  int SleepTime(int limit_ms);

  static constexpr int kMaxEvents = 512;

  const Options options_;
  const int epoll_fd_;
  const int wake_fd_;
  SystemClock clock_;
  uint64_t now_ms_ = 0;
  TimerQueue timers_;
  std::vector<std::function<void()>> hooks_;
  std::vector<std::function<void()>> after_turn_;
  std::vector<TurnTask*> next_turn_;
  std::vector<TurnTask*> turn_end_;
  std::unique_ptr<char[]> read_buffer_;
  std::vector<std::string> buffers_;
  epoll_event events_[kMaxEvents];
  int event_count_ = 0;  // Of the batch being dispatched, so that Remove can blank the rest.
  int event_index_ = 0;

  // Held by the thread that has the loop: the one in Run unless it sleeps, or one in TryDrive. It
  // guards everything above.
  std::mutex drive_;
  bool running_ = false;          // Guarded by drive_: a thread is in Run.
  bool driven_ = false;           // Guarded by drive_: by another thread than that one.
  bool removed_away_ = false;     // Guarded by drive_: Remove was called while that thread slept.
  uint64_t sleeps_until_ms_ = 0;  // Guarded by drive_.

  uint64_t awake_since_us_ = 0;  // Guarded by drive_: 0 if that has been added to busy_us_.
  std::atomic<uint64_t> turns_{0};
  std::atomic<uint64_t> busy_us_{0};
  bool only_timers_ = false;  // Guarded by drive_: the turn was for nothing else.
  std::atomic<uint64_t> timers_ns_{0};
  std::atomic<uint64_t> longest_us_{0};

  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> thread_{0};  // That has the loop, or 0.
  // True from before the loop looks at `posted_` for the last time until it has woken: only then is
  // a write to wake_fd_ needed.
  std::atomic<bool> sleeping_{false};
  Mutex mutex_;
  std::vector<Task> posted_ MYDIS_GUARDED_BY(mutex_);
  std::atomic<bool> has_posted_{false};
  std::vector<Task> posted_running_;
};

}  // namespace mydis
