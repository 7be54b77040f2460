// An embedded instance as its program sees it: options, calls, several at once, the end.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>

#include "library/instance_fixture.h"

namespace mydis {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// What the promise holds once it is kept; it must be within a time that is long for a machine under
// load.
template <typename T>
T Within(std::future<T> promised) {
  if (promised.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    ADD_FAILURE() << "nothing has happened";
    std::abort();  // What would keep the promise refers to the test.
  }
  return promised.get();
}

TEST_F(InstanceTest, ErrorsNameTheField) {
  EXPECT_THAT(ErrorOf(Instance::Start({})), StartsWith("data_dir: "));
  const auto refusal = [this](const std::function<void(InstanceOptions&)>& change) {
    InstanceOptions options = Options();
    change(options);
    return ErrorOf(Instance::Start(options));
  };
  EXPECT_THAT(refusal([](auto& o) { o.redis_port = 70000; }), StartsWith("redis_port: 70000"));
  EXPECT_THAT(refusal([](auto& o) { o.reading_threads = 0; }), StartsWith("reading_threads: 0"));
  EXPECT_THAT(refusal([](auto& o) { o.join = {"nowhere"}; }), StartsWith("join: "));
  EXPECT_THAT(refusal([](auto& o) { o.join = {"127.0.0.1:2382"}; }), StartsWith("raft_port: "));
  EXPECT_THAT(refusal([](auto& o) { o.tls_cert = "c"; }), StartsWith("tls_cert: give tls_key"));
  EXPECT_THAT(refusal([](auto& o) { o.tls_cert = o.tls_key = "c"; }),
              StartsWith("tls_cert: nobody can connect without redis_port or http_port"));
  EXPECT_THAT(refusal([](auto& o) { o.tls_auth_clients = "no"; }),
              StartsWith("tls_auth_clients: "));
  EXPECT_THAT(refusal([](auto& o) { o.data_dir = "/proc/none"; }), StartsWith("data_dir: "));
  EXPECT_THAT(refusal([](auto& o) { o.cluster_key_file = "/none"; }),
              HasSubstr("cluster_key_file"));
}

TEST_F(InstanceTest, HasTheServersOptions) {
  InstanceOptions options = Options();
  options.admin_token_file = options.data_dir + ".token";
  options.audit_log = options.data_dir + ".audit";
  const auto instance = StartReady(options);
  EXPECT_TRUE(std::filesystem::exists(options.admin_token_file));
  EXPECT_TRUE(std::filesystem::exists(options.audit_log));
  Session session = instance->NewSession();
  const Result<Value> token = session.Command({"TOKEN", "LIST"});
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(token->elements().size(), 1u);
}

TEST_F(InstanceTest, ADirectoryHasOneInstance) {
  const auto instance = StartReady();
  const Result<std::unique_ptr<Instance>> second = Instance::Start(Options());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), StartsWith("data_dir: "));
  EXPECT_EQ(second.error().code(), ErrorCode::kBusy);
}

TEST_F(InstanceTest, TypedCallsOfStrings) {
  const auto instance = StartReady();
  Session session = instance->NewSession();
  EXPECT_EQ(session.Get("k").value(), std::nullopt);
  EXPECT_TRUE(session.Set("k", "v"));
  EXPECT_EQ(session.Get("k").value(), "v");
  EXPECT_FALSE(session.Set("k", "w", {.when = SetOptions::When::kIfMissing}).value());
  EXPECT_TRUE(session.Set("k", "w", {.when = SetOptions::When::kIfThere}).value());
  EXPECT_EQ(session.Incr("n").value(), 1);
  EXPECT_EQ(session.IncrBy("n", 41).value(), 42);
  EXPECT_EQ(session.Async().Get("n").Get().value(), "42");
  EXPECT_EQ(session.IncrBy("k", 1).error().code(), ErrorCode::kInvalid);
}

TEST_F(InstanceTest, CommandsOfAnyKind) {
  const auto instance = StartReady();
  Session session = instance->NewSession();
  EXPECT_EQ(session.Command({"RPUSH", "l", "a", "b"})->integer(), 2);
  EXPECT_EQ(session.Command({"LRANGE", "l", "0", "-1"})->elements().size(), 2u);
  EXPECT_EQ(session.Command({"GET", "l"}).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(session.Command({"EVAL", "return redis.call('INCR', KEYS[1])", "1", "n"})->integer(),
            1);
  EXPECT_FALSE(session.Command({"NOSUCHCOMMAND"}));
  const CallOptions strong{.consistency = Consistency::kStrong};
  EXPECT_EQ(session.Get("n", strong).value(), "1");
}

TEST_F(InstanceTest, PipelinesAndTransactions) {
  const auto instance = StartReady();
  Session session = instance->NewSession();
  Pipeline pipeline = session.NewPipeline();
  Future<int64_t> first = pipeline.Incr("n");
  Future<std::optional<std::string>> second = pipeline.Get("n");
  pipeline.Send();
  EXPECT_EQ(first.Get().value(), 1);
  EXPECT_EQ(second.Get().value(), "1");

  Transaction transaction = session.NewTransaction();
  Future<int64_t> counted = transaction.IncrBy("n", 9);
  const auto happened = transaction.Execute();
  ASSERT_TRUE(happened) << happened.error().message();
  EXPECT_TRUE(*happened);
  EXPECT_EQ(counted.Get().value(), 10);
}

TEST_F(InstanceTest, WhatIsWrittenIsThereAgain) {
  {
    const auto instance = StartReady();
    EXPECT_TRUE(instance->NewSession().Set("k", "v"));
  }
  const auto instance = StartReady();
  EXPECT_EQ(instance->NewSession().Get("k").value(), "v");
}

TEST_F(InstanceTest, PortsAreChosenOrNotThere) {
  InstanceOptions options = Options();
  const auto without = StartReady(options);
  EXPECT_EQ(without->redis_port(), InstanceOptions::kPortOff);
  EXPECT_EQ(without->http_port(), InstanceOptions::kPortOff);
  EXPECT_EQ(without->raft_port(), InstanceOptions::kPortOff);

  options = Options("ports");
  options.redis_port = options.http_port = options.raft_port = 0;
  const auto with = StartReady(options);
  EXPECT_GT(with->http_port(), 0);
  EXPECT_GT(with->raft_port(), 0);
  EXPECT_EQ(with->status().instance_id, "127.0.0.1:" + std::to_string(with->raft_port()));
  const Result<Value> told = with->NewSession().Command({"CONFIG", "GET", "port"});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->elements().at(1).string(), std::to_string(with->redis_port()));
  auto client = Client::Connect({.addresses = {"127.0.0.1:" + std::to_string(with->redis_port())}});
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_TRUE((*client)->NewSession().Set("k", "from outside"));
  EXPECT_TRUE(Eventually([&] { return with->NewSession().Get("k").value() == "from outside"; }));
}

TEST_F(InstanceTest, ClientListShowsTheProgram) {
  const auto instance = StartReady();
  Session session = instance->NewSession({.name = "mine"});
  const Result<Value> list = session.Command({"CLIENT", "LIST"});
  ASSERT_TRUE(list);
  EXPECT_THAT(list->string(), HasSubstr("addr=embedded:0"));
  EXPECT_THAT(list->string(), HasSubstr("name=mine"));
  EXPECT_THAT(list->string(), HasSubstr("user=(program)"));
}

TEST_F(InstanceTest, TheProgramNeedsNoPasswordAndItsUsersHaveTheirRights) {
  InstanceOptions options = Options();
  options.password = "secret";
  const auto instance = StartReady(options);
  Session program = instance->NewSession();
  EXPECT_TRUE(program.Set("app:k", "v"));
  EXPECT_TRUE(program.Set("other", "v"));
  EXPECT_TRUE(program.Command({"ACL", "SETUSER", "reader", "on", "nopass", "~app:*", "+get"}));

  Session reader = instance->NewSession({.user = "reader"});
  EXPECT_EQ(reader.Get("app:k").value(), "v");
  EXPECT_EQ(reader.Get("other").error().code(), ErrorCode::kNoPermission);
  EXPECT_EQ(reader.Set("app:k", "w").error().code(), ErrorCode::kNoPermission);
  EXPECT_TRUE(program.Command({"ACL", "SETUSER", "reader", "-get"}));
  EXPECT_EQ(reader.Get("app:k").error().code(), ErrorCode::kNoPermission);
  const Status nobody = instance->NewSession({.user = "nobody"}).Get("app:k").error();
  EXPECT_EQ(nobody.code(), ErrorCode::kNoAuth);
  EXPECT_EQ(nobody.message(),
            "WRONGPASS there is no user \"nobody\": SessionOptions::user names one of ACL LIST");
  // The program stays what it is whatever becomes of the users.
  EXPECT_TRUE(program.Command({"ACL", "SETUSER", "default", "off"}));
  EXPECT_TRUE(program.Set("app:k", "x"));
}

TEST_F(InstanceTest, ClientsAtTheHttpPort) {
  InstanceOptions options = Options();
  options.http_port = 0;
  const auto instance = StartReady(options);
  const std::string address = "127.0.0.1:" + std::to_string(instance->http_port());
  EXPECT_EQ(ErrorOf(Client::Connect({.addresses = {address}})),
            address + ": it speaks HTTP: give the Redis port instead, 2381 by default");
}

TEST_F(InstanceTest, TimeLimitsAreMoreThanNothing) {
  const auto instance = StartReady();
  Session session = instance->NewSession();
  for (const int ms : {0, -3}) {
    const CallOptions limited{.time_limit = std::chrono::milliseconds(ms)};
    const std::string text =
        "time_limit: " + std::to_string(ms) + " ms: give 1 ms at least, or kForever";
    EXPECT_EQ(ErrorOf(session.Get("k", limited)), text);
    EXPECT_EQ(ErrorOf(session.Set("k", "v", limited)), text);
    EXPECT_EQ(ErrorOf(session.Async().Get("k", limited).Get()), text);
    EXPECT_EQ(ErrorOf(instance->NewSession({.time_limit = *limited.time_limit}).Get("k")), text);
    Pipeline pipeline = session.NewPipeline();
    Future<int64_t> piped = pipeline.Incr("k");
    pipeline.Send(limited);
    EXPECT_EQ(ErrorOf(piped.Get()), text);
    Transaction transaction = session.NewTransaction();
    Future<int64_t> queued = transaction.Incr("k");
    EXPECT_EQ(ErrorOf(transaction.Execute(limited)), text);
    EXPECT_EQ(ErrorOf(queued.Get()), text);
  }
  EXPECT_EQ(session.Get("k").value(), std::nullopt);
}

TEST_F(InstanceTest, SessionsOutliveTheirInstance) {
  auto instance = StartReady();
  Session session = instance->NewSession();
  EXPECT_TRUE(session.Set("k", "v"));
  instance.reset();
  EXPECT_EQ(session.Get("k").error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(session.Set("k", "v").error().code(), ErrorCode::kUnavailable);
}

TEST_F(InstanceTest, ReadersAndWritersMeetTheEnd) {
  auto instance = StartReady();
  Session session = instance->NewSession();
  EXPECT_TRUE(session.Set("k", "v"));
  std::atomic<uint64_t> reads{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, own = instance->NewSession()]() mutable {
      while (own.Get("k")) ++reads;
    });
  }
  threads.emplace_back([own = instance->NewSession()]() mutable {
    while (own.Incr("n")) {
    }
  });
  EXPECT_TRUE(Eventually([&] { return reads > 1000; }));
  instance->Stop();
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(instance->status().ready);
  instance->Stop();  // Again: nothing happens.
}

TEST_F(InstanceTest, ShutdownReachesTheProgram) {
  const auto instance = StartReady();
  std::promise<Status> told;
  instance->OnStopped([&](const Status& why) { told.set_value(why); });
  (void)instance->NewSession().Async().Command({"SHUTDOWN"});
  const Status why = Within(told.get_future());
  EXPECT_TRUE(why.ok()) << why.message();
}

TEST_F(InstanceTest, WhatItCannotGoOnWithReachesTheProgram) {
  StartReady().reset();
  InstanceOptions options = Options("other");
  options.raft_port = 0;
  const auto other = StartReady(options);
  // Directories are mixed up: this one is of another cluster than the one that it is to join.
  options = Options();
  options.raft_port = 0;
  options.join = {"127.0.0.1:" + std::to_string(other->raft_port())};
  const auto instance = Start(options);
  std::promise<Status> told;
  instance->OnStopped([&](const Status& why) { told.set_value(why); });
  const Status why = Within(told.get_future());
  EXPECT_EQ(why.code(), ErrorCode::kInvalid);
  EXPECT_THAT(why.message(), HasSubstr("give the right data_dir"));
}

TEST_F(InstanceTest, WaitingForEverAndNotAtAll) {
  // It needs a moment to become its own leader.
  const auto instance = Start(Options());
  const Status ready = instance->WaitUntilReady(std::chrono::milliseconds::max());
  EXPECT_TRUE(ready.ok()) << ready.message();
  InstanceOptions options = Options("other");
  options.raft_port = 0;
  options.expect = 2;
  options.join = {"127.0.0.1:1"};  // Nobody.
  const auto other = Start(options);
  EXPECT_EQ(other->WaitUntilReady(std::chrono::milliseconds::min()).code(), ErrorCode::kTimeout);
}

TEST_F(InstanceTest, StopFromWithinCallbacks) {
  auto instance = StartReady();
  std::promise<void> done;
  instance->OnStopped([&](const Status&) {
    instance->Stop();
    done.set_value();
  });
  (void)instance->NewSession().Async().Command({"SHUTDOWN"});
  Within(done.get_future());
  instance.reset();  // Waits for the stop that has begun.

  auto other = StartReady(Options("other"));
  Session session = other->NewSession();
  std::promise<void> stopped;
  session.Async().Incr("n").Then([&](const Result<int64_t>&) {
    other->Stop();
    stopped.set_value();
  });
  Within(stopped.get_future());
  other.reset();
  EXPECT_FALSE(session.Get("n"));
}

TEST_F(InstanceTest, OnStoppedIsNotToldOfTheProgramsOwnStop) {
  auto instance = StartReady();
  bool told = false;
  instance->OnStopped([&](const Status&) { told = true; });
  instance.reset();
  EXPECT_FALSE(told);
}

TEST_F(InstanceTest, LinesGoToTheHandlerAlone) {
  std::mutex mutex;
  std::string lines;
  SetLogHandler([&](std::string_view level, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines += std::string(level) + ": " + std::string(line) + "\n";
  });
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  StartReady().reset();
  SetLogHandler(nullptr);
  EXPECT_THAT(lines, HasSubstr("info: this instance leads"));
  lines.clear();
  StartReady().reset();
  EXPECT_EQ(lines, "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace mydis
