// What a lane knows of its calls when instances fail: what may have happened is never said not to
// have, and nothing happens of which that was said.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <thread>

#include "client/session_fixture_test.h"

namespace mydis {
namespace {

using std::chrono::milliseconds;
using testing::CommandWords;
using testing::FakeInstance;
using testing::Fault;
using testing::First;
using Log = std::vector<std::string>;

// What becomes of the first commands of these names, one after another; then kNone.
using Faults = std::map<std::string, std::deque<Fault>>;
auto InTurn(Faults faults) {
  struct Left {
    std::mutex mutex;
    Faults faults;
  };
  auto left = std::make_shared<Left>();
  left->faults = std::move(faults);
  return [left](const CommandWords& words) {
    const std::lock_guard lock(left->mutex);
    std::deque<Fault>& own = left->faults[words[0]];
    if (own.empty()) return Fault::kNone;
    const Fault fault = own.front();
    own.pop_front();
    return fault;
  };
}

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  return result ? ErrorCode::kOk : result.error().code();
}

class LaneTest : public testing::SessionFixture {};

// ---- Transactions ----

// Its condition is on its way when its time is up: the reply comes, or the connection is lost.
TEST_F(LaneTest, ATransactionThatWasGivenUpDoesNotHappen) {
  for (const Fault then : {Fault::kNone, Fault::kCutBefore}) {
    const auto client = Connect({&one_});
    Session session = client->NewSession();
    const int64_t before = *session.Incr("m");
    std::latch given_up(1);
    std::atomic<int> reads = 0;
    one_.SetFault([&](const CommandWords& words) {
      if (words[0] != "GET" || reads++ > 0) return Fault::kNone;
      given_up.wait();
      return then;
    });
    auto slow = session.Async().Get("a");
    Transaction transaction = session.NewTransaction();
    transaction.If("k", 1).Incr("n");
    EXPECT_EQ(CodeOf(transaction.Execute({.time_limit = milliseconds(50)})), ErrorCode::kTimeout);
    given_up.count_down();
    EXPECT_TRUE(slow.Get());
    // Nor is its condition another one's: that goes over another connection.
    Transaction next = session.NewTransaction();
    Future<int64_t> number = next.Incr("m");
    EXPECT_TRUE(*next.Execute());
    EXPECT_EQ(*number.Get(), before + 1);
    EXPECT_EQ(state_->Counter("n"), 0);
    one_.SetFault(nullptr);
  }
  const Log received = one_.received();
  // The second time the connection was cut before it was read.
  EXPECT_EQ(std::ranges::count(received, "MYDIS WATCH k 1"), 1);
  EXPECT_GE(one_.connections(), 3);
  EXPECT_EQ(state_->log(), (Log{"INCR m", "INCR m", "INCR m", "INCR m"}));
}

// EXEC is on its way, too. What its commands are answered with later is nobody's any more.
TEST_F(LaneTest, TheTimeOfATransactionIsUpAmongItsCommands) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  std::latch over(1);
  std::atomic<int> commands = 0;
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] == "GET") over.wait();
    return words[0] == "INCR" && commands++ == 0 ? Fault::kDenied : Fault::kNone;
  });
  // That the instance is silent is for this one to notice, which has the time.
  auto slow = session.Async().Get("a");
  Transaction transaction = session.NewTransaction();
  Future<int64_t> number = transaction.Incr("n");
  EXPECT_EQ(CodeOf(transaction.Execute({.time_limit = milliseconds(50)})), ErrorCode::kUnknown);
  EXPECT_EQ(CodeOf(number.Get()), ErrorCode::kUnknown);
  over.count_down();
  EXPECT_TRUE(slow.Get());
  EXPECT_EQ(*session.Incr("m"), 1);
  EXPECT_EQ(state_->log(), Log{"INCR m"});
  ExpectNumbersKept(one_.received());
}

// An EXEC whose prefix was refused leaves MULTI open: what came behind it is only queued.
TEST_F(LaneTest, WhatComesBehindARefusedExecIsNotQueued) {
  for (const Fault fault : {Fault::kStale, Fault::kError}) {
    const auto client = Connect({&one_});
    Session session = client->NewSession();
    ASSERT_TRUE(session.Set("n", "1"));
    std::latch begun(1);
    std::latch go_on(1);
    std::atomic<int> multis = 0;
    std::atomic<int> execs = 0;
    one_.SetFault([&](const CommandWords& words) {
      if (words[0] == "MULTI" && multis++ == 0) {
        begun.count_down();
        go_on.wait();
      }
      return words[0] == "EXEC" && execs++ == 0 ? fault : Fault::kNone;
    });
    std::thread other([own = session, fault]() mutable {
      Transaction transaction = own.NewTransaction();
      transaction.Incr("n");
      const Result<bool> executed = transaction.Execute();
      EXPECT_EQ(CodeOf(executed), fault == Fault::kStale ? ErrorCode::kOk : ErrorCode::kInvalid);
    });
    begun.wait();
    auto behind = session.Async().Get("n");
    go_on.count_down();
    other.join();
    EXPECT_EQ(*behind.Get(), fault == Fault::kStale ? "2" : "1");
    one_.SetFault(nullptr);
  }
}

// What refused it over an earlier connection is no reason to repeat it.
TEST_F(LaneTest, ATransactionWithAnErrorIsNotTriedAgain) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault(
      InTurn({{"EXEC", {Fault::kNotCommitted}}, {"INCR", {Fault::kNone, Fault::kDenied}}}));
  Transaction transaction = session.NewTransaction();
  Future<int64_t> number = transaction.Incr("n");
  EXPECT_EQ(CodeOf(transaction.Execute()), ErrorCode::kNoPermission);
  EXPECT_EQ(CodeOf(number.Get()), ErrorCode::kNoPermission);
  EXPECT_EQ(state_->log(), Log{});
}

// ---- What earlier attempts may have done ----

TEST_F(LaneTest, ARefusalDoesNotUndoAnEarlierAttempt) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  // The refusal is handed out because something behind it was carried out.
  one_.SetFault(InTurn({{"INCR", {Fault::kCutAfter, Fault::kNotCommitted}}}));
  Future<int64_t> lost = session.Async().Incr("n");
  auto behind = session.Async().Get("n");
  EXPECT_EQ(CodeOf(lost.Get()), ErrorCode::kUnknown);
  EXPECT_EQ(*behind.Get(), "1");
  // Or because the time is up.
  std::atomic<int> attempts = 0;
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] != "INCR") return Fault::kNone;
    return attempts++ == 0 ? Fault::kCutAfter : Fault::kNotCommitted;
  });
  EXPECT_EQ(CodeOf(session.Incr("n", {.time_limit = milliseconds(1000)})), ErrorCode::kUnknown);
  EXPECT_EQ(state_->log(), (Log{"INCR n", "INCR n"}));
}

// Without its number it would be another write.
TEST_F(LaneTest, ARefusedWriteThatMayHaveHappenedKeepsItsNumber) {
  FakeInstance two(state_);
  FakeInstance plain(state_, {.numbers = false, .hello_error = {}});
  const auto client = Connect({&one_, &two, &plain});
  Session session = client->NewSession();
  std::atomic<bool> carried_out = false;
  std::atomic<bool> refused = false;
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] != "INCR") return Fault::kNone;
    return carried_out.exchange(true) ? Fault::kNotCommitted : Fault::kCutAfter;
  });
  two.SetFault([&](const CommandWords& words) {
    if (words[0] != "INCR") return Fault::kNone;
    refused = carried_out.load();
    return Fault::kNotCommitted;
  });
  plain.SetFault([&](const CommandWords& words) {
    return words[0] == "INCR" && !refused ? Fault::kNotCommitted : Fault::kNone;
  });
  EXPECT_EQ(CodeOf(session.Incr("n")), ErrorCode::kUnknown);
  EXPECT_TRUE(refused);
  EXPECT_EQ(state_->log(), Log{"INCR n"});
}

// Errors that an instance gives before it looks up what became of the first attempt.
TEST_F(LaneTest, AnErrorSaidBeforehandDoesNotUndoAnEarlierAttempt) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault(InTurn({{"INCR", {Fault::kCutAfter, Fault::kDenied}}}));
  EXPECT_EQ(CodeOf(session.Incr("n")), ErrorCode::kUnknown);
  EXPECT_EQ(state_->Counter("n"), 1);
  one_.SetFault(First("INCR", Fault::kDenied));
  EXPECT_EQ(CodeOf(session.Incr("n")), ErrorCode::kNoPermission);

  // A transaction's condition, and one of its commands.
  const Faults cases[] = {
      {{"EXEC", {Fault::kCutAfter}}, {"MYDIS", {Fault::kNone, Fault::kDenied}}},
      {{"EXEC", {Fault::kCutAfter}}, {"INCR", {Fault::kNone, Fault::kDenied}}},
  };
  for (const Faults& faults : cases) {
    one_.SetFault(InTurn(faults));
    Transaction transaction = session.NewTransaction();
    Future<int64_t> number = transaction.If("k", 1).Incr("n");
    EXPECT_EQ(CodeOf(transaction.Execute()), ErrorCode::kUnknown);
    EXPECT_EQ(CodeOf(number.Get()), ErrorCode::kUnknown);
  }
  EXPECT_EQ(state_->Counter("n"), 3);
}

// ---- Greetings ----

TEST_F(LaneTest, WhoIsNotLetInDoesNotKnowWhatHasHappened) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] != "INCR") return Fault::kNone;
    one_.SetHelloError("WRONGPASS invalid token");
    return Fault::kCutAfter;
  });
  Future<int64_t> write = session.Async().Incr("n");
  auto read = session.Async().Get("n");
  EXPECT_EQ(CodeOf(write.Get()), ErrorCode::kUnknown);
  EXPECT_EQ(CodeOf(read.Get()), ErrorCode::kNoAuth);
  EXPECT_EQ(state_->Counter("n"), 1);
}

// One that takes no more connections says nothing of the others.
TEST_F(LaneTest, AnInstanceThatIsFullIsPassedBy) {
  FakeInstance two(state_);
  for (const char* error : {"ERR max number of clients reached", "DENIED protected mode"}) {
    two.SetHelloError(error);
    // Sessions begin at either.
    for (int i = 0; i < 12; ++i) {
      const auto client = Connect({&one_, &two});
      ASSERT_NE(client, nullptr);
      EXPECT_TRUE(client->NewSession().Incr("n"));
    }
    EXPECT_EQ(CodeOf(Client::Connect(OptionsFor({&two}))), ErrorCode::kUnavailable) << error;
  }
  EXPECT_EQ(state_->Counter("n"), 24);
}

// ---- Reading one's own writes ----

// That an instance has come so far is shown by a reply, not by having been asked.
TEST_F(LaneTest, EachCallAsksForTheRevisionUntilOneWasAnswered) {
  const auto client = Connect({&one_});
  Session session = client->NewSession({.min_revision = 1000});
  EXPECT_EQ(CodeOf(session.Command({"NONSENSE"})), ErrorCode::kInvalid);
  Pipeline pipeline = session.NewPipeline();
  auto first = pipeline.Get("a");
  auto second = pipeline.Get("b");
  pipeline.Send();
  EXPECT_TRUE(first.Get());
  EXPECT_TRUE(second.Get());
  EXPECT_TRUE(session.Get("c"));
  Log received = one_.received();
  received.erase(received.begin(), received.end() - 3);
  EXPECT_EQ(received, (Log{"ATLEAST 1000 GET a", "ATLEAST 1000 GET b", "GET c"}));
}

// ---- Order ----

// Not behind one that was carried out, or may have been, when the connection was lost.
TEST_F(LaneTest, ARefusedWriteDoesNotOvertakeOneInDoubt) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault(InTurn({{"SET", {Fault::kNotCommitted, Fault::kCutAfter}}}));
  Pipeline pipeline = session.NewPipeline();
  Future<void> first = pipeline.Set("k", "first");
  Future<void> second = pipeline.Set("k", "second");
  pipeline.Send();
  EXPECT_EQ(CodeOf(first.Get()), ErrorCode::kNotCommitted);
  EXPECT_TRUE(second.Get());
  EXPECT_EQ(*session.Get("k"), "second");
  EXPECT_EQ(state_->log(), Log{"SET k second"});
}

// The second one's time is up before its connection is lost, and nobody knows what it has done.
TEST_F(LaneTest, ARefusedWriteDoesNotOvertakeOneThatWasGivenUp) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  std::latch all(1);
  std::latch given_up(1);
  std::atomic<int> sets = 0;
  std::atomic<int> gets = 0;
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] == "SET" && sets++ == 0) {
      all.wait();
      return Fault::kNotCommitted;
    }
    if (words[0] != "GET" || gets++ > 0) return Fault::kNone;
    given_up.wait();
    return Fault::kCutBefore;
  });
  Future<void> first = session.Async().Set("k", "first");
  // That the instance is silent is for this one to notice, which has the time.
  auto between = session.Async().Get("k");
  Future<void> second = session.Async().Set("k", "second", {.time_limit = milliseconds(50)});
  all.count_down();
  EXPECT_EQ(CodeOf(second.Get()), ErrorCode::kUnknown);
  given_up.count_down();
  EXPECT_EQ(CodeOf(first.Get()), ErrorCode::kNotCommitted);
  EXPECT_EQ(*between.Get(), std::nullopt);
  EXPECT_EQ(state_->log(), Log{});
}

// While the reply to what was sent behind it is awaited.
TEST_F(LaneTest, TheTimeOfARefusedWriteIsUp) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  std::latch both(1);
  std::latch over(1);
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] != "SET") return Fault::kNone;
    (words[2] == "first" ? both : over).wait();
    return words[2] == "first" ? Fault::kNotCommitted : Fault::kNone;
  });
  Future<void> first = session.Async().Set("k", "first", {.time_limit = milliseconds(1000)});
  Future<void> second = session.Async().Set("k", "second");
  both.count_down();
  EXPECT_EQ(CodeOf(first.Get()), ErrorCode::kNotCommitted);
  over.count_down();
  EXPECT_TRUE(second.Get());
  EXPECT_EQ(state_->log(), Log{"SET k second"});
  ExpectNumbersKept(one_.received());
}

// ---- Silence ----

// A connection that takes a large value bit by bit is not silent, though no reply can come yet.
TEST_F(LaneTest, UploadingIsASignOfLife) {
  const auto client = Connect({&one_});
  // Half of this is the longest silence.
  Session session = client->NewSession({.time_limit = milliseconds(6000)});
  ASSERT_TRUE(session.Set("k", "small"));
  const int connections = one_.connections();
  const std::string large(24 << 20, 'x');
  const auto slow_until = std::chrono::steady_clock::now() + milliseconds(3600);
  one_.SetBeforeReading([slow_until] {
    // About 3 MB a second.
    if (std::chrono::steady_clock::now() < slow_until) std::this_thread::sleep_for(milliseconds(5));
  });
  const Result<void> set = session.Set("k", large);
  EXPECT_TRUE(set) << set.error().message();
  EXPECT_EQ(one_.connections(), connections);
}

}  // namespace
}  // namespace mydis
