#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "net/timer_queue.h"

namespace mydis {
namespace {

std::unique_ptr<EventLoop> MakeLoop(EventLoop::Options options = {}) {
  auto loop = EventLoop::Create(options);
  EXPECT_TRUE(loop.has_value());
  return std::move(*loop);
}

TEST(EventLoop, CountsTheTimeOfTimersAndTheLongestTurn) {
  auto loop = MakeLoop();
  SystemClock clock;
  loop->AddTimer(1, [&] {
    for (const uint64_t begin_us = clock.MonotonicUs(); clock.MonotonicUs() - begin_us < 2000;) {
    }
  });
  EXPECT_EQ(loop->timers_us(), 0u);
  while (loop->timers_us() == 0) loop->RunOnce(10);
  EXPECT_GE(loop->timers_us(), 2000u);
  loop->AddTimer(1, [] {});  // What a turn took is counted before the loop sleeps again.
  loop->RunOnce(10);
  EXPECT_GE(loop->longest_us(), 2000u);
  EXPECT_GE(loop->busy_us(), loop->longest_us());
  loop->ForgetLongest();
  EXPECT_EQ(loop->longest_us(), 0u);
}

TEST(TimerQueue, OrderCancelAndAdd) {
  TimerQueue timers;
  std::string ran;
  timers.Add(30, [&] { ran += 'c'; });
  const TimerId gone = timers.Add(10, [&] { ran += 'x'; });
  timers.Add(20, [&] {
    ran += 'b';
    timers.Add(0, [&] { ran += 'd'; });
  });
  timers.Add(10, [&] { ran += 'a'; });
  EXPECT_TRUE(timers.Cancel(gone));
  EXPECT_FALSE(timers.Cancel(gone));
  EXPECT_EQ(timers.NextDeadline(), 10u);
  timers.RunDue(9);
  EXPECT_EQ(ran, "");
  timers.RunDue(30);
  EXPECT_EQ(ran, "abc");
  timers.RunDue(30);
  EXPECT_EQ(ran, "abcd");
  EXPECT_EQ(timers.size(), 0u);
  EXPECT_EQ(timers.NextDeadline(), UINT64_MAX);
}

TEST(TimerQueue, CancelWithinATask) {
  TimerQueue timers;
  bool ran = false;
  TimerId second = 0;
  timers.Add(1, [&] { EXPECT_TRUE(timers.Cancel(second)); });
  second = timers.Add(1, [&] { ran = true; });
  timers.RunDue(5);
  EXPECT_FALSE(ran);
}

TEST(TimerQueue, ManyCancelled) {
  TimerQueue timers;
  int ran = 0;
  std::vector<TimerId> ids;
  for (uint64_t i = 0; i < 10'000; ++i) ids.push_back(timers.Add(i % 100, [&] { ++ran; }));
  for (size_t i = 0; i < ids.size(); ++i)
    if (i % 10 != 0) timers.Cancel(ids[i]);
  timers.RunDue(100);
  EXPECT_EQ(ran, 1000);
}

TEST(EventLoop, PostsOfOneThreadKeepTheirOrder) {
  auto loop = MakeLoop();
  constexpr int kThreads = 4, kPosts = 20'000;
  std::vector<int> next(kThreads);
  std::atomic<int> left = kThreads * kPosts;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop->Post([&, t, i] {
          EXPECT_EQ(next[static_cast<size_t>(t)]++, i);
          if (--left == 0) loop->Stop();
        });
      }
    });
  }
  loop->Run();
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(left, 0);
}

// Every post must wake a loop that sleeps: a lost wake-up hangs this test.
TEST(EventLoop, PingPongBetweenLoops) {
  for (const uint32_t busy_poll_us : {0u, 50u}) {
    auto a = MakeLoop({.busy_poll_us = busy_poll_us});
    auto b = MakeLoop();
    int left = 5000;
    std::function<void()> ping = [&] {
      if (--left == 0) {
        b->Stop();
        a->Stop();
      } else {
        b->Post([&] { a->Post([&] { ping(); }); });
      }
    };
    a->Post([&] { ping(); });
    std::thread other([&] { b->Run(); });
    a->Run();
    other.join();
    EXPECT_EQ(left, 0);
  }
}

// The loop's own thread sleeps all the time: what is posted is done here.
TEST(EventLoop, TryDriveRunsWhatIsPosted) {
  auto loop = MakeLoop();
  std::thread own([&] { loop->Run(); });
  std::atomic<bool> started = false;
  loop->Post([&] { started = true; });
  while (!started) std::this_thread::yield();
  const std::thread::id here = std::this_thread::get_id();
  // Unless the loop's thread happens to be awake.
  bool ran_here = false;
  for (int i = 0; i < 100'000 && !ran_here; ++i) {
    std::atomic<bool> ran = false;
    loop->PostQuietly([&] {
      ran_here = std::this_thread::get_id() == here;
      EXPECT_TRUE(loop->InLoopThread());
      ran = true;
    });
    loop->TryDrive();
    while (!ran) std::this_thread::yield();
  }
  EXPECT_TRUE(ran_here);
  loop->Stop();
  own.join();
  loop->PostQuietly([] { ADD_FAILURE() << "the loop has ended"; });
  loop->TryDrive();
}

// Two loops that drive each other, and threads that drive both: every task runs once, in the order
// of its poster, never two of a loop at a time. A lost wake-up hangs this test.
TEST(EventLoop, LoopsDrivenByEachOtherAndByThreads) {
  struct Side {
    std::unique_ptr<EventLoop> loop = MakeLoop();
    EventLoop* other = nullptr;
    bool drive = false;
    bool inside = false;
    int ran = 0;
  } a, b;
  a.other = b.loop.get();
  b.other = a.loop.get();
  constexpr int kThreads = 3, kPosts = 20'000, kAll = kThreads * kPosts;
  std::atomic<int> left = 2 * kAll;
  for (Side* side : {&a, &b}) {
    side->loop->AddAfterTurn([side] {
      if (std::exchange(side->drive, false)) side->other->TryDrive();
    });
  }
  const auto task = [&](Side* side, Side* next, auto&& self) -> void {
    EXPECT_FALSE(std::exchange(side->inside, true));
    ++side->ran;
    if (next != nullptr) {
      side->drive = true;
      next->loop->PostQuietly([&, side = next] { self(side, nullptr, self); });
    }
    side->inside = false;
    if (--left == 0) {
      a.loop->Stop();
      b.loop->Stop();
    }
  };
  std::vector<std::thread> threads;
  for (Side* side : {&a, &b}) threads.emplace_back([side] { side->loop->Run(); });
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        Side* first = (i + t) % 2 == 0 ? &a : &b;
        Side* second = first == &a ? &b : &a;
        first->loop->PostQuietly([&, first, second] { task(first, second, task); });
        first->loop->TryDrive();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(a.ran + b.ran, 2 * kAll);
}

// A timer that a driving thread sets is not slept through.
TEST(EventLoop, ATimerSetByADriverWakesTheLoop) {
  auto loop = MakeLoop();
  std::thread own([&] { loop->Run(); });
  for (int i = 0; i < 50; ++i) {
    std::atomic<bool> ran = false;
    loop->PostQuietly([&] { loop->AddTimer(1, [&] { ran = true; }); });
    loop->TryDrive();
    while (!ran) std::this_thread::yield();
  }
  loop->Stop();
  own.join();
}

TEST(EventLoop, StopBeforeRun) {
  auto loop = MakeLoop();
  loop->Stop();
  loop->Run();
}

TEST(EventLoop, TimersNeverRunEarly) {
  auto loop = MakeLoop();
  SystemClock clock;
  const uint64_t start_us = clock.MonotonicUs();
  std::vector<int> order;
  for (const int ms : {30, 10, 20}) {
    loop->AddTimer(static_cast<uint64_t>(ms), [&, ms] {
      EXPECT_GE(clock.MonotonicUs() - start_us, static_cast<uint64_t>(ms) * 1000);
      order.push_back(ms);
      if (ms == 30) loop->Stop();
    });
  }
  loop->Run();
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
}

// The order of a turn: events, posts, next-turn tasks, hooks, turn-end tasks.
TEST(EventLoop, OrderOfATurn) {
  struct Task final : TurnTask {
    Task(std::string& r, char n) : ran(r), name(n) {}
    void RunTask() override { ran += name; }
    std::string& ran;
    char name;
  };
  auto loop = MakeLoop();
  std::string ran;
  Task next(ran, 'n'), end(ran, 'e'), after(ran, 'a');
  loop->AddAfterEvents([&] {
    ran += 'h';
    if (ran.size() < 6) loop->RunNextTurn(&after);
  });
  loop->AddAfterEvents([&] { ran += 'i'; });
  loop->RunAtTurnEnd(&end);
  loop->RunAtTurnEnd(&end);
  loop->RunNextTurn(&next);
  loop->Post([&] { ran += 'p'; });
  loop->RunOnce(0);
  EXPECT_EQ(ran, "pnhie");
  // A task that waits keeps the loop awake.
  loop->RunOnce(-1);
  EXPECT_EQ(ran, "pnhieahi");
  {
    Task dropped(ran, 'x');
    loop->RunAtTurnEnd(&dropped);
  }
  loop->RunOnce(0);
  EXPECT_EQ(ran, "pnhieahihi");
}

TEST(EventLoop, NoEventAfterRemove) {
  struct Handler final : FdHandler {
    void OnEvents(uint32_t) override {
      ++calls;
      if (!other->removed) loop->Remove(other->fd, other);
      other->removed = true;
    }
    EventLoop* loop = nullptr;
    Handler* other = nullptr;
    int fd = eventfd(1, 0);
    int calls = 0;
    bool removed = false;
  };
  auto loop = MakeLoop();
  Handler a, b;
  a.loop = b.loop = loop.get();
  a.other = &b;
  b.other = &a;
  ASSERT_TRUE(loop->Add(a.fd, EPOLLIN, &a).ok());
  ASSERT_TRUE(loop->Add(b.fd, EPOLLIN, &b).ok());
  // Both are ready in one turn; whoever comes first removes the other.
  loop->RunOnce(0);
  EXPECT_EQ(a.calls + b.calls, 1);
  close(a.fd);
  close(b.fd);
}

}  // namespace
}  // namespace mydis
