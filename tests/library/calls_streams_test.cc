// Streams, scripts, messages and the server.
#include "library/calls_fixture.h"
#include "mydis/scan.h"
#include "mydis/script.h"

namespace mydis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class CallsStreams : public CallsTest {
 protected:
  // Three records, and a group that has been given two of them.
  void MakeGroup() {
    for (const char* id : {"1-0", "2-0", "3-0"}) {
      EXPECT_THAT(Ok(calls_.XAdd("s", {{"f", id}}, {.id = id})), Optional(std::string(id)));
    }
    Ok(calls_.XGroupCreate("s", "g", "0"));
    ASSERT_THAT(Ok(calls_.XReadGroup("g", "c", {{"s", ">"}}, {.count = 2})), SizeIs(1));
  }
};
class CallsScripts : public CallsTest {};
class CallsServer : public CallsTest {};
MYDIS_EVERY_FORM(CallsStreams);
MYDIS_EVERY_FORM(CallsScripts);
MYDIS_EVERY_FORM(CallsServer);

std::vector<std::string> Ids(const std::vector<StreamRecord>& records) {
  std::vector<std::string> ids;
  for (const StreamRecord& record : records) ids.push_back(record.id);
  return ids;
}

TEST_P(CallsStreams, Records) {
  EXPECT_EQ(Ok(calls_.XAdd("s", {{"f", "v"}}, {.make_stream = false})), std::nullopt);
  const std::string id = Ok(calls_.XAdd("s", {{"f", "v"}, {"f", "w"}}));
  EXPECT_THAT(id, HasSubstr("-"));
  EXPECT_EQ(Ok(calls_.XLen("s")), 1);
  const std::vector<StreamRecord> records = Ok(calls_.XRange("s"));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, id);
  EXPECT_THAT(records[0].fields, ElementsAre(Pair("f", "v"), Pair("f", "w")));
  EXPECT_THAT(Ids(Ok(calls_.XRevRange("s", "+", "-", 5))), ElementsAre(id));
  EXPECT_EQ(Ok(calls_.XDel("s", {id, "1-1"})), 1);
}

TEST_P(CallsStreams, Reads) {
  EXPECT_THAT(Ok(calls_.XRead({{"s", "0"}})), IsEmpty());
  MakeGroup();
  const StreamRecords read = Ok(calls_.XRead({{"s", "1-0"}, {"no", "0"}}, {.count = 5}));
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0].first, "s");
  EXPECT_THAT(Ids(read[0].second), ElementsAre("2-0", "3-0"));
  EXPECT_THAT(Ok(calls_.XRead({{"s", "2-0"}}, {.block = 5s})), SizeIs(1));
  EXPECT_THAT(Ok(calls_.XRead({{"s", "3-0"}}, {.block = 1ms})), IsEmpty());
}

TEST_P(CallsStreams, WhatIsKept) {
  MakeGroup();
  const StreamInfo info = Ok(calls_.XInfoStream("s"));
  EXPECT_EQ(info.length, 3);
  EXPECT_EQ(info.groups, 1);
  EXPECT_EQ(info.entries_added, 3);
  EXPECT_EQ(info.last_id, "3-0");
  EXPECT_EQ(info.first->id, "1-0");
  EXPECT_EQ(info.last->id, "3-0");
  EXPECT_EQ(Ok(calls_.XTrim("s", {.max_length = 2, .exactly = true})), 1);
  EXPECT_EQ(Ok(calls_.XTrim("s", {.min_id = "3", .exactly = true})), 1);
  Ok(calls_.XSetId("s", "9-0", {.entries_added = 20, .max_deleted_id = "2-0"}));
  const StreamInfo later = Ok(calls_.XInfoStream("s"));
  EXPECT_EQ(later.last_id, "9-0");
  EXPECT_EQ(later.entries_added, 20);
  EXPECT_EQ(later.max_deleted_id, "2-0");
}

TEST_P(CallsStreams, Groups) {
  MakeGroup();
  EXPECT_EQ(calls_.XGroupCreate("s", "g").error().code(), ErrorCode::kExists);
  EXPECT_TRUE(Ok(calls_.XGroupCreateConsumer("s", "g", "d")));
  EXPECT_FALSE(Ok(calls_.XGroupCreateConsumer("s", "g", "d")));
  const std::vector<GroupInfo> groups = Ok(calls_.XInfoGroups("s"));
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "g");
  EXPECT_EQ(groups[0].consumers, 2);
  EXPECT_EQ(groups[0].pending, 2);
  EXPECT_EQ(groups[0].last_delivered_id, "2-0");
  EXPECT_EQ(groups[0].lag, 1);
  const std::vector<ConsumerInfo> consumers = Ok(calls_.XInfoConsumers("s", "g"));
  ASSERT_THAT(consumers, SizeIs(2));
  EXPECT_EQ(consumers[0].name, "c");
  EXPECT_EQ(consumers[0].pending, 2);
  EXPECT_EQ(Ok(calls_.XAck("s", "g", {"1-0", "3-0"})), 1);
  EXPECT_EQ(Ok(calls_.XGroupDelConsumer("s", "g", "c")), 1);
  Ok(calls_.XGroupSetId("s", "g", "0", {.entries_read = 0}));
  EXPECT_THAT(Ok(calls_.XReadGroup("g", "d", {{"s", ">"}}, {.block = 5s, .no_ack = true})),
              SizeIs(1));
  EXPECT_TRUE(Ok(calls_.XGroupDestroy("s", "g")));
  EXPECT_FALSE(Ok(calls_.XGroupDestroy("s", "g")));
  Ok(calls_.XGroupCreate("t", "g", "$", {.make_stream = true}));
}

TEST_P(CallsStreams, WhatIsPending) {
  MakeGroup();
  const PendingSummary summary = Ok(calls_.XPending("s", "g"));
  EXPECT_EQ(summary.count, 2);
  EXPECT_EQ(summary.lowest_id, "1-0");
  EXPECT_EQ(summary.highest_id, "2-0");
  EXPECT_THAT(summary.by_consumer, ElementsAre(Pair("c", 2)));
  const std::vector<PendingRecord> pending =
      Ok(calls_.XPendingList("s", "g", {.count = 1, .consumer = "c"}));
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].id, "1-0");
  EXPECT_EQ(pending[0].consumer, "c");
  EXPECT_EQ(pending[0].deliveries, 1);
  EXPECT_GE(pending[0].idle, 0ms);
  Ok(calls_.XAck("s", "g", {"1-0", "2-0"}));
  EXPECT_EQ(Ok(calls_.XPending("s", "g")).count, 0);
}

TEST_P(CallsStreams, Claims) {
  MakeGroup();
  EXPECT_THAT(Ids(Ok(calls_.XClaim("s", "g", "d", 0ms, "1-0", {.deliveries = 7}))),
              ElementsAre("1-0"));
  EXPECT_THAT(Ok(calls_.XClaimIds("s", "g", "e", 0ms, {"1-0", "2-0"})), ElementsAre("1-0", "2-0"));
  Ok(calls_.XDel("s", "1-0"));
  const ClaimedIds ids = Ok(calls_.XAutoClaimIds("s", "g", "f", 0ms, {.start = "2-0"}));
  EXPECT_EQ(ids.next, "0-0");
  EXPECT_THAT(ids.ids, ElementsAre("2-0"));
  const ClaimedRecords records = Ok(calls_.XAutoClaim("s", "g", "d", 0ms));
  EXPECT_THAT(Ids(records.records), ElementsAre("2-0"));
  EXPECT_THAT(records.records[0].fields, ElementsAre(Pair("f", "2-0")));
  EXPECT_THAT(records.deleted, ElementsAre("1-0"));
}

TEST_P(CallsScripts, Code) {
  EXPECT_EQ(Ok(calls_.Eval<int64_t>("return #KEYS * 10 + #ARGV", "k", {"x", "y"})), 12);
  EXPECT_EQ(Ok(calls_.Eval("return 1")).integer(), 1);
  EXPECT_EQ(Ok(calls_.EvalRo<std::string>("return ARGV[1]", {}, "x")), "x");
  const std::string sha1 = Ok(calls_.ScriptLoad("return ARGV[1] .. KEYS[1]"));
  EXPECT_EQ(Ok(calls_.EvalSha<std::string>(sha1, "k", "x")), "xk");
  EXPECT_EQ(Ok(calls_.EvalShaRo<std::string>(sha1, "k", "y")), "yk");
  EXPECT_THAT(Ok(calls_.ScriptExists({sha1, std::string(40, '0')})), ElementsAre(true, false));
  Ok(calls_.ScriptFlush());
  EXPECT_EQ(calls_.EvalSha(sha1, "k").error().code(), ErrorCode::kNotFound);
}

TEST_P(CallsScripts, Functions) {
  Ok(calls_.FunctionFlush());
  const std::string code =
      "#!lua name=lib\nredis.register_function{function_name='f', "
      "callback=function(keys, args) return args[1] end, flags={'no-writes'}, description='one'}";
  EXPECT_EQ(Ok(calls_.FunctionLoad(code)), "lib");
  EXPECT_EQ(Ok(calls_.FunctionLoad(code, true)), "lib");
  EXPECT_EQ(Ok(calls_.FCall<std::string>("f", "k", "x")), "x");
  EXPECT_EQ(Ok(calls_.FCallRo<std::string>("f", {}, "y")), "y");
  const std::vector<LibraryInfo> libraries =
      Ok(calls_.FunctionList({.library = "l*", .with_code = true}));
  ASSERT_THAT(libraries, SizeIs(1));
  EXPECT_EQ(libraries[0].name, "lib");
  EXPECT_EQ(libraries[0].engine, "LUA");
  EXPECT_EQ(libraries[0].code, code);
  ASSERT_THAT(libraries[0].functions, SizeIs(1));
  EXPECT_EQ(libraries[0].functions[0].name, "f");
  EXPECT_EQ(libraries[0].functions[0].description, "one");
  EXPECT_THAT(libraries[0].functions[0].flags, ElementsAre("no-writes"));
  const std::string dump = Ok(calls_.FunctionDump());
  Ok(calls_.FunctionDelete("lib"));
  Ok(calls_.FunctionRestore(dump));
  Ok(calls_.FunctionRestore(dump, FunctionRestorePolicy::kReplace));
  EXPECT_THAT(Ok(calls_.FunctionList()), SizeIs(1));
}

TEST_P(CallsServer, Messages) {
  EXPECT_EQ(Ok(calls_.Publish("c", "m")), 0);
  EXPECT_EQ(Ok(calls_.SPublish("c", "m")), 0);
  EXPECT_THAT(Ok(calls_.PubSubChannels()), IsEmpty());
  EXPECT_THAT(Ok(calls_.PubSubNumSub({"c", "d"})), ElementsAre(Pair("c", 0), Pair("d", 0)));
  EXPECT_EQ(Ok(calls_.PubSubNumPat()), 0);
  EXPECT_THAT(Ok(calls_.PubSubShardChannels()), IsEmpty());
  EXPECT_THAT(Ok(calls_.PubSubShardNumSub("c")), ElementsAre(Pair("c", 0)));
}

TEST_P(CallsServer, Itself) {
  EXPECT_EQ(Ok(calls_.Ping()), "PONG");
  EXPECT_EQ(Ok(calls_.Echo("text")), "text");
  EXPECT_GT(Ok(calls_.Time()), TimePoint(std::chrono::seconds(1'700'000'000)));
  EXPECT_THAT(Ok(calls_.Info("server")), testing::StartsWith("# Server"));
  Ok(calls_.ConfigSet("slowlog-max-len", "77"));
  EXPECT_THAT(Ok(calls_.ConfigGet("slowlog-max-len")), ElementsAre(Pair("slowlog-max-len", "77")));
  Ok(calls_.Set("k", "v"));
  Ok(calls_.FlushDb());
  EXPECT_EQ(Ok(calls_.DbSize()), 0);
  Ok(calls_.FlushAll());
}

// Script and Scan wait for their answers: they are for sessions alone.
TEST(CallsHelpers, AScriptThatWasForgottenIsToldAgain) {
  Session session = NewLiveSession();
  const Script script =
      Ok(Result<std::optional<Script>>(Script::Load(session, "return redis.call('INCR', KEYS[1])")))
          .value();
  Ok(session.Del("n"));
  EXPECT_EQ(Ok(script.Run<int64_t>(session, "n")), 1);
  Ok(session.ScriptFlush());
  EXPECT_EQ(Ok(script.Run<int64_t>(session, "n")), 2);
  EXPECT_THAT(Ok(session.ScriptExists(script.sha1())), ElementsAre(true));
}

// A script that fails as if it were not there is not run twice.
TEST(CallsHelpers, AScriptsOwnErrorIsItsAnswer) {
  Session session = NewLiveSession();
  const Script script =
      Ok(Result<std::optional<Script>>(Script::Load(
             session, "redis.call('INCR', KEYS[1]) return redis.error_reply('NOSCRIPT or so')")))
          .value();
  Ok(session.Del("n"));
  EXPECT_EQ(script.Run(session, "n").error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(Ok(session.Get("n")), Optional(std::string("1")));
}

TEST(CallsHelpers, ScansGoAllTheWay) {
  Session session = NewLiveSession();
  Ok(session.FlushAll());
  std::set<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    const std::string name = "k" + std::to_string(i);
    expected.insert(name);
    Ok(session.Set(name, "v"));
    Ok(session.SAdd("set", name));
    Ok(session.HSet("hash", name, "v"));
    Ok(session.ZAdd("zset", name, i));
  }
  std::set<std::string> keys;
  Scan<std::string> key_scan = ScanKeys(session, {.match = "k*", .count = 50});
  while (std::optional<std::string> key = key_scan.Next()) keys.insert(*std::move(key));
  EXPECT_TRUE(key_scan.status().ok());
  EXPECT_EQ(keys, expected);

  std::set<std::string> members;
  auto set_scan = ScanSet(session, "set", {.count = 50});
  while (std::optional<std::string> member = set_scan.Next()) members.insert(*std::move(member));
  EXPECT_EQ(members, expected);

  std::set<std::string> fields;
  auto hash_scan = ScanHash(session, "hash", {.count = 50});
  while (auto field = hash_scan.Next()) fields.insert(field->first);
  EXPECT_EQ(fields, expected);

  double sum = 0;
  auto sorted_scan = ScanSortedSet(session, "zset", {.count = 50});
  while (auto member = sorted_scan.Next()) sum += member->score;
  EXPECT_EQ(sum, 499 * 500 / 2);

  auto wrong_scan = ScanSet(session, "hash");
  EXPECT_EQ(wrong_scan.Next(), std::nullopt);
  EXPECT_EQ(wrong_scan.status().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace mydis
