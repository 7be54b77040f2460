// What a session does when instances fail: each write once, in order, or an error that says what is
// known.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

#include "client/session_fixture_test.h"

namespace mydis {
namespace {

using std::chrono::milliseconds;
using testing::Always;
using testing::CommandWords;
using testing::FakeInstance;
using testing::FakeState;
using testing::Fault;
using testing::First;

class SessionTest : public testing::SessionFixture {};

TEST_F(SessionTest, CallsAndTheirAnswers) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  EXPECT_TRUE(session.Set("k", "v"));
  EXPECT_EQ(*session.Get("k"), "v");
  EXPECT_EQ(*session.Get("none"), std::nullopt);
  EXPECT_EQ(*session.Incr("n"), 1);
  EXPECT_EQ(session.revision(), 2u);
  const Result<Value> unknown = session.Command({"NONSENSE", "k"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(unknown.error().message(), "unknown command");
}

TEST_F(SessionTest, AnyOptionOfTlsTurnsItOn) {
  const auto connect = [&](TlsOptions tls) {
    ClientOptions options = OptionsFor({&one_});
    options.tls = std::move(tls);
    options.connect_timeout = milliseconds(200);
    return Client::Connect(std::move(options));
  };
  for (const TlsOptions& tls : {TlsOptions{.ca_file = "/nonexist"},
                                {.cert_file = "/nonexist"},
                                {.key_file = "/nonexist"},
                                {.server_name = "one"}})
    EXPECT_FALSE(connect(tls));
  EXPECT_TRUE(connect({}));
}

TEST_F(SessionTest, LargeValues) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  const std::string large(8 << 20, 'x');
  EXPECT_TRUE(session.Set("k", large));
  EXPECT_EQ(**session.Get("k"), large);
  Future<std::optional<std::string>> got = session.Async().Get("k");
  EXPECT_EQ(**got.Get(), large);
}

// The reply is lost, whole or in part, with the connection; the write has happened.
TEST_F(SessionTest, AWriteWhoseReplyIsLostIsCarriedOutOnce) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  int64_t expected = 0;
  for (const Fault fault : {Fault::kCutAfter, Fault::kHalfReply, Fault::kCutBefore,
                            Fault::kUnknownAfter, Fault::kStale, Fault::kNotCommitted}) {
    one_.SetFault(First("INCR", fault));
    EXPECT_EQ(*session.Incr("n"), ++expected) << static_cast<int>(fault);
    one_.SetFault(First("INCR", fault, 3));
    EXPECT_EQ(*session.Async().Incr("n").Get(), ++expected) << static_cast<int>(fault);
  }
  EXPECT_EQ(state_->Counter("n"), expected);
}

TEST_F(SessionTest, APipelineIsCarriedOutOnceAndInOrder) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  for (const Fault fault : {Fault::kCutAfter, Fault::kHalfReply, Fault::kCutBefore}) {
    std::atomic<int> count = 0;
    one_.SetFault([&](const CommandWords& words) {
      return words[0] == "RPUSH" && ++count % 7 == 0 ? fault : Fault::kNone;
    });
    const size_t before = state_->log().size();
    std::vector<Future<Value>> futures;
    AsyncSession async = session.Async();
    for (int i = 0; i < 40; ++i) {
      const std::string number = std::to_string(i);
      futures.push_back(async.Command({"RPUSH", "l", number}));
    }
    for (auto& future : futures) EXPECT_TRUE(future.Get());
    const std::vector<std::string> log = state_->log();
    ASSERT_EQ(log.size(), before + 40);
    for (size_t i = 0; i < 40; ++i) EXPECT_EQ(log[before + i], "RPUSH l " + std::to_string(i));
    one_.SetFault(nullptr);
  }
  ExpectNumbersKept(one_.received());
}

// One that was refused is not carried out behind one that was not.
TEST_F(SessionTest, ARefusedWriteDoesNotOvertake) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault([](const CommandWords& words) {
    return words[0] == "SET" && words[2] == "first" ? Fault::kNotCommitted : Fault::kNone;
  });
  Pipeline pipeline = session.NewPipeline();
  Future<void> first = pipeline.Set("k", "first");
  Future<void> second = pipeline.Set("k", "second");
  pipeline.Send();
  EXPECT_TRUE(second.Get());
  const Result<void> refused = first.Get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotCommitted);
  EXPECT_EQ(state_->log(), std::vector<std::string>{"SET k second"});
}

TEST_F(SessionTest, GoesOnAtAnotherInstance) {
  FakeInstance two(state_);
  const auto client = Connect({&one_, &two});
  Session session = client->NewSession();
  EXPECT_EQ(*session.Incr("n"), 1);
  one_.SetFault(Always("INCR", Fault::kStale));
  EXPECT_EQ(*session.Incr("n"), 2);
  one_.SetFault(nullptr);
  two.SetFault(Always("INCR", Fault::kStale));
  EXPECT_EQ(*session.Incr("n"), 3);
  two.Stop();
  EXPECT_EQ(*session.Incr("n"), 4);
  EXPECT_EQ(*session.Get("n"), "4");
}

// Half of its time limit is what an instance has to show a sign of life.
TEST_F(SessionTest, AnInstanceThatHangsIsLeft) {
  FakeInstance two(state_);
  const auto client = Connect({&one_, &two});
  Session session = client->NewSession({.time_limit = milliseconds(5000)});
  one_.SetFault(Always("INCR", Fault::kHang));
  for (int64_t i = 1; i <= 2; ++i) EXPECT_EQ(*session.Incr("n"), i);
}

TEST_F(SessionTest, IdsServeWhereThereAreNoNumbers) {
  FakeInstance older(state_, {.once_only = true, .hello_error = {}});
  const auto client = Connect({&older});
  Session session = client->NewSession();
  older.SetFault(First("INCR", Fault::kCutAfter, 3));
  const Result<int64_t> first = session.Incr("n");
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(*session.Incr("n"), 2);
  EXPECT_EQ(state_->Counter("n"), 2);
}

// To instances of different versions it would be another write.
TEST_F(SessionTest, ANumberDoesNotBecomeAnId) {
  FakeInstance older(state_, {.once_only = true, .hello_error = {}});
  const auto client = Connect({&one_, &older});
  Session session = client->NewSession();
  one_.SetFault(Always("INCR", Fault::kCutAfter));
  older.SetFault(Always("INCR", Fault::kCutAfter));
  const Result<int64_t> lost = session.Incr("n");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnknown);
  EXPECT_EQ(state_->Counter("n"), 1);
}

TEST_F(SessionTest, AServerWithoutNumbersIsNotAskedTwice) {
  FakeInstance plain(state_, {.numbers = false, .hello_error = {}});
  const auto client = Connect({&plain});
  Session session = client->NewSession();
  plain.SetFault(First("INCR", Fault::kCutAfter));
  const Result<int64_t> lost = session.Incr("n");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnknown);
  EXPECT_EQ(state_->Counter("n"), 1);
  // Reads are, and writes that certainly did not happen.
  plain.SetFault(First("GET", Fault::kCutAfter));
  EXPECT_EQ(*session.Get("n"), "1");
  plain.SetFault(First("INCR", Fault::kNotCommitted));
  EXPECT_EQ(*session.Incr("n"), 2);
  // Conditions would not be kept.
  Transaction transaction = session.NewTransaction();
  transaction.If("n", 1).Incr("n");
  const Result<bool> refused = transaction.Execute();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid);
}

TEST_F(SessionTest, TimeLimitsSayWhatIsKnown) {
  const auto client = Connect({&one_});
  Session session = client->NewSession({.time_limit = milliseconds(300)});
  one_.SetFault(Always("INCR", Fault::kHang));
  const Result<int64_t> write = session.Incr("n");
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code(), ErrorCode::kUnknown);
  one_.SetFault(Always("GET", Fault::kHang));
  const auto read = session.Get("n");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kTimeout) << read.error().message();
  // Over a connection of its own: what is sent behind that GET is in doubt until it is read.
  session = client->NewSession({.time_limit = milliseconds(300)});
  one_.SetFault(nullptr);
  ASSERT_TRUE(session.Get("k", {.time_limit = milliseconds(20'000)}));  // It stands by then.
  one_.SetFault(Always("INCR", Fault::kNotCommitted));
  Result<int64_t> refused = session.Incr("n");
  // An attempt that is under way when the time is up is in doubt.
  while (!refused && refused.error().code() == ErrorCode::kUnknown) refused = session.Incr("n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotCommitted) << refused.error().message();
  one_.Stop();
  const Result<int64_t> nowhere = session.Incr("n");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code(), ErrorCode::kUnavailable) << nowhere.error().message();
  EXPECT_EQ(state_->Counter("n"), 0);
}

TEST_F(SessionTest, TransactionsAreSentAgainAsAWhole) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  int64_t expected = 0;
  for (const char* where : {"EXEC", "MULTI", "INCR", "MYDIS"}) {
    for (const Fault fault : {Fault::kCutAfter, Fault::kCutBefore, Fault::kHalfReply}) {
      one_.SetFault(First(where, fault));
      Transaction transaction = session.NewTransaction();
      Future<int64_t> number = transaction.If("n", 1).Incr("n");
      Future<void> set = transaction.Set("k", "v");
      EXPECT_TRUE(*transaction.Execute());
      EXPECT_EQ(*number.Get(), ++expected) << where;
      EXPECT_TRUE(set.Get());
    }
  }
  EXPECT_EQ(state_->Counter("n"), expected);
  ExpectNumbersKept(one_.received());
}

// Behind a MULTI that is refused its commands would be carried out one by one.
TEST_F(SessionTest, WhoMayNotSayMultiHasNoTransactions) {
  FakeInstance strict(state_, {.hello_error = {}, .no_multi = true});
  const auto client = Connect({&strict});
  Session session = client->NewSession();
  Transaction transaction = session.NewTransaction();
  transaction.Incr("n");
  const Result<bool> refused = transaction.Execute();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNoPermission);
  EXPECT_EQ(state_->Counter("n"), 0);
}

TEST_F(SessionTest, ASessionSeesWhatItHasSeenEverywhere) {
  FakeInstance two(state_);
  const auto client = Connect({&one_, &two});
  Session session = client->NewSession();
  EXPECT_EQ(*session.Incr("n"), 1);
  one_.SetFault(First("GET", Fault::kCutBefore));
  two.SetFault(First("GET", Fault::kCutBefore));
  EXPECT_EQ(*session.Get("n"), "1");
  // And another session, if it is told to.
  Session other = client->NewSession({.min_revision = session.revision()});
  EXPECT_EQ(*other.Get("n"), "1");
  EXPECT_EQ(*other.Get("n", {.min_revision = 7}), "1");
  std::vector<std::string> received = one_.received();
  for (const std::string& line : two.received()) received.push_back(line);
  EXPECT_GE(std::ranges::count(received, "ATLEAST 1 GET n"), 2);
  EXPECT_EQ(std::ranges::count(received, "ATLEAST 7 GET n"), 1);
}

TEST_F(SessionTest, WhatIsAskedForTravelsWithTheCall) {
  const auto client = Connect({&one_});
  Session session = client->NewSession(
      {.database = 3, .read_consistency = Consistency::kStrong, .name = "worker"});
  EXPECT_TRUE(session.Get("k", {.consistency = Consistency::kEventual}));
  EXPECT_TRUE(session.Set("k", "v", {.request_id = "order-17"}));
  const std::vector<std::string> received = one_.received();
  for (const char* line : {"SELECT 3", "CLIENT CONSISTENCY READ strong", "CLIENT SETNAME worker",
                           "EVENTUAL GET k", "ONCE order-17 SET k v"})
    EXPECT_EQ(std::ranges::count(received, line), 1) << line;
}

TEST_F(SessionTest, CommandsAboutTheConnectionAreRefused) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  for (const char* word : {"MULTI", "subscribe", "Select", "MONITOR", "NUMBERED", "WATCH"}) {
    const Result<Value> refused = session.Command({word, "x"});
    ASSERT_FALSE(refused) << word;
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid);
    EXPECT_NE(refused.error().message().find(": use "), std::string::npos) << word;
  }
  EXPECT_FALSE(session.Command({"CLIENT", "reply", "OFF"}));
  EXPECT_TRUE(session.Command({"CLIENT", "LIST"}));
  EXPECT_FALSE(session.Command({}));
}

TEST_F(SessionTest, WhatAdministersAnInstanceHasNoNumber) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  EXPECT_TRUE(session.Command({"config", "SET", "loglevel", "debug"}).error().code() ==
              ErrorCode::kInvalid);
  const std::vector<std::string> received = one_.received();
  EXPECT_EQ(received.back(), "config SET loglevel debug");
  one_.SetFault(First("CONFIG", Fault::kCutAfter));
  const Result<Value> lost = session.Command({"CONFIG", "RESETSTAT"});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnknown);
}

TEST_F(SessionTest, WhatBlocksDoesNotHoldUpTheRest) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault(Always("BLPOP", Fault::kHang));
  Future<Value> popped = session.Async().Command({"BLPOP", "l", "0"});
  EXPECT_EQ(*session.Incr("n"), 1);
  EXPECT_FALSE(popped.done());
  one_.SetFault(nullptr);
  ASSERT_TRUE(session.Command({"RPUSH", "l", "job"}));
  // The connection that waits is lost: it is asked again over another one.
  FakeInstance two(state_);
  one_.Stop();
  const Result<Value> lost =
      session.Command({"BLPOP", "l", "1"}, {.time_limit = milliseconds(200)});
  EXPECT_FALSE(lost);
}

TEST_F(SessionTest, APopWhoseReplyIsLostTakesOneElement) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  for (const char* job : {"a", "b"}) ASSERT_TRUE(session.Command({"RPUSH", "l", job}));
  one_.SetFault(First("BLPOP", Fault::kCutAfter));
  const Result<Value> popped = session.Command({"BLPOP", "l", "0"});
  ASSERT_TRUE(popped) << popped.error().message();
  EXPECT_EQ(popped->elements()[1].string(), "a");
  EXPECT_EQ(session.Command({"BLPOP", "l", "0"})->elements()[1].string(), "b");
}

TEST_F(SessionTest, ManyThreadsOneSession) {
  const auto client = Connect({&one_});
  const Session session = client->NewSession();
  std::atomic<int> count = 0;
  one_.SetFault([&](const CommandWords& words) {
    return words[0] == "INCR" && ++count % 50 == 0 ? Fault::kCutAfter : Fault::kNone;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([own = session]() mutable {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(own.Incr("n"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(state_->Counter("n"), 800);
}

TEST_F(SessionTest, CallbacksAndWhoMayWaitInThem) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  std::latch called(1);
  session.Async().Incr("n").Then([&, own = session](Result<int64_t> number) mutable {
    EXPECT_EQ(*number, 1);
    // On the library's thread, which would bring the answer; or at once, on this one.
    own.Async().Incr("n").Then([&](Result<int64_t> next) {
      EXPECT_EQ(*next, 2);
      called.count_down();
    });
  });
  called.wait();
}

TEST_F(SessionTest, CallbacksRunOnTheExecutor) {
  std::atomic<int> runs = 0;
  std::latch called(1);
  const auto client = Connect({&one_}, [&](std::move_only_function<void()> task) {
    ++runs;
    std::thread([task = std::move(task)]() mutable { task(); }).detach();
  });
  Session session = client->NewSession();
  one_.SetFault([](const CommandWords&) { return Fault::kNone; });
  std::latch started(1);
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] == "INCR") started.wait();
    return Fault::kNone;
  });
  session.Async().Incr("n").Then([&, own = session](Result<int64_t>) mutable {
    // It may wait here.
    EXPECT_EQ(*own.Get("n"), "1");
    called.count_down();
  });
  started.count_down();
  called.wait();
  EXPECT_EQ(runs, 1);
}

TEST_F(SessionTest, TooMuchUnderWayIsRefused) {
  const auto client = Connect({&one_});
  Session session = client->NewSession();
  std::latch go_on(1);
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] == "SET") go_on.wait();
    return Fault::kNone;
  });
  const std::string large(40 << 20, 'x');
  Future<void> taken = session.Async().Set("k", large);
  Future<void> refused = session.Async().Set("k", large);
  const Result<void> busy = refused.Get();
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), ErrorCode::kBusy);
  go_on.count_down();
  EXPECT_TRUE(taken.Get());
  EXPECT_TRUE(session.Set("k", "small"));
}

TEST_F(SessionTest, TheEndOfTheClient) {
  auto client = Connect({&one_});
  Session session = client->NewSession();
  one_.SetFault([](const CommandWords& words) {
    return words[0] == "INCR" || words[0] == "XREAD" ? Fault::kHang : Fault::kNone;
  });
  Future<int64_t> write = session.Async().Incr("n");
  Future<Value> blocked = session.Async().Command({"XREAD", "BLOCK", "0", "STREAMS", "s", "$"});
  client.reset();
  EXPECT_EQ(write.Get().error().code(), ErrorCode::kUnknown);
  EXPECT_EQ(blocked.Get().error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(session.Incr("n").error().code(), ErrorCode::kUnavailable);
}

TEST_F(SessionTest, SessionsUseConnectionsAgain) {
  const auto client = Connect({&one_});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client->NewSession().Incr("n"));
  EXPECT_EQ(one_.connections(), 1);
}

TEST(ClientTest, SaysWhatIsWrong) {
  ClientOptions options;
  const auto message = [&options] {
    const auto client = Client::Connect(options);
    return client ? "connected" : client.error().message();
  };
  options.addresses = {};
  EXPECT_EQ(message(), "addresses: name one at least");
  options.addresses = {"host:port"};
  EXPECT_NE(message().find("addresses: "), std::string::npos);
  auto state = std::make_shared<FakeState>();
  FakeInstance gone(state);
  gone.Stop();
  options.addresses = {gone.address()};
  const auto refused = Client::Connect(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message().find(gone.address()), std::string::npos);
  FakeInstance closed(state, {.numbers = true, .hello_error = "WRONGPASS invalid token"});
  options.addresses = {closed.address()};
  const auto stranger = Client::Connect(options);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code(), ErrorCode::kNoAuth);
}

}  // namespace
}  // namespace mydis
