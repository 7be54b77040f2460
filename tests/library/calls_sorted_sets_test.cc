// Sorted sets, geographical positions and HyperLogLogs.
#include "library/calls_fixture.h"

namespace mydis {
namespace {

using namespace std::chrono_literals;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;
using Member = ScoredMember;

class CallsSortedSets : public CallsTest {};
class CallsGeo : public CallsTest {};
MYDIS_EVERY_FORM(CallsSortedSets);
MYDIS_EVERY_FORM(CallsGeo);

TEST_P(CallsSortedSets, Members) {
  EXPECT_EQ(Ok(calls_.ZAdd("z", {{"a", 1}, {"b", 2.5}})), 2);
  EXPECT_TRUE(Ok(calls_.ZAdd("z", "c", 3)));
  EXPECT_EQ(Ok(calls_.ZAdd("z", {{"a", 0}, {"b", 9}},
                           {.score = ZAddOptions::Score::kIfGreater, .count_changed = true})),
            1);
  EXPECT_EQ(Ok(calls_.ZIncrBy("z", "b", 1)), 10);
  EXPECT_EQ(Ok(calls_.ZAddIncr("z", "b", 1, {.when = ZAddOptions::When::kIfMissing})),
            std::nullopt);
  EXPECT_THAT(Ok(calls_.ZAddIncr("z", "b", 1, {})), Optional(11.0));
  EXPECT_EQ(Ok(calls_.ZCard("z")), 3);
  EXPECT_THAT(Ok(calls_.ZScore("z", "a")), Optional(1.0));
  EXPECT_EQ(Ok(calls_.ZScore("z", "no")), std::nullopt);
  EXPECT_THAT(Ok(calls_.ZMScore("z", {"a", "no"})), ElementsAre(1.0, std::nullopt));
  EXPECT_THAT(Ok(calls_.ZRank("z", "c")), Optional(1));
  EXPECT_THAT(Ok(calls_.ZRevRank("z", "a")), Optional(2));
  EXPECT_EQ(Ok(calls_.ZRank("z", "no")), std::nullopt);
  EXPECT_THAT(Ok(calls_.ZRankWithScore("z", "c")), Optional(Pair(1, 3.0)));
  EXPECT_THAT(Ok(calls_.ZRevRankWithScore("z", "c")), Optional(Pair(1, 3.0)));
  EXPECT_EQ(Ok(calls_.ZRankWithScore("z", "no")), std::nullopt);
  EXPECT_EQ(Ok(calls_.ZRem("z", {"a", "no"})), 1);
}

TEST_P(CallsSortedSets, Pops) {
  Ok(calls_.ZAdd("z", {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}, {"f", 6}, {"g", 7}}));
  EXPECT_THAT(Ok(calls_.ZPopMin("z")), Optional(Member{"a", 1}));
  EXPECT_THAT(Ok(calls_.ZPopMax("z")), Optional(Member{"g", 7}));
  EXPECT_THAT(Ok(calls_.ZPopMin("z", 1)), ElementsAre(Member{"b", 2}));
  EXPECT_THAT(Ok(calls_.ZPopMax("z", 2)), ElementsAre(Member{"f", 6}, Member{"e", 5}));
  EXPECT_THAT(Ok(calls_.ZMPop({"no", "z"}, ScoreEnd::kMax)),
              Optional(Pair("z", ElementsAre(Member{"d", 4}))));
  EXPECT_EQ(Ok(calls_.ZPopMin("no")), std::nullopt);
  EXPECT_THAT(Ok(calls_.ZPopMin("no", 2)), IsEmpty());
  EXPECT_EQ(Ok(calls_.ZMPop("no", ScoreEnd::kMin)), std::nullopt);
}

TEST_P(CallsSortedSets, PopsThatMayWait) {
  Ok(calls_.ZAdd("z", {{"a", 1}, {"b", 2}, {"c", 3}}));
  const std::optional<PoppedMember> lowest = Ok(calls_.BZPopMin({"no", "z"}, 5s));
  ASSERT_TRUE(lowest.has_value());
  EXPECT_EQ(lowest->key, "z");
  EXPECT_EQ(lowest->member, "a");
  EXPECT_EQ(lowest->score, 1);
  const std::optional<PoppedMember> highest = Ok(calls_.BZPopMax("z", 5s));
  ASSERT_TRUE(highest.has_value());
  EXPECT_EQ(highest->member, "c");
  EXPECT_THAT(Ok(calls_.BZMPop("z", ScoreEnd::kMin, 5s)),
              Optional(Pair("z", ElementsAre(Member{"b", 2}))));
  EXPECT_FALSE(Ok(calls_.BZPopMin("z", 1ms)).has_value());
}

TEST_P(CallsSortedSets, AnyOfThem) {
  EXPECT_EQ(Ok(calls_.ZRandMember("z")), std::nullopt);
  Ok(calls_.ZAdd("z", {{"a", 1.5}, {"b", 2}}));
  EXPECT_TRUE(Ok(calls_.ZRandMember("z")).has_value());
  EXPECT_EQ(Ok(calls_.ZRandMember("z", -3)).size(), 3U);
  EXPECT_THAT(Ok(calls_.ZRandMemberWithScores("z", 5)),
              UnorderedElementsAre(Member{"a", 1.5}, Member{"b", 2}));
  EXPECT_THAT(Ok(calls_.ZScan("z", kScanStart)).items,
              UnorderedElementsAre(Member{"a", 1.5}, Member{"b", 2}));
}

TEST_P(CallsSortedSets, Together) {
  Ok(calls_.ZAdd("y", {{"a", 1}, {"b", 2}}));
  Ok(calls_.ZAdd("z", {{"b", 3}, {"c", 4}}));
  const ZCombineOptions combine{.weights = {1, 10}, .aggregate = ZCombineOptions::Aggregate::kMax};
  EXPECT_THAT(Ok(calls_.ZUnion({"y", "z"})), ElementsAre("a", "c", "b"));
  EXPECT_THAT(Ok(calls_.ZUnionWithScores({"y", "z"}, combine)),
              ElementsAre(Member{"a", 1}, Member{"b", 30}, Member{"c", 40}));
  EXPECT_THAT(Ok(calls_.ZInter({"y", "z"})), ElementsAre("b"));
  EXPECT_THAT(Ok(calls_.ZInterWithScores({"y", "z"})), ElementsAre(Member{"b", 5}));
  EXPECT_THAT(Ok(calls_.ZDiff({"y", "z"})), ElementsAre("a"));
  EXPECT_THAT(Ok(calls_.ZDiffWithScores({"y", "z"})), ElementsAre(Member{"a", 1}));
  EXPECT_EQ(Ok(calls_.ZInterCard({"y", "z"})), 1);
  EXPECT_EQ(Ok(calls_.ZUnionStore("d", {"y", "z"}, combine)), 3);
  EXPECT_EQ(Ok(calls_.ZInterStore("d", {"y", "z"})), 1);
  EXPECT_EQ(Ok(calls_.ZDiffStore("d", {"y", "z"})), 1);
}

TEST_P(CallsSortedSets, Ranges) {
  Ok(calls_.ZAdd("z", {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}}));
  EXPECT_EQ(Ok(calls_.ZCount("z", {})), 4);
  EXPECT_EQ(Ok(calls_.ZCount("z", {.min = ScoreBound::Exclusive(1), .max = 3})), 2);
  EXPECT_THAT(Ok(calls_.ZRange("z", 0, 1)), ElementsAre("a", "b"));
  EXPECT_THAT(Ok(calls_.ZRevRange("z", 0, 1)), ElementsAre("d", "c"));
  EXPECT_THAT(Ok(calls_.ZRangeWithScores("z", 0, 0)), ElementsAre(Member{"a", 1}));
  EXPECT_THAT(Ok(calls_.ZRevRangeWithScores("z", 0, 0)), ElementsAre(Member{"d", 4}));
  EXPECT_THAT(Ok(calls_.ZRangeByScore("z", {2, 4})), ElementsAre("b", "c", "d"));
  EXPECT_THAT(Ok(calls_.ZRangeByScore("z", {2, 4}, {.reverse = true, .offset = 1, .count = 1})),
              ElementsAre("c"));
  EXPECT_THAT(Ok(calls_.ZRangeByScoreWithScores("z", {.max = 1})), ElementsAre(Member{"a", 1}));
  EXPECT_EQ(Ok(calls_.ZRangeStore("d", "z", 0, -1)), 4);
  EXPECT_EQ(Ok(calls_.ZRangeStoreByScore("d", "z", {2, 3})), 2);
  EXPECT_EQ(Ok(calls_.ZRemRangeByScore("z", {.min = 4})), 1);
  EXPECT_EQ(Ok(calls_.ZRemRangeByRank("z", 0, 0)), 1);
  EXPECT_THAT(Ok(calls_.ZRange("z", 0, -1)), ElementsAre("b", "c"));
}

TEST_P(CallsSortedSets, RangesOfMembers) {
  Ok(calls_.ZAdd("z", {{"a", 0}, {"b", 0}, {"c", 0}}));
  EXPECT_EQ(Ok(calls_.ZLexCount("z", {})), 3);
  EXPECT_THAT(Ok(calls_.ZRangeByLex("z", {.min = MemberBound::Exclusive("a")})),
              ElementsAre("b", "c"));
  EXPECT_THAT(Ok(calls_.ZRangeByLex("z", {.max = "b"}, {.reverse = true})), ElementsAre("b", "a"));
  EXPECT_EQ(Ok(calls_.ZRangeStoreByLex("d", "z", {"a", "b"})), 2);
  EXPECT_EQ(Ok(calls_.ZRemRangeByLex("z", {"a", "b"})), 2);
}

TEST_P(CallsGeo, Positions) {
  EXPECT_EQ(Ok(calls_.GeoAdd(
                "g", {{"Palermo", {13.361389, 38.115556}}, {"Catania", {15.087269, 37.502669}}})),
            2);
  EXPECT_EQ(Ok(calls_.GeoAdd("g", {{"Catania", {15.1, 37.5}}},
                             {.when = GeoAddOptions::When::kIfMissing, .count_changed = true})),
            0);
  EXPECT_THAT(Ok(calls_.GeoDist("g", "Palermo", "Catania", GeoUnit::kKilometres)),
              Optional(DoubleNear(166.27, 0.01)));
  EXPECT_EQ(Ok(calls_.GeoDist("g", "Palermo", "no")), std::nullopt);
  const std::vector<std::optional<GeoPoint>> points = Ok(calls_.GeoPos("g", {"Palermo", "no"}));
  ASSERT_EQ(points.size(), 2U);
  EXPECT_NEAR(points[0]->longitude, 13.361389, 1e-5);
  EXPECT_NEAR(points[0]->latitude, 38.115556, 1e-5);
  EXPECT_FALSE(points[1].has_value());
  EXPECT_THAT(Ok(calls_.GeoHash("g", {"Palermo", "no"})), ElementsAre("sqc8b49rny0", std::nullopt));
}

TEST_P(CallsGeo, Searches) {
  Ok(calls_.GeoAdd("g",
                   {{"Palermo", {13.361389, 38.115556}}, {"Catania", {15.087269, 37.502669}}}));
  const GeoQuery around{.point = {15, 37},
                        .radius = 200,
                        .unit = GeoUnit::kKilometres,
                        .order = GeoQuery::Order::kFarthestFirst};
  EXPECT_THAT(Ok(calls_.GeoSearch("g", around)), ElementsAre("Palermo", "Catania"));
  const std::vector<GeoMatch> matches = Ok(calls_.GeoSearchMatches(
      "g", {.member = "Catania", .width = 10, .height = 10, .unit = GeoUnit::kKilometres}));
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].member, "Catania");
  EXPECT_EQ(matches[0].distance, 0);
  EXPECT_EQ(matches[0].hash, 3479447370796909);
  EXPECT_NEAR(matches[0].at.latitude, 37.502669, 1e-5);
  EXPECT_EQ(Ok(calls_.GeoSearchStore("d", "g", around, true)), 2);
  EXPECT_THAT(Ok(calls_.ZScore("d", "Palermo")), Optional(DoubleNear(190.44, 0.01)));
}

TEST_P(CallsGeo, HyperLogLogs) {
  EXPECT_TRUE(Ok(calls_.PfAdd("p", {"a", "b", "c"})));
  EXPECT_FALSE(Ok(calls_.PfAdd("p", "a")));
  EXPECT_TRUE(Ok(calls_.PfAdd("q", "d")));
  EXPECT_EQ(Ok(calls_.PfCount({"p", "q"})), 4);
  Ok(calls_.PfMerge("d", {"p", "q"}));
  EXPECT_EQ(Ok(calls_.PfCount("d")), 4);
}

}  // namespace
}  // namespace mydis
