// Strings, bitmaps and keys.
#include "library/calls_fixture.h"

namespace mydis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;
using When = SetOptions::When;

class CallsStrings : public CallsTest {};
class CallsKeys : public CallsTest {};
MYDIS_EVERY_FORM(CallsStrings);
MYDIS_EVERY_FORM(CallsKeys);

TEST_P(CallsStrings, SetAndGet) {
  EXPECT_EQ(Ok(calls_.Get("k")), std::nullopt);
  Ok(calls_.Set("k", "v"));
  EXPECT_THAT(Ok(calls_.Get("k")), Optional(std::string("v")));
  EXPECT_FALSE(Ok(calls_.Set("k", "w", {.when = When::kIfMissing})));
  EXPECT_TRUE(Ok(calls_.Set("k", "w", {.when = When::kIfThere, .ttl = 100s})));
  EXPECT_TRUE(Ok(calls_.Set("k", "x", {.keep_ttl = true})));
  EXPECT_GT(*Ok(calls_.Ttl("k")), 50s);
  EXPECT_THAT(Ok(calls_.GetSet("k", "y")), Optional(std::string("x")));
  EXPECT_EQ(Ok(calls_.Ttl("k")), kForever);
  EXPECT_THAT(Ok(calls_.GetEx("k", {.ttl = 100s})), Optional(std::string("y")));
  EXPECT_LE(*Ok(calls_.Ttl("k")), 100s);
  EXPECT_THAT(Ok(calls_.GetEx("k", {.persist = true})), Optional(std::string("y")));
  EXPECT_EQ(Ok(calls_.Ttl("k")), kForever);
  EXPECT_THAT(Ok(calls_.GetDel("k")), Optional(std::string("y")));
  EXPECT_EQ(Ok(calls_.Exists("k")), 0);
}

TEST_P(CallsStrings, BytesOfAnyKind) {
  const std::string bytes("\0\r\n\xff", 4);
  Ok(calls_.Set(bytes, bytes));
  EXPECT_THAT(Ok(calls_.Get(bytes)), Optional(bytes));
  Ok(calls_.Set("empty", ""));
  EXPECT_THAT(Ok(calls_.Get("empty")), Optional(std::string()));
}

TEST_P(CallsStrings, Several) {
  Ok(calls_.MSet({{"a", "1"}, {"b", "2"}}));
  EXPECT_THAT(Ok(calls_.MGet({"a", "c", "b"})), ElementsAre("1", std::nullopt, "2"));
  EXPECT_FALSE(Ok(calls_.MSetNx({{"c", "3"}, {"a", "4"}})));
  EXPECT_TRUE(Ok(calls_.MSetNx({{"c", "3"}})));
}

TEST_P(CallsStrings, Parts) {
  EXPECT_EQ(Ok(calls_.Append("k", "Hello")), 5);
  EXPECT_EQ(Ok(calls_.StrLen("k")), 5);
  EXPECT_EQ(Ok(calls_.GetRange("k", 1, -2)), "ell");
  EXPECT_EQ(Ok(calls_.SetRange("k", 4, "!")), 5);
  EXPECT_THAT(Ok(calls_.Get("k")), Optional(std::string("Hell!")));
}

TEST_P(CallsStrings, Counters) {
  EXPECT_EQ(Ok(calls_.Incr("n")), 1);
  EXPECT_EQ(Ok(calls_.IncrBy("n", 9)), 10);
  EXPECT_EQ(Ok(calls_.Decr("n")), 9);
  EXPECT_EQ(Ok(calls_.DecrBy("n", 4)), 5);
  EXPECT_DOUBLE_EQ(Ok(calls_.IncrByFloat("n", 0.5)), 5.5);
  const Result<int64_t> failed = calls_.Incr("n");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), ErrorCode::kInvalid);
}

TEST_P(CallsStrings, CommonSubsequence) {
  Ok(calls_.MSet({{"a", "ohmytext"}, {"b", "mynewtext"}}));
  EXPECT_EQ(Ok(calls_.Lcs("a", "b")), "mytext");
  EXPECT_EQ(Ok(calls_.LcsLength("a", "b")), 6);
  const LcsMatches found = Ok(calls_.LcsFind("a", "b", 4));
  EXPECT_EQ(found.length, 6);
  ASSERT_EQ(found.matches.size(), 1U);
  EXPECT_EQ(found.matches[0].in_first, std::pair(int64_t{4}, int64_t{7}));
  EXPECT_EQ(found.matches[0].in_second, std::pair(int64_t{5}, int64_t{8}));
  EXPECT_EQ(found.matches[0].length, 4);
}

TEST_P(CallsStrings, Bits) {
  EXPECT_FALSE(Ok(calls_.SetBit("k", 7, true)));
  EXPECT_TRUE(Ok(calls_.GetBit("k", 7)));
  EXPECT_EQ(Ok(calls_.BitCount("k")), 1);
  EXPECT_EQ(Ok(calls_.BitCount("k", {.start = 0, .end = 6, .unit = BitRange::Unit::kBit})), 0);
  EXPECT_EQ(Ok(calls_.BitPos("k", true)), 7);
  EXPECT_EQ(Ok(calls_.BitPos("k", true, {.start = 1})), -1);
  EXPECT_EQ(Ok(calls_.BitOp(BitOperation::kNot, "d", "k")), 1);
  EXPECT_EQ(Ok(calls_.BitCount("d")), 7);
}

TEST_P(CallsStrings, BitFields) {
  using Step = BitFieldStep;
  EXPECT_THAT(Ok(calls_.BitField("k", {Step::Set("u8", "0", 200), Step::Get("u8", "0"),
                                       Step::IncrBy("u8", "#0", 100, Step::Overflow::kFail),
                                       Step::IncrBy("u8", "0", 100, Step::Overflow::kSaturate)})),
              ElementsAre(0, 200, std::nullopt, 255));
  EXPECT_THAT(Ok(calls_.BitFieldRo("k", {Step::Get("i8", "0")})), ElementsAre(-1));
}

TEST_P(CallsKeys, ThereOrNot) {
  Ok(calls_.MSet({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(Ok(calls_.Exists({"a", "b", "no"})), 2);
  EXPECT_EQ(Ok(calls_.Touch({"a", "no"})), 1);
  EXPECT_EQ(Ok(calls_.Type("a")), "string");
  EXPECT_EQ(Ok(calls_.Type("no")), "none");
  EXPECT_EQ(Ok(calls_.DbSize()), 3);
  EXPECT_THAT(Ok(calls_.Keys("[ab]")), UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(Ok(calls_.RandomKey()).has_value());
  EXPECT_EQ(Ok(calls_.Del({"a", "no"})), 1);
  EXPECT_EQ(Ok(calls_.Unlink(std::vector<std::string>{"b", "c"})), 2);
  EXPECT_EQ(Ok(calls_.RandomKey()), std::nullopt);
}

TEST_P(CallsKeys, OtherNames) {
  Ok(calls_.MSet({{"a", "1"}, {"b", "2"}}));
  EXPECT_FALSE(Ok(calls_.RenameNx("a", "b")));
  EXPECT_TRUE(Ok(calls_.RenameNx("a", "c")));
  Ok(calls_.Rename("c", "d"));
  EXPECT_FALSE(Ok(calls_.Copy("d", "b")));
  EXPECT_TRUE(Ok(calls_.Copy("d", "b", {.replace = true})));
  EXPECT_THAT(Ok(calls_.Get("b")), Optional(std::string("1")));
  EXPECT_TRUE(Ok(calls_.Copy("d", "d", {.database = 1})));
  EXPECT_FALSE(Ok(calls_.Move("d", 1)));
  EXPECT_TRUE(Ok(calls_.Move("d", 2)));
  EXPECT_EQ(Ok(calls_.Exists("d")), 0);
  Ok(calls_.SwapDb(0, 2));
  EXPECT_EQ(Ok(calls_.Exists("d")), 1);
}

TEST_P(CallsKeys, Deadlines) {
  EXPECT_EQ(Ok(calls_.Ttl("k")), std::nullopt);
  EXPECT_EQ(Ok(calls_.ExpireTime("k")), std::nullopt);
  EXPECT_FALSE(Ok(calls_.Expire("k", 5s)));
  Ok(calls_.Set("k", "v"));
  EXPECT_EQ(Ok(calls_.ExpireTime("k")), kNever);
  EXPECT_TRUE(Ok(calls_.Expire("k", 50s, ExpireWhen::kIfNone)));
  EXPECT_FALSE(Ok(calls_.Expire("k", 40s, ExpireWhen::kIfLater)));
  EXPECT_GT(*Ok(calls_.Ttl("k")), 0s);
  const TimePoint time = TimePoint(std::chrono::milliseconds(4'000'000'000'123));
  EXPECT_TRUE(Ok(calls_.ExpireAt("k", time)));
  EXPECT_EQ(Ok(calls_.ExpireTime("k")), time);
  EXPECT_TRUE(Ok(calls_.Persist("k")));
  EXPECT_FALSE(Ok(calls_.Persist("k")));
}

TEST_P(CallsKeys, Steps) {
  Ok(calls_.MSet({{"a1", ""}, {"a2", ""}, {"b1", ""}}));
  std::vector<std::string> found;
  ScanStep<std::string> step{.cursor = std::string(kScanStart), .items = {}};
  do {
    step = Ok(calls_.Scan(step.cursor, {.match = "a*", .type = "string", .count = 1000}));
    found.insert(found.end(), step.items.begin(), step.items.end());
  } while (!step.done());
  EXPECT_THAT(found, UnorderedElementsAre("a1", "a2"));
}

TEST_P(CallsKeys, DumpAndRestore) {
  EXPECT_EQ(Ok(calls_.Dump("k")), std::nullopt);
  Ok(calls_.Set("k", "v"));
  const std::optional<std::string> dump = Ok(calls_.Dump("k"));
  ASSERT_TRUE(dump.has_value());
  Ok(calls_.Restore("copy", *dump, {.ttl = 50s}));
  EXPECT_THAT(Ok(calls_.Get("copy")), Optional(std::string("v")));
  const TimePoint time = TimePoint(std::chrono::milliseconds(4'000'000'000'123));
  Ok(calls_.Restore("copy", *dump, {.expire_at = time, .replace = true}));
  EXPECT_EQ(Ok(calls_.ExpireTime("copy")), time);
  EXPECT_EQ(calls_.Restore("copy", *dump).error().code(), ErrorCode::kExists);
}

TEST_P(CallsKeys, Sorted) {
  Ok(calls_.RPush("l", {"3", "1", "2"}));
  Ok(calls_.MSet({{"o_1", "one"}, {"o_3", "three"}}));
  EXPECT_THAT(Ok(calls_.Sort("l")), ElementsAre("1", "2", "3"));
  EXPECT_THAT(
      Ok(calls_.Sort("l", {.offset = 0, .count = 2, .get = {"#", "o_*"}, .descending = true})),
      ElementsAre("3", "three", "2", std::nullopt));
  EXPECT_EQ(Ok(calls_.SortStore("d", "l", {.alphabetic = true})), 3);
  EXPECT_THAT(Ok(calls_.LRange("d", 0, -1)), ElementsAre("1", "2", "3"));
}

TEST_P(CallsKeys, Insides) {
  Ok(calls_.Set("k", "12"));
  EXPECT_THAT(Ok(calls_.ObjectEncoding("k")), Optional(std::string("int")));
  EXPECT_THAT(Ok(calls_.ObjectRefCount("k")), Optional(testing::Gt(0)));
  EXPECT_THAT(Ok(calls_.ObjectIdleTime("k")), Optional(testing::Ge(0)));
  EXPECT_THAT(Ok(calls_.MemoryUsage("k")), Optional(testing::Gt(0)));
  EXPECT_EQ(Ok(calls_.ObjectEncoding("no")), std::nullopt);
  EXPECT_EQ(Ok(calls_.MemoryUsage("no")), std::nullopt);
}

}  // namespace
}  // namespace mydis
