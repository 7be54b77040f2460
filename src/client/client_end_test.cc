// How a client ends: with calls and subscriptions under way, from within a callback; and what it
// leaves alone.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <string>
#include <thread>

#include "client/fake_cluster_test.h"
#include "mydis/client.h"

namespace mydis {
namespace {

using testing::FakeInstance;
using testing::FakeState;

class ClientEndTest : public ::testing::Test {
 protected:
  std::unique_ptr<Client> Connect(size_t idle_connections = 8) {
    ClientOptions options;
    options.addresses = {instance_.address()};
    options.idle_connections = idle_connections;
    auto client = Client::Connect(std::move(options));
    EXPECT_TRUE(client) << client.error().message();
    return client ? *std::move(client) : nullptr;
  }

  FakeInstance instance_{std::make_shared<FakeState>()};
};

TEST_F(ClientEndTest, WhatIsSentAfterTheEndIsCalledBack) {
  auto client = Connect();
  Session session = client->NewSession();
  Pipeline pipeline = session.NewPipeline();
  std::atomic<int> called = 0;
  pipeline.Incr("n").Then([&](const Result<int64_t>& answer) {
    EXPECT_FALSE(answer);
    ++called;
  });
  client.reset();
  pipeline.Send();
  EXPECT_EQ(called, 1);
  session.Async().Incr("n").Then([&](const Result<int64_t>&) { ++called; });
  EXPECT_EQ(called, 2);
}

TEST_F(ClientEndTest, EveryCallIsCalledBackOnce) {
  for (int round = 0; round < 20; ++round) {
    auto client = Connect();
    std::atomic<int> started = 0, called = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 2; ++i) {
        threads.emplace_back(
            [&, session = client->NewSession()](const std::stop_token& stop) mutable {
              while (!stop.stop_requested() && started < 300) {
                ++started;
                session.Async().Incr("n").Then([&](const Result<int64_t>&) { ++called; });
                (void)session.Incr("n");
              }
            });
      }
      while (called < 20) std::this_thread::yield();
      client.reset();
    }
    ASSERT_EQ(called, started) << "round " << round;
  }
}

TEST_F(ClientEndTest, MayComeFromWithinACallback) {
  auto client = Connect();
  Session session = client->NewSession();
  std::promise<void> ended;
  session.Async().Incr("n").Then([&](const Result<int64_t>&) {
    client.reset();
    ended.set_value();
  });
  ended.get_future().wait();
  // All that comes to pass a little later.
  while (session.Incr("n")) std::this_thread::yield();
}

TEST_F(ClientEndTest, ASubscriptionThatEndsLaterKeepsNothing) {
  auto client = Connect();
  Session session = client->NewSession();
  const auto held = std::make_shared<int>();
  {
    SubscribeHandlers handlers;
    handlers.on_message = [held, session](const Message&) {};
    auto subscription = session.Subscribe({.channels = {"news"}}, handlers);
    ASSERT_TRUE(subscription);
    handlers = {};
    client.reset();
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ClientEndTest, ConnectionsThatNobodyCanUseMakeRoom) {
  const auto client = Connect(2);
  for (const std::string name : {"a", "b", "c"})
    EXPECT_TRUE(client->NewSession({.name = name}).Incr("n"));
  const int before = instance_.connections();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(client->NewSession({.name = "d"}).Incr("n"));
  EXPECT_LE(instance_.connections(), before + 1);
}

TEST_F(ClientEndTest, ItsThreadsTakeNoSignals) {
  const auto tasks = [] {
    std::set<std::string> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
      found.insert(task.path());
    return found;
  };
  const std::set<std::string> before = tasks();
  const auto client = Connect();
  int threads = 0;
  for (const std::string& task : tasks()) {
    if (before.contains(task)) continue;
    std::ifstream status(task + "/status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("SigBlk:")) continue;
      const uint64_t blocked = std::stoull(line.substr(7), nullptr, 16);
      // The fake instance's thread that serves the connection is none of the client's.
      if (blocked == 0) continue;
      EXPECT_NE(blocked & (uint64_t{1} << (SIGTERM - 1)), 0u);
      ++threads;
    }
  }
  EXPECT_GE(threads, 2) << "the client's own and the resolver's";
}

}  // namespace
}  // namespace mydis
