// Lists, hashes and sets.
#include "library/calls_fixture.h"

namespace mydis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;
using Element = std::optional<std::string>;

class CallsLists : public CallsTest {};
class CallsHashes : public CallsTest {};
class CallsSets : public CallsTest {};
MYDIS_EVERY_FORM(CallsLists);
MYDIS_EVERY_FORM(CallsHashes);
MYDIS_EVERY_FORM(CallsSets);

TEST_P(CallsLists, PushAndPop) {
  EXPECT_EQ(Ok(calls_.LPushX("l", "a")), 0);
  EXPECT_EQ(Ok(calls_.RPushX("l", "a")), 0);
  EXPECT_EQ(Ok(calls_.RPush("l", {"a", "b", "c"})), 3);
  EXPECT_EQ(Ok(calls_.LPush("l", "z")), 4);
  EXPECT_EQ(Ok(calls_.LPushX("l", "y")), 5);
  EXPECT_EQ(Ok(calls_.RPushX("l", "d")), 6);
  EXPECT_EQ(Ok(calls_.LPop("l")), Element("y"));
  EXPECT_EQ(Ok(calls_.RPop("l")), Element("d"));
  EXPECT_THAT(Ok(calls_.LPop("l", 2)), ElementsAre("z", "a"));
  EXPECT_THAT(Ok(calls_.RPop("l", 9)), ElementsAre("c", "b"));
  EXPECT_EQ(Ok(calls_.LPop("l")), std::nullopt);
  EXPECT_THAT(Ok(calls_.LPop("l", 2)), IsEmpty());
}

TEST_P(CallsLists, FromOneToAnother) {
  EXPECT_EQ(Ok(calls_.LMPop({"no", "l"}, ListEnd::kLeft)), std::nullopt);
  Ok(calls_.RPush("l", {"a", "b", "c"}));
  EXPECT_EQ(Ok(calls_.LMove("l", "m", ListEnd::kLeft, ListEnd::kRight)), Element("a"));
  EXPECT_EQ(Ok(calls_.LMove("no", "m", ListEnd::kLeft, ListEnd::kRight)), std::nullopt);
  EXPECT_THAT(Ok(calls_.LMPop({"no", "l"}, ListEnd::kRight, 5)),
              Optional(Pair("l", ElementsAre("c", "b"))));
}

TEST_P(CallsLists, PopsThatMayWait) {
  Ok(calls_.RPush("l", {"a", "b", "c", "d", "e"}));
  EXPECT_THAT(Ok(calls_.BLPop({"no", "l"}, 5s)), Optional(Pair("l", "a")));
  EXPECT_THAT(Ok(calls_.BRPop("l", 5s)), Optional(Pair("l", "e")));
  EXPECT_THAT(Ok(calls_.BLMPop("l", ListEnd::kLeft, 5s, 2)),
              Optional(Pair("l", ElementsAre("b", "c"))));
  EXPECT_EQ(Ok(calls_.BLMove("l", "m", ListEnd::kLeft, ListEnd::kLeft, 5s)), Element("d"));
  EXPECT_EQ(Ok(calls_.BLPop("no", 1ms)), std::nullopt);
  EXPECT_EQ(Ok(calls_.BLMPop("no", ListEnd::kLeft, 1ms)), std::nullopt);
}

TEST_P(CallsLists, Inside) {
  Ok(calls_.RPush("l", {"a", "b", "a", "c"}));
  EXPECT_EQ(Ok(calls_.LLen("l")), 4);
  EXPECT_EQ(Ok(calls_.LIndex("l", -1)), Element("c"));
  EXPECT_EQ(Ok(calls_.LIndex("l", 9)), std::nullopt);
  EXPECT_EQ(Ok(calls_.LPos("l", "a", {.rank = 2})), 2);
  EXPECT_EQ(Ok(calls_.LPos("l", "no")), std::nullopt);
  EXPECT_THAT(Ok(calls_.LPosAll("l", "a")), ElementsAre(0, 2));
  Ok(calls_.LSet("l", 1, "B"));
  EXPECT_EQ(Ok(calls_.LInsert("l", ListPlace::kAfter, "B", "x")), 5);
  EXPECT_EQ(Ok(calls_.LInsert("l", ListPlace::kBefore, "no", "x")), -1);
  EXPECT_EQ(Ok(calls_.LRem("l", 0, "a")), 2);
  EXPECT_THAT(Ok(calls_.LRange("l", 0, -1)), ElementsAre("B", "x", "c"));
  Ok(calls_.LTrim("l", 1, 1));
  EXPECT_THAT(Ok(calls_.LRange("l", 0, -1)), ElementsAre("x"));
}

TEST_P(CallsHashes, Fields) {
  EXPECT_EQ(Ok(calls_.HSet("h", {{"f", "1"}, {"g", "2"}})), 2);
  EXPECT_FALSE(Ok(calls_.HSet("h", "f", "3")));
  EXPECT_FALSE(Ok(calls_.HSetNx("h", "f", "4")));
  EXPECT_TRUE(Ok(calls_.HSetNx("h", "i", "word")));
  EXPECT_EQ(Ok(calls_.HGet("h", "f")), Element("3"));
  EXPECT_EQ(Ok(calls_.HGet("h", "no")), std::nullopt);
  EXPECT_THAT(Ok(calls_.HMGet("h", {"f", "no"})), ElementsAre("3", std::nullopt));
  EXPECT_THAT(Ok(calls_.HGetAll("h")),
              UnorderedElementsAre(Pair("f", "3"), Pair("g", "2"), Pair("i", "word")));
  EXPECT_THAT(Ok(calls_.HKeys("h")), UnorderedElementsAre("f", "g", "i"));
  EXPECT_THAT(Ok(calls_.HVals("h")), UnorderedElementsAre("3", "2", "word"));
  EXPECT_TRUE(Ok(calls_.HExists("h", "i")));
  EXPECT_EQ(Ok(calls_.HLen("h")), 3);
  EXPECT_EQ(Ok(calls_.HStrLen("h", "i")), 4);
  EXPECT_EQ(Ok(calls_.HIncrBy("h", "f", 7)), 10);
  EXPECT_DOUBLE_EQ(Ok(calls_.HIncrByFloat("h", "f", 0.25)), 10.25);
  EXPECT_EQ(Ok(calls_.HDel("h", {"f", "no"})), 1);
  EXPECT_THAT(Ok(calls_.HGetDel("h", {"g", "no"})), ElementsAre("2", std::nullopt));
  EXPECT_THAT(Ok(calls_.HGetAll("no")), IsEmpty());
}

TEST_P(CallsHashes, AnyOfThem) {
  EXPECT_EQ(Ok(calls_.HRandField("h")), std::nullopt);
  Ok(calls_.HSet("h", {{"f", "1"}, {"g", "2"}}));
  EXPECT_TRUE(Ok(calls_.HRandField("h")).has_value());
  EXPECT_EQ(Ok(calls_.HRandField("h", -5)).size(), 5U);
  EXPECT_THAT(Ok(calls_.HRandFieldWithValues("h", 9)),
              UnorderedElementsAre(Pair("f", "1"), Pair("g", "2")));
  const auto step = Ok(calls_.HScan("h", kScanStart, {.match = "f*"}));
  EXPECT_TRUE(step.done());
  EXPECT_THAT(step.items, ElementsAre(Pair("f", "1")));
}

TEST_P(CallsHashes, Deadlines) {
  using Set = HSetExOptions;
  EXPECT_TRUE(Ok(calls_.HSetEx("h", {{"f", "1"}, {"g", "2"}}, {.ttl = 50s})));
  EXPECT_FALSE(Ok(calls_.HSetEx("h", {{"f", "3"}}, {.when = Set::When::kIfMissing})));
  EXPECT_TRUE(
      Ok(calls_.HSetEx("h", {{"f", "3"}}, {.when = Set::When::kIfThere, .keep_ttl = true})));
  EXPECT_GT(*Ok(calls_.HTtl("h", "f"))[0], 10s);
  EXPECT_THAT(Ok(calls_.HPersist("h", {"f", "no"})),
              ElementsAre(FieldExpiry::kSet, FieldExpiry::kNoField));
  EXPECT_THAT(Ok(calls_.HTtl("h", {"f", "no"})), ElementsAre(kForever, std::nullopt));
  EXPECT_THAT(Ok(calls_.HPersist("h", "f")), ElementsAre(FieldExpiry::kNone));
  const TimePoint time = TimePoint(std::chrono::milliseconds(4'000'000'000'123));
  EXPECT_THAT(Ok(calls_.HExpireAt("h", time, {"f", "no"})),
              ElementsAre(FieldExpiry::kSet, FieldExpiry::kNoField));
  EXPECT_THAT(Ok(calls_.HExpireTime("h", {"f", "no"})), ElementsAre(time, std::nullopt));
  EXPECT_THAT(Ok(calls_.HExpire("h", 20s, "f", ExpireWhen::kIfNone)),
              ElementsAre(FieldExpiry::kNotSet));
  EXPECT_THAT(Ok(calls_.HGetEx("h", {"f", "no"}, {.persist = true})),
              ElementsAre("3", std::nullopt));
  EXPECT_THAT(Ok(calls_.HExpireTime("h", "f")), ElementsAre(kNever));
  EXPECT_THAT(Ok(calls_.HExpire("h", 0ms, "f")), ElementsAre(FieldExpiry::kDeleted));
}

TEST_P(CallsSets, Members) {
  EXPECT_EQ(Ok(calls_.SAdd("s", {"a", "b", "c"})), 3);
  EXPECT_EQ(Ok(calls_.SCard("s")), 3);
  EXPECT_TRUE(Ok(calls_.SIsMember("s", "a")));
  EXPECT_THAT(Ok(calls_.SMIsMember("s", {"a", "no"})), ElementsAre(true, false));
  EXPECT_THAT(Ok(calls_.SMembers("s")), UnorderedElementsAre("a", "b", "c"));
  EXPECT_TRUE(Ok(calls_.SMove("s", "t", "a")));
  EXPECT_FALSE(Ok(calls_.SMove("s", "t", "a")));
  EXPECT_EQ(Ok(calls_.SRem("s", {"b", "no"})), 1);
  EXPECT_EQ(Ok(calls_.SRandMember("s")), Element("c"));
  EXPECT_THAT(Ok(calls_.SRandMember("s", -2)), ElementsAre("c", "c"));
  EXPECT_THAT(Ok(calls_.SScan("s", kScanStart)).items, ElementsAre("c"));
  EXPECT_EQ(Ok(calls_.SPop("s")), Element("c"));
  EXPECT_EQ(Ok(calls_.SPop("s")), std::nullopt);
  EXPECT_EQ(Ok(calls_.SRandMember("s")), std::nullopt);
  EXPECT_THAT(Ok(calls_.SPop("t", 5)), ElementsAre("a"));
}

TEST_P(CallsSets, Together) {
  Ok(calls_.SAdd("s", {"a", "b", "c"}));
  Ok(calls_.SAdd("t", {"b", "c", "d"}));
  EXPECT_THAT(Ok(calls_.SUnion({"s", "t"})), UnorderedElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Ok(calls_.SInter({"s", "t"})), UnorderedElementsAre("b", "c"));
  EXPECT_THAT(Ok(calls_.SDiff({"s", "t"})), ElementsAre("a"));
  EXPECT_EQ(Ok(calls_.SInterCard({"s", "t"})), 2);
  EXPECT_EQ(Ok(calls_.SInterCard({"s", "t"}, 1)), 1);
  EXPECT_EQ(Ok(calls_.SUnionStore("d", {"s", "t"})), 4);
  EXPECT_EQ(Ok(calls_.SInterStore("d", {"s", "t"})), 2);
  EXPECT_EQ(Ok(calls_.SDiffStore("d", {"s", "t"})), 1);
}

}  // namespace
}  // namespace mydis
