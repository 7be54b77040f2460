// Every typed call sends the words that its command has, and says rightly whether it reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "library/command_docs.h"
#include "library/recorder.h"

namespace mydis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr TimePoint kTime{std::chrono::milliseconds(1700000000123)};

// One for all tests: the last ones compare what the others have sent with docs/commands.md.
Recorder& recorder() {
  static Recorder recorder;
  return recorder;
}

// SENDS("GET k", Get("k")); whatever the call gives.
#define SENDS(expected, ...)                 \
  static_cast<void>(recorder().__VA_ARGS__); \
  EXPECT_EQ(recorder().last().words, expected)

TEST(CallsWords, Keys) {
  SENDS("EXISTS k", Exists("k"));
  SENDS("EXISTS k l", Exists({"k", "l"}));
  SENDS("DEL k", Del(std::string("k")));
  SENDS("DEL k l", Del(std::vector<std::string>{"k", "l"}));
  SENDS("UNLINK k l", Unlink(std::set<std::string>{"k", "l"}));
  SENDS("TOUCH k l", Touch(std::vector<std::string_view>{"k", "l"}));
  SENDS("TYPE k", Type("k"));
  SENDS("RENAME k l", Rename("k", "l"));
  SENDS("RENAMENX k l", RenameNx("k", "l"));
  SENDS("COPY k l", Copy("k", "l"));
  SENDS("COPY k l DB 3 REPLACE", Copy("k", "l", {.database = 3, .replace = true}));
  SENDS("MOVE k 2", Move("k", 2));
  SENDS("PEXPIRE k 5000", Expire("k", 5s));
  SENDS("PEXPIRE k 5000 GT", Expire("k", 5s, ExpireWhen::kIfLater));
  SENDS("PEXPIREAT k 1700000000123 NX", ExpireAt("k", kTime, ExpireWhen::kIfNone));
  SENDS("PERSIST k", Persist("k"));
  SENDS("PTTL k", Ttl("k"));
  SENDS("PEXPIRETIME k", ExpireTime("k"));
  SENDS("KEYS *", Keys());
  SENDS("RANDOMKEY", RandomKey());
  SENDS("SCAN 0", Scan(kScanStart));
  SENDS("SCAN 7 MATCH a* COUNT 9 TYPE hash",
        Scan("7", {.match = "a*", .type = "hash", .count = 9}));
  SENDS("DUMP k", Dump("k"));
  SENDS("RESTORE k 0 dump", Restore("k", "dump"));
  SENDS("RESTORE k 1000 dump REPLACE", Restore("k", "dump", {.ttl = 1s, .replace = true}));
  SENDS("RESTORE k 1700000000123 dump ABSTTL", Restore("k", "dump", {.expire_at = kTime}));
  SENDS("SORT_RO k", Sort("k"));
  SENDS("SORT_RO k BY w_* LIMIT 1 2 GET # GET o_* DESC ALPHA", Sort("k", {.by = "w_*",
                                                                          .offset = 1,
                                                                          .count = 2,
                                                                          .get = {"#", "o_*"},
                                                                          .descending = true,
                                                                          .alphabetic = true}));
  SENDS("SORT k LIMIT 3 -1 STORE d", SortStore("d", "k", {.offset = 3}));
  SENDS("OBJECT ENCODING k", ObjectEncoding("k"));
  SENDS("OBJECT REFCOUNT k", ObjectRefCount("k"));
  SENDS("OBJECT IDLETIME k", ObjectIdleTime("k"));
  SENDS("MEMORY USAGE k", MemoryUsage("k"));
}

// To a server for ever is 0, and more than a clock can say an error.
TEST(CallsWords, TimeoutsWithoutAnEnd) {
  for (const std::chrono::milliseconds forever : {0ms, kForever, kForever - 3600s}) {
    SENDS("BLPOP k 0", BLPop("k", forever));
    SENDS("BRPOP k 0", BRPop("k", forever));
    SENDS("BLMPOP 0 1 k LEFT COUNT 1", BLMPop("k", ListEnd::kLeft, forever));
    SENDS("BLMOVE k l LEFT RIGHT 0", BLMove("k", "l", ListEnd::kLeft, ListEnd::kRight, forever));
    SENDS("BZPOPMIN k 0", BZPopMin("k", forever));
    SENDS("BZPOPMAX k 0", BZPopMax("k", forever));
    SENDS("BZMPOP 0 1 k MIN COUNT 1", BZMPop("k", ScoreEnd::kMin, forever));
    SENDS("XREAD BLOCK 0 STREAMS k $", XRead({{"k", "$"}}, {.block = forever}));
    SENDS("XREADGROUP GROUP g c BLOCK 0 STREAMS k >",
          XReadGroup("g", "c", {{"k", ">"}}, {.block = forever}));
  }
  SENDS("BLPOP k 31536000", BLPop("k", 8760h));
  SENDS("BLPOP k -0.001", BLPop("k", -1ms));
}

TEST(CallsWords, Strings) {
  SENDS("GET k", Get("k"));
  SENDS("SET k v", Set("k", "v"));
  SENDS("SET k \"\"", Set("k", ""));
  SENDS("SET k v NX PX 1500", Set("k", "v", {.when = SetOptions::When::kIfMissing, .ttl = 1500ms}));
  SENDS("SET k v XX KEEPTTL",
        Set("k", "v", {.when = SetOptions::When::kIfThere, .keep_ttl = true}));
  SENDS("SET k v PXAT 1700000000123", Set("k", "v", {.expire_at = kTime}));
  SENDS("SET k v GET", GetSet("k", "v"));
  SENDS("SET k v GET PX 1000", GetSet("k", "v", {.ttl = 1s}));
  SENDS("GETDEL k", GetDel("k"));
  SENDS("GETEX k PX 1000", GetEx("k", {.ttl = 1s}));
  SENDS("GETEX k PERSIST", GetEx("k", {.persist = true}));
  SENDS("MGET k l", MGet({"k", "l"}));
  SENDS("MSET k v l w", MSet({{"k", "v"}, {"l", "w"}}));
  SENDS("MSET k v l w", MSet(std::map<std::string, std::string>{{"k", "v"}, {"l", "w"}}));
  SENDS("MSETNX k v", MSetNx(Fields{{"k", "v"}}));
  SENDS("APPEND k v", Append("k", "v"));
  SENDS("STRLEN k", StrLen("k"));
  SENDS("GETRANGE k 0 -1", GetRange("k", 0, -1));
  SENDS("SETRANGE k 5 v", SetRange("k", 5, "v"));
  SENDS("INCR k", Incr("k"));
  SENDS("INCRBY k -7", IncrBy("k", -7));
  SENDS("DECR k", Decr("k"));
  SENDS("DECRBY k 7", DecrBy("k", 7));
  SENDS("INCRBYFLOAT k 0.1", IncrByFloat("k", 0.1));
  SENDS("LCS k l", Lcs("k", "l"));
  SENDS("LCS k l LEN", LcsLength("k", "l"));
  SENDS("LCS k l IDX WITHMATCHLEN MINMATCHLEN 4", LcsFind("k", "l", 4));
}

TEST(CallsWords, Bitmaps) {
  using Step = BitFieldStep;
  SENDS("SETBIT k 7 1", SetBit("k", 7, true));
  SENDS("GETBIT k 7", GetBit("k", 7));
  SENDS("BITCOUNT k", BitCount("k"));
  SENDS("BITCOUNT k 1 -1 BYTE", BitCount("k", {.start = 1}));
  SENDS("BITPOS k 0", BitPos("k", false));
  SENDS("BITPOS k 1 2 9 BIT",
        BitPos("k", true, {.start = 2, .end = 9, .unit = BitRange::Unit::kBit}));
  SENDS("BITOP XOR d k l", BitOp(BitOperation::kXor, "d", {"k", "l"}));
  SENDS("BITFIELD k GET u8 0 OVERFLOW WRAP SET u8 #1 3 OVERFLOW FAIL INCRBY i4 9 -2",
        BitField("k", {Step::Get("u8", "0"), Step::Set("u8", "#1", 3),
                       Step::IncrBy("i4", "9", -2, Step::Overflow::kFail)}));
  SENDS("BITFIELD_RO k GET u8 0", BitFieldRo("k", {Step::Get("u8", "0")}));
}

TEST(CallsWords, Lists) {
  SENDS("LPUSH k a b", LPush("k", {"a", "b"}));
  SENDS("RPUSH k a", RPush("k", "a"));
  SENDS("LPUSHX k a", LPushX("k", "a"));
  SENDS("RPUSHX k a", RPushX("k", "a"));
  SENDS("LPOP k", LPop("k"));
  SENDS("RPOP k", RPop("k"));
  SENDS("LPOP k 2", LPop("k", 2));
  SENDS("RPOP k 2", RPop("k", 2));
  SENDS("LMPOP 2 k l RIGHT COUNT 3", LMPop({"k", "l"}, ListEnd::kRight, 3));
  SENDS("LMOVE k l LEFT RIGHT", LMove("k", "l", ListEnd::kLeft, ListEnd::kRight));
  SENDS("BLPOP k l 1.5", BLPop({"k", "l"}, 1500ms));
  SENDS("BRPOP k 0", BRPop("k", 0s));
  SENDS("BLMPOP 0.1 1 k LEFT COUNT 1", BLMPop("k", ListEnd::kLeft, 100ms));
  SENDS("BLMOVE k l RIGHT LEFT 2", BLMove("k", "l", ListEnd::kRight, ListEnd::kLeft, 2s));
  SENDS("LLEN k", LLen("k"));
  SENDS("LRANGE k 0 -1", LRange("k", 0, -1));
  SENDS("LINDEX k -1", LIndex("k", -1));
  SENDS("LPOS k a", LPos("k", "a"));
  SENDS("LPOS k a RANK -1 MAXLEN 9", LPos("k", "a", {.rank = -1, .max_len = 9}));
  SENDS("LPOS k a COUNT 0", LPosAll("k", "a"));
  SENDS("LSET k 1 a", LSet("k", 1, "a"));
  SENDS("LINSERT k BEFORE a b", LInsert("k", ListPlace::kBefore, "a", "b"));
  SENDS("LREM k -2 a", LRem("k", -2, "a"));
  SENDS("LTRIM k 1 2", LTrim("k", 1, 2));
}

TEST(CallsWords, Hashes) {
  SENDS("HSET k f v g w", HSet("k", {{"f", "v"}, {"g", "w"}}));
  SENDS("HSET k f v", HSet("k", "f", "v"));
  SENDS("HSETNX k f v", HSetNx("k", "f", "v"));
  SENDS("HGET k f", HGet("k", "f"));
  SENDS("HMGET k f g", HMGet("k", {"f", "g"}));
  SENDS("HGETALL k", HGetAll("k"));
  SENDS("HKEYS k", HKeys("k"));
  SENDS("HVALS k", HVals("k"));
  SENDS("HEXISTS k f", HExists("k", "f"));
  SENDS("HLEN k", HLen("k"));
  SENDS("HSTRLEN k f", HStrLen("k", "f"));
  SENDS("HDEL k f g", HDel("k", {"f", "g"}));
  SENDS("HGETDEL k FIELDS 2 f g", HGetDel("k", {"f", "g"}));
  SENDS("HINCRBY k f 3", HIncrBy("k", "f", 3));
  SENDS("HINCRBYFLOAT k f 2.5", HIncrByFloat("k", "f", 2.5));
  SENDS("HRANDFIELD k", HRandField("k"));
  SENDS("HRANDFIELD k -3", HRandField("k", -3));
  SENDS("HRANDFIELD k 3 WITHVALUES", HRandFieldWithValues("k", 3));
  SENDS("HSCAN k 0 MATCH f* COUNT 5", HScan("k", "0", {.match = "f*", .count = 5}));
}

TEST(CallsWords, HashExpiry) {
  SENDS("HSETEX k FXX PX 1000 FIELDS 2 f v g w",
        HSetEx("k", {{"f", "v"}, {"g", "w"}}, {.when = HSetExOptions::When::kIfThere, .ttl = 1s}));
  SENDS("HSETEX k FNX KEEPTTL FIELDS 1 f v",
        HSetEx("k", {{"f", "v"}}, {.when = HSetExOptions::When::kIfMissing, .keep_ttl = true}));
  SENDS("HGETEX k PERSIST FIELDS 1 f", HGetEx("k", "f", {.persist = true}));
  SENDS("HPEXPIRE k 1000 FIELDS 2 f g", HExpire("k", 1s, {"f", "g"}));
  SENDS("HPEXPIREAT k 1700000000123 LT FIELDS 1 f",
        HExpireAt("k", kTime, "f", ExpireWhen::kIfEarlier));
  SENDS("HPERSIST k FIELDS 1 f", HPersist("k", "f"));
  SENDS("HPTTL k FIELDS 1 f", HTtl("k", "f"));
  SENDS("HPEXPIRETIME k FIELDS 1 f", HExpireTime("k", "f"));
}

TEST(CallsWords, Sets) {
  SENDS("SADD k a b", SAdd("k", {"a", "b"}));
  SENDS("SREM k a", SRem("k", "a"));
  SENDS("SCARD k", SCard("k"));
  SENDS("SISMEMBER k a", SIsMember("k", "a"));
  SENDS("SMISMEMBER k a b", SMIsMember("k", {"a", "b"}));
  SENDS("SMEMBERS k", SMembers("k"));
  SENDS("SMOVE k l a", SMove("k", "l", "a"));
  SENDS("SPOP k", SPop("k"));
  SENDS("SPOP k 2", SPop("k", 2));
  SENDS("SRANDMEMBER k", SRandMember("k"));
  SENDS("SRANDMEMBER k -2", SRandMember("k", -2));
  SENDS("SUNION k l", SUnion({"k", "l"}));
  SENDS("SINTER k l", SInter({"k", "l"}));
  SENDS("SDIFF k l", SDiff({"k", "l"}));
  SENDS("SUNIONSTORE d k l", SUnionStore("d", {"k", "l"}));
  SENDS("SINTERSTORE d k l", SInterStore("d", {"k", "l"}));
  SENDS("SDIFFSTORE d k l", SDiffStore("d", {"k", "l"}));
  SENDS("SINTERCARD 2 k l LIMIT 5", SInterCard({"k", "l"}, 5));
  SENDS("SSCAN k 0", SScan("k", "0"));
}

TEST(CallsWords, SortedSets) {
  SENDS("ZADD k 1 a 2.5 b", ZAdd("k", {{"a", 1}, {"b", 2.5}}));
  SENDS("ZADD k NX CH 1 a",
        ZAdd("k", {{"a", 1}}, {.when = ZAddOptions::When::kIfMissing, .count_changed = true}));
  SENDS("ZADD k XX GT INCR 2 a",
        ZAddIncr("k", "a", 2,
                 {.when = ZAddOptions::When::kIfThere, .score = ZAddOptions::Score::kIfGreater}));
  SENDS("ZADD k inf a", ZAdd("k", "a", std::numeric_limits<double>::infinity()));
  SENDS("ZINCRBY k 3 a", ZIncrBy("k", "a", 3));
  SENDS("ZREM k a b", ZRem("k", {"a", "b"}));
  SENDS("ZCARD k", ZCard("k"));
  SENDS("ZSCORE k a", ZScore("k", "a"));
  SENDS("ZMSCORE k a b", ZMScore("k", {"a", "b"}));
  SENDS("ZRANK k a", ZRank("k", "a"));
  SENDS("ZREVRANK k a", ZRevRank("k", "a"));
  SENDS("ZRANK k a WITHSCORE", ZRankWithScore("k", "a"));
  SENDS("ZREVRANK k a WITHSCORE", ZRevRankWithScore("k", "a"));
  SENDS("ZPOPMIN k", ZPopMin("k"));
  SENDS("ZPOPMAX k", ZPopMax("k"));
  SENDS("ZPOPMIN k 2", ZPopMin("k", 2));
  SENDS("ZPOPMAX k 2", ZPopMax("k", 2));
  SENDS("ZMPOP 2 k l MAX COUNT 3", ZMPop({"k", "l"}, ScoreEnd::kMax, 3));
  SENDS("BZPOPMIN k l 1", BZPopMin({"k", "l"}, 1s));
  SENDS("BZPOPMAX k 1", BZPopMax("k", 1s));
  SENDS("BZMPOP 1 1 k MIN COUNT 1", BZMPop("k", ScoreEnd::kMin, 1s));
  SENDS("ZRANDMEMBER k", ZRandMember("k"));
  SENDS("ZRANDMEMBER k 2", ZRandMember("k", 2));
  SENDS("ZRANDMEMBER k 2 WITHSCORES", ZRandMemberWithScores("k", 2));
  SENDS("ZSCAN k 0", ZScan("k", "0"));
}

TEST(CallsWords, SortedSetsTogether) {
  const ZCombineOptions combine{.weights = {1, 0.5}, .aggregate = ZCombineOptions::Aggregate::kMax};
  SENDS("ZUNION 2 k l AGGREGATE SUM", ZUnion({"k", "l"}));
  SENDS("ZUNION 2 k l WEIGHTS 1 0.5 AGGREGATE MAX WITHSCORES",
        ZUnionWithScores({"k", "l"}, combine));
  SENDS("ZINTER 2 k l AGGREGATE SUM", ZInter({"k", "l"}));
  SENDS("ZINTER 2 k l AGGREGATE SUM WITHSCORES", ZInterWithScores({"k", "l"}));
  SENDS("ZDIFF 2 k l", ZDiff({"k", "l"}));
  SENDS("ZDIFF 2 k l WITHSCORES", ZDiffWithScores({"k", "l"}));
  SENDS("ZUNIONSTORE d 2 k l WEIGHTS 1 0.5 AGGREGATE MAX", ZUnionStore("d", {"k", "l"}, combine));
  SENDS("ZINTERSTORE d 2 k l AGGREGATE SUM", ZInterStore("d", {"k", "l"}));
  SENDS("ZDIFFSTORE d 2 k l", ZDiffStore("d", {"k", "l"}));
  SENDS("ZINTERCARD 2 k l LIMIT 0", ZInterCard({"k", "l"}));
}

TEST(CallsWords, SortedSetRanges) {
  SENDS("ZCOUNT k -inf inf", ZCount("k", {}));
  SENDS("ZCOUNT k (1 5", ZCount("k", {.min = ScoreBound::Exclusive(1), .max = 5}));
  SENDS("ZLEXCOUNT k [a (c", ZLexCount("k", {.min = "a", .max = MemberBound::Exclusive("c")}));
  SENDS("ZRANGE k 0 -1", ZRange("k", 0, -1));
  SENDS("ZRANGE k 0 -1 WITHSCORES", ZRangeWithScores("k", 0, -1));
  SENDS("ZRANGE k 0 -1 REV", ZRevRange("k", 0, -1));
  SENDS("ZRANGE k 0 -1 REV WITHSCORES", ZRevRangeWithScores("k", 0, -1));
  SENDS("ZRANGE k 1 5 BYSCORE", ZRangeByScore("k", {1, 5}));
  SENDS("ZRANGE k 5 1 BYSCORE REV LIMIT 2 3",
        ZRangeByScore("k", {1, 5}, {.reverse = true, .offset = 2, .count = 3}));
  SENDS("ZRANGE k 1 5 BYSCORE WITHSCORES", ZRangeByScoreWithScores("k", {1, 5}));
  SENDS("ZRANGE k - + BYLEX", ZRangeByLex("k", {}));
  SENDS("ZRANGE k + [a BYLEX REV", ZRangeByLex("k", {.min = "a"}, {.reverse = true}));
  SENDS("ZRANGESTORE d k 0 -1", ZRangeStore("d", "k", 0, -1));
  SENDS("ZRANGESTORE d k 1 5 BYSCORE LIMIT 0 2",
        ZRangeStoreByScore("d", "k", {1, 5}, {.count = 2}));
  SENDS("ZRANGESTORE d k - [c BYLEX", ZRangeStoreByLex("d", "k", {.max = "c"}));
  SENDS("ZREMRANGEBYRANK k 0 1", ZRemRangeByRank("k", 0, 1));
  SENDS("ZREMRANGEBYSCORE k 1 inf", ZRemRangeByScore("k", {.min = 1}));
  SENDS("ZREMRANGEBYLEX k [a [b", ZRemRangeByLex("k", {"a", "b"}));
}

TEST(CallsWords, Streams) {
  SENDS("XADD k * f v", XAdd("k", {{"f", "v"}}));
  SENDS("XADD k NOMKSTREAM MAXLEN ~ 9 1-1 f v",
        XAdd("k", {{"f", "v"}}, {.id = "1-1", .make_stream = false, .trim = {.max_length = 9}}));
  SENDS("XLEN k", XLen("k"));
  SENDS("XRANGE k - +", XRange("k"));
  SENDS("XRANGE k 1 2 COUNT 3", XRange("k", "1", "2", 3));
  SENDS("XREVRANGE k + - COUNT 1", XRevRange("k", "+", "-", 1));
  SENDS("XDEL k 1-1 1-2", XDel("k", {"1-1", "1-2"}));
  SENDS("XTRIM k MINID = 5", XTrim("k", {.min_id = "5", .exactly = true}));
  SENDS("XREAD STREAMS k l 0 $", XRead({{"k", "0"}, {"l", "$"}}));
  EXPECT_EQ(recorder().last().kind, CallKind::kTypedRead);
  SENDS("XREAD COUNT 2 BLOCK 100 STREAMS k $", XRead({{"k", "$"}}, {.count = 2, .block = 100ms}));
  EXPECT_EQ(recorder().last().kind, CallKind::kTypedBlocking);
  SENDS("XINFO STREAM k", XInfoStream("k"));
  SENDS("XSETID k 9-0", XSetId("k", "9-0"));
  SENDS("XSETID k 9-0 ENTRIESADDED 5 MAXDELETEDID 1-0",
        XSetId("k", "9-0", {.entries_added = 5, .max_deleted_id = "1-0"}));
}

TEST(CallsWords, StreamGroups) {
  SENDS("XGROUP CREATE k g $", XGroupCreate("k", "g"));
  SENDS("XGROUP CREATE k g 0 MKSTREAM ENTRIESREAD 1",
        XGroupCreate("k", "g", "0", {.make_stream = true, .entries_read = 1}));
  SENDS("XGROUP SETID k g 0", XGroupSetId("k", "g", "0"));
  SENDS("XGROUP DESTROY k g", XGroupDestroy("k", "g"));
  SENDS("XGROUP CREATECONSUMER k g c", XGroupCreateConsumer("k", "g", "c"));
  SENDS("XGROUP DELCONSUMER k g c", XGroupDelConsumer("k", "g", "c"));
  SENDS("XREADGROUP GROUP g c STREAMS k >", XReadGroup("g", "c", {{"k", ">"}}));
  EXPECT_EQ(recorder().last().kind, CallKind::kTypedWrite);
  SENDS("XREADGROUP GROUP g c COUNT 1 BLOCK 0 NOACK STREAMS k >",
        XReadGroup("g", "c", {{"k", ">"}}, {.count = 1, .block = 0ms, .no_ack = true}));
  EXPECT_EQ(recorder().last().kind, CallKind::kTypedBlocking);
  SENDS("XACK k g 1-1 1-2", XAck("k", "g", {"1-1", "1-2"}));
  SENDS("XPENDING k g", XPending("k", "g"));
  SENDS("XPENDING k g - + 100", XPendingList("k", "g"));
  SENDS("XPENDING k g IDLE 50 1 2 3 c",
        XPendingList("k", "g",
                     {.start = "1", .end = "2", .count = 3, .consumer = "c", .min_idle = 50ms}));
  SENDS("XCLAIM k g c 10 1-1 IDLE 5 RETRYCOUNT 2 FORCE LASTID 1-0",
        XClaim("k", "g", "c", 10ms, "1-1",
               {.idle = 5ms, .deliveries = 2, .force = true, .last_id = "1-0"}));
  SENDS("XCLAIM k g c 10 1-1 JUSTID", XClaimIds("k", "g", "c", 10ms, "1-1"));
  SENDS("XAUTOCLAIM k g c 10 0 COUNT 100", XAutoClaim("k", "g", "c", 10ms));
  SENDS("XAUTOCLAIM k g c 10 3 COUNT 7 JUSTID",
        XAutoClaimIds("k", "g", "c", 10ms, {.start = "3", .count = 7}));
  SENDS("XINFO GROUPS k", XInfoGroups("k"));
  SENDS("XINFO CONSUMERS k g", XInfoConsumers("k", "g"));
}

TEST(CallsWords, Geo) {
  SENDS("GEOADD k 1.5 2 a", GeoAdd("k", {{"a", {1.5, 2}}}));
  SENDS(
      "GEOADD k XX CH 1 2 a",
      GeoAdd("k", {{"a", {1, 2}}}, {.when = GeoAddOptions::When::kIfThere, .count_changed = true}));
  SENDS("GEODIST k a b km", GeoDist("k", "a", "b", GeoUnit::kKilometres));
  SENDS("GEOPOS k a b", GeoPos("k", {"a", "b"}));
  SENDS("GEOHASH k a", GeoHash("k", "a"));
  SENDS("GEOSEARCH k FROMMEMBER a BYRADIUS 5 mi ASC COUNT 3 ANY",
        GeoSearch("k", {.member = "a",
                        .radius = 5,
                        .unit = GeoUnit::kMiles,
                        .order = GeoQuery::Order::kNearestFirst,
                        .count = 3,
                        .any = true}));
  SENDS("GEOSEARCH k FROMLONLAT 1 2 BYBOX 3 4 m DESC WITHCOORD WITHDIST WITHHASH",
        GeoSearchMatches(
            "k",
            {.point = {1, 2}, .width = 3, .height = 4, .order = GeoQuery::Order::kFarthestFirst}));
  SENDS("GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 5 m STOREDIST",
        GeoSearchStore("d", "k", {.member = "a", .radius = 5}, true));
}

TEST(CallsWords, HyperLogLogs) {
  SENDS("PFADD k a b", PfAdd("k", {"a", "b"}));
  SENDS("PFCOUNT k l", PfCount({"k", "l"}));
  SENDS("PFMERGE d k l", PfMerge("d", {"k", "l"}));
}

TEST(CallsWords, Scripts) {
  SENDS("EVAL code 0", Eval("code"));
  SENDS("EVAL code 1 k x y", Eval<int64_t>("code", "k", {"x", "y"}));
  SENDS("EVAL_RO code 0 x", EvalRo("code", {}, "x"));
  SENDS("EVALSHA abc 2 k l", EvalSha("abc", {"k", "l"}));
  SENDS("EVALSHA_RO abc 0", EvalShaRo("abc"));
  SENDS("FCALL f 1 k x", FCall("f", "k", "x"));
  SENDS("FCALL_RO f 1 k", FCallRo("f", "k"));
  SENDS("SCRIPT LOAD code", ScriptLoad("code"));
  SENDS("SCRIPT EXISTS abc def", ScriptExists({"abc", "def"}));
  SENDS("SCRIPT FLUSH", ScriptFlush());
  SENDS("FUNCTION LOAD code", FunctionLoad("code"));
  SENDS("FUNCTION LOAD REPLACE code", FunctionLoad("code", true));
  SENDS("FUNCTION DELETE lib", FunctionDelete("lib"));
  SENDS("FUNCTION FLUSH", FunctionFlush());
  SENDS("FUNCTION LIST", FunctionList());
  SENDS("FUNCTION LIST LIBRARYNAME l* WITHCODE",
        FunctionList({.library = "l*", .with_code = true}));
  SENDS("FUNCTION DUMP", FunctionDump());
  SENDS("FUNCTION RESTORE dump FLUSH", FunctionRestore("dump", FunctionRestorePolicy::kFlush));
}

TEST(CallsWords, MessagesAndServer) {
  SENDS("PUBLISH c m", Publish("c", "m"));
  SENDS("SPUBLISH c m", SPublish("c", "m"));
  SENDS("PUBSUB CHANNELS *", PubSubChannels());
  SENDS("PUBSUB NUMSUB c d", PubSubNumSub({"c", "d"}));
  SENDS("PUBSUB NUMPAT", PubSubNumPat());
  SENDS("PUBSUB SHARDCHANNELS c*", PubSubShardChannels("c*"));
  SENDS("PUBSUB SHARDNUMSUB c", PubSubShardNumSub("c"));
  SENDS("PING", Ping());
  SENDS("ECHO text", Echo("text"));
  SENDS("TIME", Time());
  SENDS("INFO", Info());
  SENDS("INFO server memory", Info({"server", "memory"}));
  SENDS("DBSIZE", DbSize());
  SENDS("FLUSHDB", FlushDb());
  SENDS("FLUSHALL", FlushAll());
  SENDS("SWAPDB 0 1", SwapDb(0, 1));
  SENDS("CONFIG GET max*", ConfigGet("max*"));
  SENDS("CONFIG SET name value", ConfigSet("name", "value"));
}

TEST(CallsWords, OptionsOfACallReachTheSession) {
  static_cast<void>(recorder().Get("k", {.time_limit = 5s, .min_revision = 7}));
  EXPECT_EQ(recorder().last_options().time_limit, 5s);
  EXPECT_EQ(recorder().last_options().min_revision, 7U);
  static_cast<void>(recorder().Set("k", "v", {.request_id = "r"}));
  EXPECT_EQ(recorder().last_options().request_id, "r");
}

// An answer that is something else is an error, not a crash.
TEST(CallsWords, AnswersOfAnotherForm) {
  recorder().Answer(Value::String("seven"));
  EXPECT_EQ(recorder().Incr("k").error().code(), ErrorCode::kInternal);
  recorder().Answer(Value::String("seven"));
  EXPECT_FALSE(recorder().ZIncrBy("k", "a", 1).has_value());
  recorder().Answer(Value::Integer(1));
  EXPECT_FALSE(recorder().XRange("k").has_value());
  recorder().Answer(Value::Collection(Value::Kind::kArray, {Value::String("f")}));
  EXPECT_FALSE(recorder().HGetAll("k").has_value());
  recorder().Answer(Value::Collection(Value::Kind::kArray, {Value::String("f")}));
  EXPECT_FALSE(recorder().XInfoStream("k").has_value());
}

// Pairs have three forms on their way.
TEST(CallsWords, PairsInAllForms) {
  const auto pair = [](const char* name, const char* value) {
    return std::vector<Value>{Value::String(name), Value::String(value)};
  };
  const Fields expected = {{"f", "v"}, {"g", "w"}};
  const std::vector<Value> flat = {Value::String("f"), Value::String("v"), Value::String("g"),
                                   Value::String("w")};
  recorder().Answer(Value::Collection(Value::Kind::kMap, flat));
  EXPECT_EQ(recorder().HGetAll("k"), expected);
  recorder().Answer(Value::Collection(Value::Kind::kArray, flat));
  EXPECT_EQ(recorder().HGetAll("k"), expected);
  recorder().Answer(Value::Collection(Value::Kind::kArray,
                                      {Value::Collection(Value::Kind::kArray, pair("f", "v")),
                                       Value::Collection(Value::Kind::kArray, pair("g", "w"))}));
  EXPECT_EQ(recorder().HGetAll("k"), expected);
}

// What begins with the words of a command of several words, or with its one word.
std::string CommandOf(const std::string& words, const std::vector<DocumentedCommand>& commands) {
  std::string found;
  for (const DocumentedCommand& command : commands) {
    if ((words + ' ').starts_with(command.name + ' ') && command.name.size() > found.size()) {
      found = command.name;
    }
  }
  return found;
}

TEST(CallsWords, EveryCommandHasACallOrAReason) {
  const std::vector<DocumentedCommand> commands = DocumentedCommands();
  ASSERT_GT(commands.size(), 300U);
  std::set<std::string> called;
  for (const Recorder::Sent& sent : recorder().all()) {
    const std::string name = CommandOf(sent.words, commands);
    ASSERT_NE(name, "") << sent.words;
    called.insert(name);
  }
  for (const DocumentedCommand& command : commands) {
    if (called.contains(command.name)) continue;
    EXPECT_NE(WhyNoCall(command), "") << command.name << " has neither a typed call nor a reason";
  }
}

// A kTypedRead that is a write might be carried out twice, a kTypedWrite that is a read would be
// slow.
TEST(CallsWords, EveryCallSaysWhatItIs) {
  const std::vector<DocumentedCommand> commands = DocumentedCommands();
  for (const Recorder::Sent& sent : recorder().all()) {
    const std::string name = CommandOf(sent.words, commands);
    for (const DocumentedCommand& command : commands) {
      if (command.name != name || sent.kind == CallKind::kTypedBlocking) continue;
      const CallKind expected = command.effect == "Read"    ? CallKind::kTypedRead
                                : command.effect == "Write" ? CallKind::kTypedWrite
                                                            : CallKind::kAny;
      EXPECT_EQ(sent.kind, expected) << sent.words << " is a " << command.effect;
    }
  }
}

}  // namespace
}  // namespace mydis
