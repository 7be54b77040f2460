// Subscriptions and watches whose connection is lost.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "client/client_core.h"
#include "client/event_strand.h"
#include "client/fake_cluster_test.h"
#include "client/remote_dialer.h"
#include "mydis/client.h"

namespace mydis {
namespace {

using testing::FakeInstance;
using testing::FakeState;

// What handlers have heard, to be waited for.
class Heard {
 public:
  void Add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
    more_.notify_all();
  }
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, std::chrono::seconds(20), [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> all_;
};

std::string Change(uint64_t revision, bool last, std::string_view key) {
  return fmt::format(">7\r\n+watch-change\r\n:1\r\n:{}\r\n#{}\r\n+put\r\n+{}\r\n+string\r\n",
                     revision, last ? 't' : 'f', key);
}

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    auto client = Client::Connect({.addresses = {instance_.address()}});
    EXPECT_TRUE(client);
    client_ = *std::move(client);
  }
  Result<Subscription> Watch(Heard& heard, uint64_t from) {
    WatchHandlers handlers;
    handlers.on_change = [&heard](const KeyChange& change) {
      heard.Add(fmt::format("{} {}", change.revision, change.key));
    };
    handlers.on_revision = [&heard](uint64_t revision) { heard.Add(fmt::format("{}", revision)); };
    handlers.on_end = [&heard](const Status& why, uint64_t current) {
      heard.Add(fmt::format("end {} {}", static_cast<int>(why.code()), current));
    };
    return client_->NewSession().Watch({.name = "", .from_revision = from}, std::move(handlers));
  }
  void WaitForListener(int count) {
    while (instance_.listeners() < count) std::this_thread::yield();
  }
  bool Received(const std::string& line) {
    const std::vector<std::string> received = instance_.received();
    return std::ranges::find(received, line) != received.end();
  }

  FakeInstance instance_{std::make_shared<FakeState>()};
  std::unique_ptr<Client> client_;
};

TEST_F(ListenerTest, AWatchGoesOnWhereItWas) {
  Heard heard;
  const auto watch = Watch(heard, 0);
  ASSERT_TRUE(watch);
  WaitForListener(1);
  instance_.Push(Change(11, true, "a") + Change(13, false, "b") + Change(13, false, "c"));
  ASSERT_EQ(heard.Wait(3).size(), 3u);
  instance_.CutListeners();
  // What was told of revision 13 is told again by the server, and not to the program.
  WaitForListener(2);
  EXPECT_TRUE(Received("MYDIS FOLLOW  FROM 11 DB 0"));
  instance_.Push(Change(13, false, "b") + Change(13, false, "c") + Change(13, true, "d") +
                 Change(14, true, "e") + ">3\r\n+watch-revision\r\n:1\r\n:20\r\n");
  EXPECT_EQ(heard.Wait(6),
            (std::vector<std::string>{"11 a", "13 b", "13 c", "13 d", "14 e", "20"}));
  instance_.CutListeners();
  WaitForListener(3);
  EXPECT_TRUE(Received("MYDIS FOLLOW  FROM 20 DB 0"));
}

TEST_F(ListenerTest, AWatchThatCannotGoOnEnds) {
  Heard heard;
  const auto watch = Watch(heard, 5);
  ASSERT_TRUE(watch);
  EXPECT_TRUE(Received("MYDIS FOLLOW  FROM 5 DB 0"));
  WaitForListener(1);
  instance_.Push(">4\r\n+watch-gone\r\n:1\r\n:30\r\n:40\r\n");
  const auto end = fmt::format("end {} 40", static_cast<int>(ErrorCode::kNotFound));
  EXPECT_EQ(heard.Wait(1), std::vector<std::string>{end});
}

TEST_F(ListenerTest, ASubscriptionTellsOfGaps) {
  Heard heard;
  SubscribeHandlers handlers;
  handlers.on_message = [&](const Message& message) { heard.Add(message.payload); };
  handlers.on_gap = [&] { heard.Add("gap"); };
  const auto news = client_->NewSession().Subscribe({.channels = {"news", "more"}}, handlers);
  ASSERT_TRUE(news);
  WaitForListener(1);
  instance_.Push(">3\r\n+message\r\n+news\r\n+one\r\n");
  ASSERT_EQ(heard.Wait(1).size(), 1u);
  instance_.CutListeners();
  ASSERT_EQ(heard.Wait(2).size(), 2u);
  WaitForListener(2);
  instance_.Push(">3\r\n+message\r\n+news\r\n+two\r\n");
  EXPECT_EQ(heard.Wait(3), (std::vector<std::string>{"one", "gap", "two"}));
}

TEST_F(ListenerTest, AHandlerMayEndItsOwn) {
  Heard heard;
  Subscription news;
  SubscribeHandlers handlers;
  handlers.on_message = [&](const Message& message) {
    news.Stop();
    heard.Add(message.payload);
  };
  auto begun = client_->NewSession().Subscribe({.channels = {"news"}}, handlers);
  ASSERT_TRUE(begun);
  news = *std::move(begun);
  begun = Subscription();
  WaitForListener(1);
  instance_.Push(">3\r\n+message\r\n+news\r\n+one\r\n>3\r\n+message\r\n+news\r\n+two\r\n");
  EXPECT_EQ(heard.Wait(1), std::vector<std::string>{"one"});
  client_.reset();
  EXPECT_EQ(heard.Wait(1), std::vector<std::string>{"one"});
}

// Of a form that is none of Redis's or Mydis's.
TEST_F(ListenerTest, StrangePushesArePassedOver) {
  Heard heard;
  SubscribeHandlers handlers;
  handlers.on_message = [&](const Message& message) { heard.Add(message.payload); };
  const auto news = client_->NewSession().Subscribe({.channels = {"news"}}, handlers);
  ASSERT_TRUE(news);
  const auto watch = Watch(heard, 5);
  ASSERT_TRUE(watch);
  WaitForListener(2);
  for (const char* kind :
       {"message", "pmessage", "subscribe", "watch-change", "watch-message", "none"}) {
    // From its name alone to more words than any has, none of which is what it should be.
    for (int words = 1; words <= 9; ++words) {
      for (const char* word : {":1", "_", "#t", ",1.5", "*0", "%1\r\n+a\r\n*1\r\n:1"}) {
        std::string push = fmt::format(">{}\r\n+{}\r\n", words, kind);
        for (int i = 1; i < words; ++i) push += fmt::format("{}\r\n", word);
        instance_.Push(push);
      }
    }
  }
  for (const char* push :
       {">3\r\n+message\r\n+news\r\n:1\r\n", ">0\r\n", ">1\r\n:1\r\n",
        ">4\r\n+pmessage\r\n+n*\r\n+news\r\n_\r\n", ">4\r\n+pmessage\r\n+n*\r\n:1\r\n+text\r\n"})
    instance_.Push(push);
  instance_.Push(Change(kMostRevision + 1, true, "beyond all revisions"));
  instance_.Push(">3\r\n+message\r\n+news\r\n+one\r\n" + Change(6, true, "a"));
  std::vector<std::string> all = heard.Wait(2);
  std::ranges::sort(all);
  EXPECT_EQ(all, (std::vector<std::string>{"6 a", "one"}));
}

// The limit for the beginning of what has begun, or ended, is looked at by nobody any more.
TEST_F(ListenerTest, NoTimerStaysBehind) {
  auto dialer = RemoteDialer::Create({.addresses = {instance_.address()}});
  ASSERT_TRUE(dialer);
  auto core = ClientCore::Create(*dialer, {});
  ASSERT_TRUE(core);
  Session session = (*core)->NewSession({.time_limit = std::chrono::hours(1)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(session.Subscribe({.channels = {"news"}}, {}));
  const auto timers = [&core] {
    std::promise<size_t> count;
    (*core)->Post([&] { count.set_value((*core)->loop().timers()); });
    return count.get_future().get();
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (timers() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(timers(), 0u);
  (*core)->Stop();
  (*dialer)->Cancel();
}

class ThreadRunner final : public detail::CallbackRunner {
 public:
  ~ThreadRunner() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void RunCallback(std::move_only_function<void()> callback) override {
    threads_.emplace_back(std::move(callback));
  }

 private:
  std::vector<std::thread> threads_;
};

TEST(EventStrandTest, StopWaitsForTheEventUnderWay) {
  ThreadRunner runner;
  const auto strand = std::make_shared<EventStrand>(runner);
  std::atomic<int> stage = 0;
  strand->Add([&] {
    stage = 1;
    while (stage == 1) std::this_thread::yield();
    std::this_thread::yield();
    stage = 3;
  });
  strand->Add([&] { stage = 4; });
  while (stage == 0) std::this_thread::yield();
  stage = 2;
  strand->Stop();
  EXPECT_GE(stage, 3);
  const int after = stage;
  strand->Add([&] { stage = 5; });
  EXPECT_EQ(stage, after);
}

}  // namespace
}  // namespace mydis
