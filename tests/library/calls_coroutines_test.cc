// Calls within co_await expressions, with what they take made there. That this compiles is the
// half of it: GCC 12 takes no temporary array there, of a std::initializer_list (nor
// of what is expected).
#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <latch>
#include <map>
#include <string>
#include <vector>

#include "library/live_session.h"

namespace mydis {
namespace {

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// On the heap, so that a view of it after its end is seen by the sanitizers.
std::string Long(int number) { return "a word that is no short string: " + std::to_string(number); }

using Elements = std::vector<std::string>;

Task Commands(AsyncSession calls, std::latch& done) {
  EXPECT_EQ((co_await calls.Command({"RPUSH", "room", "x"}))->integer(), 1);
  EXPECT_EQ((co_await calls.Command({"RPUSH", "room", Long(1), std::to_string(2)}))->integer(), 3);
  EXPECT_EQ((co_await calls.Command(Words{"LLEN", "room"}))->integer(), 3);
  auto started = calls.Command({"RPUSH", "room", Long(3)});
  EXPECT_EQ((co_await started)->integer(), 4);
  // More than what has its place in Words itself.
  const auto pushed = co_await calls.Command({"RPUSH", "many", "1", Long(2), "3", "4", "5", "6",
                                              "7", "8", "9", "10", "11", "12", Long(13)});
  EXPECT_EQ(pushed->integer(), 13);
  const Elements last = Ok(co_await calls.LRange("many", 12, -1));
  EXPECT_EQ(last, Elements{Long(13)});
  const auto got =
      co_await calls.Command({"LRANGE", "room", "0", "-1"}, {.consistency = Consistency::kStrong});
  EXPECT_EQ(got->elements().at(1).string(), Long(1));
  EXPECT_EQ(got->elements().at(3).string(), Long(3));
  done.count_down();
}

Task Lists(AsyncSession calls, std::latch& done) {
  EXPECT_EQ(Ok(co_await calls.RPush("k", {"x"})), 1);
  EXPECT_EQ(Ok(co_await calls.RPush("k", {"y", Long(1), "1", "2", "3", Long(2)})), 7);
  const Elements last = Ok(co_await calls.LRange("k", 6, 6));
  EXPECT_EQ(last, Elements{Long(2)});
  EXPECT_EQ(Ok(co_await calls.HSet("h", {{"a", "b"}})), 1);
  EXPECT_EQ(Ok(co_await calls.HSet("h", {{"c", Long(1)}, {Long(2), "d"}})), 2);
  const Fields fields = Ok(co_await calls.HGetAll("h"));
  EXPECT_EQ(fields, (Fields{{"a", "b"}, {"c", Long(1)}, {Long(2), "d"}}));
  const std::map<std::string, std::string> more = {{"a", "e"}};
  EXPECT_EQ(Ok(co_await calls.HSet("h", more)), 0);
  EXPECT_EQ(Ok(co_await calls.ZAdd("z", {{"a", 1}})), 1);
  EXPECT_EQ(Ok(co_await calls.ZAdd("z", {{Long(1), 3}, {"b", 2}})), 2);
  const Elements members = Ok(co_await calls.ZRange("z", 0, -1));
  EXPECT_EQ(members, (Elements{"a", "b", Long(1)}));
  EXPECT_EQ(Ok(co_await calls.Del({"k"})), 1);
  EXPECT_EQ(Ok(co_await calls.Del({"h", "z", Long(1)})), 2);
  done.count_down();
}

Task Pipelined(Session session, std::latch& done) {
  Pipeline pipeline = session.NewPipeline();
  auto set = pipeline.MSet({{"p", "1"}, {"q", Long(2)}});
  auto count = pipeline.Command({"EXISTS", "p", "q", Long(3)});
  pipeline.Send();
  Ok(co_await set);
  EXPECT_EQ((co_await count)->integer(), 2);
  EXPECT_EQ(Ok(co_await session.Async().Get("q")), Long(2));
  done.count_down();
}

TEST(CallsOfCoroutines, Commands) {
  Ok(NewLiveSession().FlushAll());
  std::latch done(1);
  Commands(NewLiveSession().Async(), done);
  done.wait();
}

TEST(CallsOfCoroutines, Lists) {
  Ok(NewLiveSession().FlushAll());
  std::latch done(1);
  Lists(NewLiveSession().Async(), done);
  done.wait();
}

TEST(CallsOfCoroutines, Pipelines) {
  Ok(NewLiveSession().FlushAll());
  std::latch done(1);
  Pipelined(NewLiveSession(), done);
  done.wait();
}

}  // namespace
}  // namespace mydis
