// Who reads a lane's connection: the thread that waits, if it is the only one, or the client's.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <numeric>
#include <thread>

#include "client/session_fixture_test.h"

namespace mydis {
namespace {

using std::chrono::milliseconds;
using testing::CommandWords;
using testing::FakeInstance;
using testing::Fault;

constexpr std::chrono::seconds kLimit(20);  // Of what would not end at all.

// Holds up the replies to GET of one key until it is told to go on.
struct Hold {
  explicit Hold(std::string held) : key(std::move(held)) {}
  Fault operator()(const CommandWords& words) {
    if (words[0] == "GET" && words[1] == key) {
      if (!asked.try_wait()) asked.count_down();
      go_on.wait();
    }
    return Fault::kNone;
  }
  std::string key;
  std::latch asked{1};
  std::latch go_on{1};
};

// Callbacks that run on the client's thread, which a program must not hold up, hold it up.
class HeldUpClient {
 public:
  HeldUpClient(FakeInstance& instance, Session session) {
    Hold hold("to hold up");
    instance.SetFault(std::ref(hold));
    session.Async().Get(hold.key).Then([this](const auto&) {
      held_.count_down();
      go_on_.wait();
      gone_.count_down();
    });
    hold.go_on.count_down();
    held_.wait();
    instance.SetFault(nullptr);
  }
  ~HeldUpClient() { GoOn(); }
  void GoOn() {
    if (std::exchange(goes_on_, true)) return;
    go_on_.count_down();
    gone_.wait();
  }

 private:
  std::latch held_{1}, go_on_{1}, gone_{1};
  bool goes_on_ = false;
};

class LaneReadingTest : public testing::SessionFixture {};

// REQUIRES: the client's thread is held up, and nothing is under way in the session. Starts a call
// that is called back with `then` and waits for the one behind it, so that this thread reads the
// replies to both: `then` is given while it does.
void ReadBoth(FakeInstance& instance, Session session, std::function<void()> then) {
  Hold hold("slow");
  instance.SetFault(std::ref(hold));
  const uint64_t before = session.revision();
  Pipeline pipeline = session.NewPipeline();
  pipeline.Incr("read");
  auto slow = pipeline.Get("slow");
  auto last = pipeline.Get("k");
  pipeline.Send();
  std::thread other([&] {
    // Nobody but who waits can have read the first reply.
    while (session.revision() == before) std::this_thread::yield();
    slow.Then([then = std::move(then)](const auto&) { then(); });
    hold.go_on.count_down();
  });
  EXPECT_TRUE(last.Get());
  other.join();
  instance.SetFault(nullptr);
}

TEST_F(LaneReadingTest, NoOtherThreadIsNeededWhereOneWaits) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  ASSERT_TRUE(session.Set("k", "v"));
  HeldUpClient held_up(one_, client->NewSession());
  auto work = std::async(std::launch::async, [&] {
    for (int round = 1; round <= 3; ++round) {
      Pipeline pipeline = session.NewPipeline();
      std::vector<Future<int64_t>> numbers;
      for (int i = 0; i < 16; ++i) numbers.push_back(pipeline.Incr("n"));
      auto value = pipeline.Get("k");
      pipeline.Send();
      EXPECT_EQ(*value.Get(), "v");
      for (auto& number : numbers) EXPECT_TRUE(number.Get());
      EXPECT_EQ(*session.Async().Incr("n").Get(), 17 * round);
    }
    EXPECT_EQ(*session.Get("n"), "51");
  });
  EXPECT_EQ(work.wait_for(kLimit), std::future_status::ready);
  held_up.GoOn();
  work.get();
}

// More than sockets take: replies are read while calls are on their way.
TEST_F(LaneReadingTest, APipelineOfAnySize) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  const std::string large(1 << 20, 'x');
  Pipeline pipeline = session.NewPipeline();
  std::vector<Future<void>> sets;
  std::vector<Future<std::optional<std::string>>> gets;
  for (int i = 0; i < 20; ++i) {
    sets.push_back(pipeline.Set("k", large));
    gets.push_back(pipeline.Get("k"));
  }
  pipeline.Send();
  for (auto& get : gets) EXPECT_EQ(**get.Get(), large);
  for (auto& set : sets) EXPECT_TRUE(set.Get());
}

// ---- Several threads ----

TEST_F(LaneReadingTest, AnotherThreadSendsAndWaitsMeanwhile) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  Hold hold("slow");
  one_.SetFault(std::ref(hold));
  auto reading = std::async(std::launch::async, [&] { return session.Get("slow"); });
  hold.asked.wait();
  Pipeline pipeline = session.NewPipeline();
  Future<int64_t> first = pipeline.Incr("n");
  Future<int64_t> second = pipeline.Incr("n");
  pipeline.Send();
  auto waiting = std::async(std::launch::async, [&] { return second.Get(); });
  hold.go_on.count_down();
  EXPECT_TRUE(reading.get());
  EXPECT_EQ(*waiting.get(), 2);
  EXPECT_EQ(*first.Get(), 1);
}

TEST_F(LaneReadingTest, ManyThreadsSendPipelinesInOneSession) {
  const auto client = Connect({&one_});
  const Session session = client->NewSession();
  constexpr int kThreads = 4, kRounds = 100, kCalls = 8;
  std::atomic<int> called = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, own = session]() mutable {
      for (int round = 0; round < kRounds; ++round) {
        Pipeline pipeline = own.NewPipeline();
        std::vector<Future<int64_t>> numbers;
        for (int i = 0; i < kCalls; ++i) numbers.push_back(pipeline.Incr("n"));
        pipeline.Incr("n").Then([&](const Result<int64_t>& number) { called += number ? 1 : 0; });
        pipeline.Send();
        int64_t before = 0;
        for (auto& number : numbers) {
          const Result<int64_t> now = number.Get();
          ASSERT_TRUE(now);
          EXPECT_GT(*now, before);
          before = *now;
        }
        EXPECT_TRUE(own.Get("n"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(state_->Counter("n"), kThreads * kRounds * (kCalls + 1));
  while (called < kThreads * kRounds) std::this_thread::yield();
  ExpectNumbersKept(one_.received());
}

// It waits for what is only sent later.
TEST_F(LaneReadingTest, WhoWaitsBeforeThePipelineIsSent) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  Pipeline pipeline = session.NewPipeline();
  Future<int64_t> number = pipeline.Incr("n");
  Future<int64_t> after = pipeline.Incr("n");
  std::latch begun(1);
  auto waiting = std::async(std::launch::async, [&] {
    begun.count_down();
    return number.Get();
  });
  begun.wait();
  EXPECT_TRUE(session.Set("k", "v"));
  pipeline.Send();
  EXPECT_EQ(*after.Get(), 2);
  EXPECT_EQ(*waiting.get(), 1);
}

// What ends with a thread, or with the program, may have something to say to the end.
TEST_F(LaneReadingTest, AThreadWaitsWhileItEnds) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  struct AtEnd {
    Session* session;
    ~AtEnd() {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(session->Incr("n"));
    }
  };
  std::thread([&] {
    // Before all that the first call makes for this thread, and so behind it at the end.
    thread_local const AtEnd at_end{&session};
    EXPECT_TRUE(at_end.session->Incr("n"));
  }).join();
  EXPECT_EQ(*session.Incr("n"), 22);
}

// ---- Time limits, and connections that are lost ----

TEST_F(LaneReadingTest, TheTimeOfWhoReadsIsUpWhileOthersWait) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  for (const bool others : {true, false}) {
    Hold hold("slow");
    one_.SetFault(std::ref(hold));
    // That the instance is silent is for this one to notice, which has the time.
    auto slow = session.Async().Get("slow");
    hold.asked.wait();
    std::future<Result<int64_t>> reading = std::async(
        std::launch::async, [&] { return session.Incr("n", {.time_limit = milliseconds(200)}); });
    std::future<Result<std::optional<std::string>>> waiting;
    if (others) waiting = std::async(std::launch::async, [&] { return slow.Get(); });
    const Result<int64_t> late = reading.get();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::kUnknown);
    hold.go_on.count_down();
    EXPECT_TRUE(others ? waiting.get() : slow.Get());
    one_.SetFault(nullptr);
  }
  EXPECT_EQ(*session.Incr("n"), 3);
}

TEST_F(LaneReadingTest, TheConnectionIsLostUnderWhoReads) {
  FakeInstance two(state_);
  const auto client = Connect({&one_, &two});
  Session session = client->NewSession();
  int64_t expected = 0;
  std::atomic<int> called = 0;
  for (const Fault fault : {Fault::kCutBefore, Fault::kCutAfter, Fault::kHalfReply}) {
    for (const size_t waited_for : {size_t{0}, size_t{15}}) {
      auto commands = std::make_shared<std::atomic<int>>(0);
      for (FakeInstance* instance : {&one_, &two}) {
        instance->SetFault([commands, fault](const CommandWords& words) {
          return words[0] == "INCR" && ++*commands % 7 == 0 ? fault : Fault::kNone;
        });
      }
      Pipeline pipeline = session.NewPipeline();
      std::vector<Future<int64_t>> numbers;
      for (int i = 0; i < 16; ++i) {
        numbers.push_back(pipeline.Incr("n"));
        pipeline.Get("n").Then([&](const auto& value) { called += value ? 1 : 0; });
      }
      pipeline.Send();
      std::swap(numbers[0], numbers[waited_for]);
      std::vector<int64_t> all;
      for (auto& number : numbers) all.push_back(*number.Get());
      std::swap(all[0], all[waited_for]);
      for (const int64_t number : all) EXPECT_EQ(number, ++expected);
    }
  }
  EXPECT_EQ(state_->Counter("n"), expected);
  while (called < expected) std::this_thread::yield();
  EXPECT_EQ(called, expected);
}

// By an instance that is stopped, or ends what is idle: a write that this server could not tell
// from one that is sent again is not risked on it.
TEST_F(LaneReadingTest, TheEndOfAConnectionIsNoticedThoughNobodyReads) {
  FakeInstance::Options plain{.numbers = false};
  FakeInstance one(state_, plain), two(state_, plain);
  const auto client = Connect({&one, &two});
  Session session = client->NewSession();
  Session elsewhere = client->NewSession();
  ASSERT_TRUE(session.Set("here", "v"));
  ASSERT_TRUE(elsewhere.Set("there", "v"));
  const auto has = [](FakeInstance& instance, const std::string& command) {
    const std::vector<std::string> received = instance.received();
    return std::ranges::find(received, command) != received.end();
  };
  const bool at_one = has(one, "SET here v");
  ASSERT_TRUE(has(at_one ? two : one, "SET there v"));
  // Where this thread has read an answer the client's does not go on with it.
  HeldUpClient held_up(at_one ? two : one, elsewhere);
  ASSERT_TRUE(session.Get("here"));
  held_up.GoOn();
  (at_one ? one : two).Stop();
  // The client's thread has seen the end once it sees what comes later.
  std::latch seen(1);
  elsewhere.Async().Get("there").Then([&](const auto&) { seen.count_down(); });
  seen.wait();
  const Result<void> set = session.Set("here", "w");
  EXPECT_TRUE(set) << set.error().message();
}

// It reads nothing, and what is sent to it fills the socket.
TEST_F(LaneReadingTest, AFrozenInstanceHoldsUpNobodyWhoSends) {
  const auto client = Connect({&one_});
  Session session = client->NewSession({.time_limit = milliseconds(500)});
  ASSERT_TRUE(session.Set("k", "v"));
  std::latch frozen(1);
  one_.SetBeforeReading([&] { frozen.wait(); });
  const std::string large(32 << 20, 'x');
  Future<void> set = session.Async().Set("k", large);
  EXPECT_FALSE(session.Incr("n"));
  const Result<void> answer = set.Get();
  frozen.count_down();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnknown);
  one_.Stop();  // It has no more to do with what this function has.
}

// The session, and the client, are gone before the answer: nothing else keeps them.
TEST_F(LaneReadingTest, TheClientEndsUnderWhoReads) {
  auto client = Connect({&one_});
  Hold hold("slow");
  one_.SetFault(std::ref(hold));
  auto slow = client->NewSession().Async().Get("slow");
  hold.asked.wait();
  std::latch begun(1);
  auto reading = std::async(std::launch::async, [&] {
    begun.count_down();
    return slow.Get();
  });
  begun.wait();
  client.reset();
  const auto answer = reading.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  hold.go_on.count_down();
  one_.Stop();  // So that none of its threads is held up any more.
}

// ---- Who does not wait ----

// Callbacks run on the client's thread, in their order, whoever has read the answers.
TEST_F(LaneReadingTest, CallbacksKeepTheirOrderAndThread) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  constexpr int kCalls = 2000;
  std::vector<int> order;
  std::atomic<int> called = 0;
  std::atomic<bool> over = false;
  // It reads answers that are called back with, too.
  std::thread reading([&, own = session]() mutable {
    while (!over) EXPECT_TRUE(own.Get("n"));
  });
  const auto not_here = [&reading, own = std::this_thread::get_id()] {
    return std::this_thread::get_id() != own && std::this_thread::get_id() != reading.get_id();
  };
  int i = 0;
  while (i < kCalls) {
    Pipeline pipeline = session.NewPipeline();
    for (int j = 0; j < 1 + i % 3; ++j, ++i) {
      pipeline.Incr("n").Then([&, i](const Result<int64_t>&) {
        EXPECT_TRUE(not_here());
        order.push_back(i);
        ++called;
      });
    }
    pipeline.Send();
    while (i % 2 == 0 && called < i) std::this_thread::yield();
  }
  while (called < i) std::this_thread::yield();
  over = true;
  reading.join();
  std::vector<int> expected(static_cast<size_t>(i));
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

// What the client's thread reads comes behind what a thread that waited has read before it, and
// that behind the callback under way.
TEST_F(LaneReadingTest, CallbacksKeepTheirOrderBehindOneThatTakesItsTime) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  ASSERT_TRUE(session.Set("k", "v"));
  std::vector<int> order;
  std::latch begun(1), go_on(1), over(1);
  HeldUpClient held_up(one_, client->NewSession());
  ReadBoth(one_, session, [&] {
    order.push_back(1);
    begun.count_down();
    go_on.wait();
  });
  held_up.GoOn();
  begun.wait();
  ReadBoth(one_, session, [&] { order.push_back(2); });
  Hold hold("slow");
  one_.SetFault(std::ref(hold));
  Pipeline pipeline = session.NewPipeline();
  pipeline.Get("k").Then([&](const auto&) {
    order.push_back(3);
    over.count_down();
  });
  auto slow = pipeline.Get("slow");
  pipeline.Send();
  hold.asked.wait();  // The reply to the one before it is there, for the client's thread to read.
  go_on.count_down();
  over.wait();
  hold.go_on.count_down();
  EXPECT_TRUE(slow.Get());  // The instance has done with what holds it up.
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

// It goes once it was called, not with the call, which goes while its lane is locked: what it owns
// is the program's, here the last share of the session.
TEST_F(LaneReadingTest, ACallbackIsNotKept) {
  const auto client = Connect({&one_});
  auto session = std::make_shared<Session>(client->NewSession());
  Hold hold("slow");
  one_.SetFault(std::ref(hold));
  auto slow = session->Async().Get("slow");
  auto late = session->Async().Get("k", {.time_limit = milliseconds(50)});
  while (!late.done()) std::this_thread::yield();
  const std::weak_ptr<Session> kept = session;
  late.Then([own = std::move(session)](const auto& answer) { EXPECT_FALSE(answer); });
  EXPECT_TRUE(kept.expired());
  hold.go_on.count_down();
  EXPECT_TRUE(slow.Get());
}

// No callback, nor another call.
TEST_F(LaneReadingTest, AnswersAreReadThoughNobodyAsksForThem) {
  const auto client = Connect({&one_});
  // For who has no time limit a silent connection is as good as any.
  Session session = client->NewSession({.time_limit = kForever});
  // The first one's connection is begun by the client's thread, the second one's answer read by
  // this one.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(session.Incr("n"));
  Pipeline pipeline = session.NewPipeline();
  for (int i = 0; i < 3; ++i) pipeline.Incr("n");
  pipeline.Send();
  while (session.revision() < 5) std::this_thread::yield();
  // Or once one of them was waited for.
  ASSERT_TRUE(session.Get("n"));
  Hold hold("slow");
  one_.SetFault(std::ref(hold));
  Pipeline other = session.NewPipeline();
  Future<int64_t> first = other.Incr("n");
  other.Get("slow");
  for (int i = 0; i < 4; ++i) other.Incr("n");
  other.Send();
  EXPECT_EQ(*first.Get(), 6);
  hold.go_on.count_down();
  while (session.revision() < 10) std::this_thread::yield();
}

TEST_F(LaneReadingTest, WhoOnlyLooksWhetherItIsDone) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  for (int64_t i = 1; i <= 100; ++i) {
    Future<int64_t> number = session.Async().Incr("n");
    while (!number.done()) std::this_thread::yield();
    EXPECT_EQ(*number.Get(), i);
  }
}

}  // namespace
}  // namespace mydis
