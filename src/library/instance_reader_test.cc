// Which reads are answered in the caller's thread, and what comes of it.
#include "library/instance_reader.h"

#include <gmock/gmock.h>

#include "library/instance_fixture.h"
#include "library/running_instance.h"

namespace mydis {
namespace {

class InstanceReaderTest : public InstanceTest {
 protected:
  InstanceReaderTest() {
    auto started = RunningInstance::Start(Options());
    EXPECT_TRUE(started);
    instance_ = *std::move(started);
    EXPECT_TRUE(instance_->WaitUntilReady(std::chrono::seconds(60)).ok());
    visits_ = std::make_shared<StateVisits>(instance_->shared_node());
    Do({"SET", "k", "v"});
    Do({"RPUSH", "l", "a", "b"});
    Do({"HSET", "h", "f", "1"});
  }
  ~InstanceReaderTest() override { instance_->Stop(); }

  Value Do(const Words& words) {
    Result<Value> value = session().Command(words);
    EXPECT_TRUE(value) << ErrorOf(value);
    return value ? *value : Value();
  }
  Session session() { return instance_->NewSession({}); }
  // What is answered directly; nothing: it is left to the connection.
  std::optional<Value> Direct(const Words& words, const SessionOptions& session = {},
                              const CallOptions& options = {}, uint64_t min_revision = 0) {
    InstanceReader reader(visits_, session);
    const auto answer = reader.TryRead(CallKind::kAny, words, options, min_revision, &revision_);
    if (!answer) return std::nullopt;
    EXPECT_TRUE(*answer) << ErrorOf(*answer);
    return **answer;
  }
  std::string Info(const std::string& section) { return Do({"INFO", section}).string(); }

  std::shared_ptr<RunningInstance> instance_;
  std::shared_ptr<StateVisits> visits_;
  uint64_t revision_ = 0;
};

TEST_F(InstanceReaderTest, ReadsAreAnsweredWithTheRevision) {
  EXPECT_EQ(Direct({"GET", "k"}), Value::String("v"));
  EXPECT_EQ(revision_, 3u);
  EXPECT_EQ(Direct({"get", "none"}), Value());
  EXPECT_EQ(Direct({"LRANGE", "l", "0", "-1"}),
            Value::Collection(Value::Kind::kArray, {Value::String("a"), Value::String("b")}));
  EXPECT_EQ(Direct({"HGETALL", "h"}),
            Value::Collection(Value::Kind::kMap, {Value::String("f"), Value::String("1")}));
  EXPECT_EQ(Direct({"EXISTS", "k", "l", "none"}), Value::Integer(2));
  EXPECT_EQ(Direct({"OBJECT", "ENCODING", "l"}), Value::String("listpack"));
  EXPECT_EQ(Direct({"GET", "k"}, {.database = 1}), Value());
  EXPECT_EQ(Direct({"GET", "k"}, {.database = 16}), std::nullopt);
  EXPECT_EQ(Direct({"GET", "k"}, {.database = -1}), std::nullopt);
}

TEST_F(InstanceReaderTest, AnswersAreThoseOfTheConnection) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"GET", "k"},
                                                                 {"STRLEN", "k"},
                                                                 {"LRANGE", "l", "0", "-1"},
                                                                 {"HGETALL", "h"},
                                                                 {"HMGET", "h", "f", "g"},
                                                                 {"TYPE", "l"},
                                                                 {"TTL", "k"},
                                                                 {"SCAN", "0"},
                                                                 {"LPOS", "l", "b"},
                                                                 {"HRANDFIELD", "h"},
                                                                 {"MEMORY", "USAGE", "k"},
                                                                 {"OBJECT", "FREQ", "none"}}) {
    const Words call{std::span<const std::string>(words)};
    const auto direct = Direct(call);
    const CallOptions strong{.consistency = Consistency::kStrong};
    const Result<Value> over = session().Command(call, strong);
    if (!direct) continue;
    EXPECT_EQ(*direct, over.value()) << words[0];
  }
}

TEST_F(InstanceReaderTest, WhatIsNoEventualReadGoesOverTheConnection) {
  EXPECT_EQ(Direct({"SET", "k", "w"}), std::nullopt);
  EXPECT_EQ(Direct({"PING"}), std::nullopt);
  EXPECT_EQ(Direct({"NOSUCHCOMMAND"}), std::nullopt);
  EXPECT_EQ(Direct({"GET"}), std::nullopt);
  EXPECT_EQ(Direct({"EVAL_RO", "return 1", "0"}), std::nullopt);
  EXPECT_EQ(Direct({"XREAD", "BLOCK", "1", "STREAMS", "s", "$"}), std::nullopt);
  EXPECT_EQ(Direct({"STRONG", "GET", "k"}), std::nullopt);
  EXPECT_EQ(Direct({"GET", "k"}, {.read_consistency = Consistency::kStrong}), std::nullopt);
  EXPECT_EQ(Direct({"GET", "k"}, {}, {.consistency = Consistency::kStrong}), std::nullopt);
  const SessionOptions strong{.read_consistency = Consistency::kStrong};
  EXPECT_NE(Direct({"GET", "k"}, strong, {.consistency = Consistency::kEventual}), std::nullopt);
}

TEST_F(InstanceReaderTest, ARevisionThatIsNotThereIsWaitedForElsewhere) {
  EXPECT_NE(Direct({"GET", "k"}, {}, {}, 3), std::nullopt);
  EXPECT_EQ(Direct({"GET", "k"}, {}, {}, 4), std::nullopt);
}

TEST_F(InstanceReaderTest, ErrorsComeFromTheConnection) {
  EXPECT_EQ(Direct({"LLEN", "k"}), std::nullopt);
  EXPECT_FALSE(session().Command({"LLEN", "k"}));
  EXPECT_THAT(Info("errorstats"), ::testing::HasSubstr("errorstat_WRONGTYPE:count=1"));
}

TEST_F(InstanceReaderTest, UsersReadWhatTheyMay) {
  Do({"ACL", "SETUSER", "u", "on", "nopass", "~k", "+get"});
  EXPECT_EQ(Direct({"GET", "k"}, {.user = "u"}), Value::String("v"));
  EXPECT_EQ(Direct({"GET", "other"}, {.user = "u"}), std::nullopt);
  EXPECT_EQ(Direct({"STRLEN", "k"}, {.user = "u"}), std::nullopt);
  EXPECT_EQ(Direct({"GET", "k"}, {.user = "nobody"}), std::nullopt);
}

TEST_F(InstanceReaderTest, ReadsAreCounted) {
  Do({"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 40; ++i) EXPECT_NE(Direct({"GET", i % 4 == 0 ? "none" : "k"}), std::nullopt);
  EXPECT_THAT(Info("commandstats"), ::testing::HasSubstr("cmdstat_get:calls=40,"));
  const std::string stats = Info("stats");
  EXPECT_THAT(stats, ::testing::HasSubstr("keyspace_hits:30\r\n"));
  EXPECT_THAT(stats, ::testing::HasSubstr("keyspace_misses:10\r\n"));
}

TEST_F(InstanceReaderTest, ReadsAreUses) {
  Do({"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"});
  const int64_t before = Do({"OBJECT", "FREQ", "k"}).integer();
  for (int i = 0; i < 2000; ++i) Direct({"GET", "k"});
  EXPECT_GT(Do({"OBJECT", "FREQ", "k"}).integer(), before);
}

TEST_F(InstanceReaderTest, WhoWantsToSeeReadsSeesThem) {
  Do({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
  EXPECT_NE(Direct({"GET", "k"}), std::nullopt);
  const Value calls = Do({"SLOWLOG", "GET", "100"});
  bool seen = false;
  for (const Value& call : calls.elements()) {
    const std::vector<Value>& words = call.elements()[3].elements();
    seen |= words[0].string() == "GET" && call.elements()[4].string() == "embedded:0";
  }
  EXPECT_TRUE(seen);

  Do({"CLIENT", "PAUSE", "60000", "ALL"});
  EXPECT_EQ(Direct({"GET", "k"}), std::nullopt);
  Do({"CLIENT", "UNPAUSE"});
  EXPECT_NE(Direct({"GET", "k"}), std::nullopt);
}

TEST_F(InstanceReaderTest, AfterTheStopNothingIsRead) {
  instance_->Stop();
  EXPECT_EQ(Direct({"GET", "k"}), std::nullopt);
}

TEST_F(InstanceReaderTest, AsManyThreadsReadAsThereArePlaces) {
  std::vector<std::unique_ptr<StateVisits::Visit>> visits;
  for (int i = 0; i < InstanceOptions().reading_threads; ++i) {
    visits.push_back(std::make_unique<StateVisits::Visit>(*visits_));
    EXPECT_TRUE(*visits.back());
  }
  EXPECT_EQ(Direct({"GET", "k"}), std::nullopt);
  visits.pop_back();
  EXPECT_NE(Direct({"GET", "k"}), std::nullopt);
}

}  // namespace
}  // namespace mydis
