#include "net/event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

// Identifies the calling thread; never 0.
uint64_t ThisThread() {
  thread_local char marker;
  return reinterpret_cast<uint64_t>(&marker);
}

constexpr size_t kPooledBuffers = 256;
constexpr size_t kSmallestPooled = 256;
constexpr size_t kLargestPooled = 80 * 1024;
constexpr size_t kFreshBuffer = 1024;
// After so many rounds on behalf of a loop its own thread goes on.
constexpr int kDrivenRounds = 16;

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::Create(Options options) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    return Fail(ErrorCode::kIo, std::string("cannot create an event loop: ") + strerror(errno));
  const int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (wake_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    const int error = errno;
    close(epoll_fd);
    if (wake_fd >= 0) close(wake_fd);
    return Fail(ErrorCode::kIo, std::string("cannot create an event loop: ") + strerror(error));
  }
  return std::unique_ptr<EventLoop>(new EventLoop(options, epoll_fd, wake_fd));
}

EventLoop::EventLoop(Options options, int epoll_fd, int wake_fd)
    : options_(options),
      epoll_fd_(epoll_fd),
      wake_fd_(wake_fd),
      read_buffer_(new char[options.read_buffer_size]) {
  now_ms_ = clock_.MonotonicUs() / 1000;
}

EventLoop::~EventLoop() {
  close(wake_fd_);
  close(epoll_fd_);
}

Status EventLoop::Add(int fd, uint32_t events, FdHandler* handler) {
  epoll_event event{.events = events, .data = {.ptr = handler}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0)
    return Status(ErrorCode::kIo, std::string("cannot watch a connection: ") + strerror(errno));
  return Status::Ok();
}

void EventLoop::Modify(int fd, uint32_t events, FdHandler* handler) {
  epoll_event event{.events = events, .data = {.ptr = handler}};
  MYDIS_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0, "the descriptor is watched");
}

void EventLoop::Remove(int fd, FdHandler* handler) {
  MYDIS_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr) == 0, "the descriptor is watched");
  if (driven_) removed_away_ = true;
  for (int i = event_index_; i < event_count_; ++i)
    if (events_[i].data.ptr == handler) events_[i].events = 0;
}

TimerId EventLoop::AddTimer(uint64_t delay_ms, Task task) {
  // Rounded up: a timer never runs early by the part of a millisecond that has passed.
  return timers_.Add((clock_.MonotonicUs() + 999) / 1000 + delay_ms, std::move(task));
}

void EventLoop::PostQuietly(Task task) {
  MutexLock lock(mutex_);
  posted_.push_back(std::move(task));
  has_posted_.store(true, std::memory_order_seq_cst);
}

void EventLoop::Post(Task task) {
  PostQuietly(std::move(task));
  Wake();
}

void EventLoop::Wake() {
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) {
    const uint64_t one = 1;
    // The counter cannot overflow: the loop resets it after each wake-up.
    [[maybe_unused]] const ssize_t n = write(wake_fd_, &one, sizeof one);
  }
}

void EventLoop::Stop() {
  stop_.store(true, std::memory_order_seq_cst);
  Post([] {});
}

bool EventLoop::InLoopThread() const {
  const uint64_t owner = thread_.load(std::memory_order_relaxed);
  return owner == 0 || owner == ThisThread();
}

void EventLoop::Run() {
  std::lock_guard guard(drive_);
  thread_.store(ThisThread(), std::memory_order_relaxed);
  running_ = true;
  while (!stop_.load(std::memory_order_relaxed)) RunOnce(-1);
  running_ = false;
  thread_.store(0, std::memory_order_relaxed);
}

bool EventLoop::HasQueued() const {
  return has_posted_.load(std::memory_order_seq_cst) || !next_turn_.empty() || !turn_end_.empty();
}

void EventLoop::TryDrive() {
  if (thread_.load(std::memory_order_relaxed) == ThisThread()) return;
  do {
    std::unique_lock guard(drive_, std::try_to_lock);
    if (!guard.owns_lock() || !running_) return;
    thread_.store(ThisThread(), std::memory_order_relaxed);
    driven_ = true;
    now_ms_ = clock_.MonotonicUs() / 1000;
    for (int i = 0; i < kDrivenRounds && HasQueued(); ++i) RunQueued();
    const bool own_thread = HasQueued() || timers_.NextDeadline() < sleeps_until_ms_;
    driven_ = false;
    thread_.store(0, std::memory_order_relaxed);
    guard.unlock();
    if (own_thread) return Wake();
    // Who posts now and finds the loop taken relies on this look.
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } while (has_posted_.load(std::memory_order_seq_cst));
}

void EventLoop::Queue(std::vector<TurnTask*>& queue, TurnTask* task) {
  if (task->queue_ != nullptr) return;
  task->queue_ = &queue;
  task->index_ = queue.size();
  queue.push_back(task);
}

void EventLoop::RunTasks(std::vector<TurnTask*>& queue) {
  const size_t end = queue.size();
  for (size_t i = 0; i < end; ++i) {
    TurnTask* task = queue[i];
    if (task == nullptr) continue;
    queue[i] = nullptr;
    task->queue_ = nullptr;
    task->RunTask();
  }
  queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(end));
  for (size_t i = 0; i < queue.size(); ++i)
    if (queue[i] != nullptr) queue[i]->index_ = i;
}

// They are few a second: the clock is asked only when one is due. What they alone have woken the
// loop for is theirs as a whole: SleepTime() counts it.
void EventLoop::RunTimers(bool alone) {
  if (timers_.NextDeadline() > now_ms_) return;
  if (alone && !has_posted_.load(std::memory_order_relaxed)) {
    timers_.RunDue(now_ms_);
    only_timers_ = true;
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  timers_.RunDue(now_ms_);
  const auto ns = static_cast<uint64_t>((std::chrono::steady_clock::now() - begin).count());
  timers_ns_.store(timers_ns_.load(std::memory_order_relaxed) + ns, std::memory_order_relaxed);
}

void EventLoop::RunPosted() {
  if (!has_posted_.load(std::memory_order_relaxed)) return;
  {
    MutexLock lock(mutex_);
    posted_.swap(posted_running_);
    has_posted_.store(false, std::memory_order_relaxed);
  }
  for (Task& task : posted_running_) task();
  posted_running_.clear();
}

void EventLoop::DispatchEvents(int count) {
  event_count_ = count;
  for (event_index_ = 0; event_index_ < count; ++event_index_) {
    const epoll_event& event = events_[event_index_];
    if (event.data.ptr == nullptr) {
      uint64_t ignored;
      [[maybe_unused]] const ssize_t n = read(wake_fd_, &ignored, sizeof ignored);
    } else if (event.events != 0) {
      static_cast<FdHandler*>(event.data.ptr)->OnEvents(event.events);
    }
  }
  event_count_ = 0;
}

int EventLoop::SleepTime(int limit_ms) {
  const uint64_t deadline = timers_.NextDeadline();
  if (deadline == UINT64_MAX && !only_timers_) return limit_ms;
  const uint64_t now_us = clock_.MonotonicUs();
  if (awake_since_us_ != 0) {
    const uint64_t awake_us = now_us - awake_since_us_;
    busy_us_.store(busy_us() + awake_us, std::memory_order_relaxed);
    if (awake_us > longest_us()) longest_us_.store(awake_us, std::memory_order_relaxed);
    if (std::exchange(only_timers_, false)) {
      timers_ns_.store(timers_ns_.load(std::memory_order_relaxed) + awake_us * 1000,
                       std::memory_order_relaxed);
    }
    awake_since_us_ = 0;
  }
  if (deadline == UINT64_MAX) return limit_ms;
  if (deadline * 1000 <= now_us) return 0;
  const uint64_t wait_ms = std::min<uint64_t>((deadline * 1000 - now_us + 999) / 1000, 1 << 30);
  return limit_ms < 0 ? static_cast<int>(wait_ms)
                      : static_cast<int>(std::min<uint64_t>(wait_ms, limit_ms));
}

int EventLoop::Wait(int timeout_ms) {
  if (!next_turn_.empty() || !turn_end_.empty()) timeout_ms = 0;
  if (timeout_ms != 0) timeout_ms = SleepTime(timeout_ms);
  if (timeout_ms != 0 && options_.busy_poll_us > 0) {
    const uint64_t until = clock_.MonotonicUs() + options_.busy_poll_us;
    do {
      const int n = epoll_wait(epoll_fd_, events_, kMaxEvents, 0);
      if (n > 0) return n;
      if (has_posted_.load(std::memory_order_relaxed)) return 0;
    } while (clock_.MonotonicUs() < until);
  }
  const int n = timeout_ms != 0 ? Sleep(timeout_ms) : epoll_wait(epoll_fd_, events_, kMaxEvents, 0);
  MYDIS_ASSERT(n >= 0 || errno == EINTR, "epoll_wait only fails when a signal came");
  return std::max(n, 0);
}

// Lets others have the loop meanwhile.
int EventLoop::Sleep(int timeout_ms) {
  sleeping_.store(true, std::memory_order_seq_cst);
  sleeps_until_ms_ = timers_.NextDeadline();
  removed_away_ = false;
  const bool running = running_;
  if (running) {
    thread_.store(0, std::memory_order_relaxed);
    drive_.unlock();
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  if (has_posted_.load(std::memory_order_seq_cst)) timeout_ms = 0;
  int n = epoll_wait(epoll_fd_, events_, kMaxEvents, timeout_ms);
  sleeping_.store(false, std::memory_order_relaxed);
  if (!running) return n;
  drive_.lock();
  thread_.store(ThisThread(), std::memory_order_relaxed);
  // A handler that was named here may be gone: ask again who is ready.
  if (removed_away_) n = epoll_wait(epoll_fd_, events_, kMaxEvents, 0);
  return n;
}

// Steps 2 to 5 of a turn, without descriptors and timers.
void EventLoop::RunQueued() {
  RunPosted();
  RunTasks(next_turn_);
  for (size_t i = 0; i < hooks_.size(); ++i) hooks_[i]();
  // Closing one stream may write to another, so go on until nothing is queued.
  while (!turn_end_.empty()) RunTasks(turn_end_);
  for (size_t i = 0; i < after_turn_.size(); ++i) after_turn_[i]();
}

void EventLoop::RunOnce(int timeout_ms) {
  const int count = Wait(timeout_ms);
  const uint64_t now_us = clock_.MonotonicUs();
  now_ms_ = now_us / 1000;
  if (awake_since_us_ == 0) awake_since_us_ = now_us;
  turns_.store(turns() + 1, std::memory_order_relaxed);
  only_timers_ = false;
  DispatchEvents(count);
  RunTimers(count == 0);
  RunQueued();
  // What the hooks brought about on the spot is finished before others are asked what they want.
  if (!after_turn_.empty() && has_posted_.load(std::memory_order_relaxed)) RunQueued();
}

std::string EventLoop::TakeBuffer() {
  if (buffers_.empty()) {
    std::string fresh;
    fresh.reserve(kFreshBuffer);
    return fresh;
  }
  std::string buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void EventLoop::GiveBuffer(std::string&& buffer) {
  if (buffers_.size() >= kPooledBuffers || buffer.capacity() < kSmallestPooled ||
      buffer.capacity() > kLargestPooled)
    return;
  buffer.clear();
  buffers_.push_back(std::move(buffer));
}

}  // namespace mydis
