#include <cstdio>

#include "commands/command_fixture.h"
#include "commands/values.h"

namespace mydis {
namespace {

using StringsTest = CommandFixture;

TEST_F(StringsTest, SetOptions) {
  EXPECT_EQ(Run("SET k v XX"), "(nil)");
  EXPECT_EQ(Run("SET k v NX"), "+OK");
  EXPECT_EQ(Run("SET k w NX"), "(nil)");
  EXPECT_EQ(Run("SET k w NX GET"), "\"v\"");
  EXPECT_EQ(Run("SET k w xx get"), "\"v\"");
  EXPECT_EQ(Run("GET k"), "\"w\"");
  EXPECT_EQ(Run("SET k v NX XX"), "-ERR syntax error");
  EXPECT_EQ(Run("SET k v EX 1 PX 1"), "-ERR syntax error");
  EXPECT_EQ(Run("SET k v EX"), "-ERR syntax error");
  EXPECT_EQ(Run("SET k v EX 0"), "-ERR invalid expire time in 'set' command");
  EXPECT_EQ(Run("SET k v EX 9223372036854775"), "-ERR invalid expire time in 'set' command");
  EXPECT_EQ(Run("SET k v PX x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SET k v EX 1 EX 2"), "+OK");
}

TEST_F(StringsTest, DeadlinesCountFromTheEntrysTime) {
  const auto deadline = [&] { return state_.keyspace.Deadline(0, *state_.keyspace.Find(0, "k")); };
  const auto now = static_cast<int64_t>(now_ms_);
  Run("SET k v EX 10");
  EXPECT_EQ(deadline(), now + 10'000);
  Run("SET k v KEEPTTL");
  EXPECT_EQ(deadline(), now + 10'000);
  Run("INCRBYFLOAT n 1");
  Run("APPEND k more");
  EXPECT_EQ(deadline(), now + 10'000);
  Run("GETEX k PX 5");
  EXPECT_EQ(deadline(), now + 5);
  Run("GETEX k PERSIST");
  EXPECT_EQ(deadline(), std::nullopt);
  Run("PSETEX k 7 v");
  EXPECT_EQ(deadline(), now + 7);
  Advance(6);
  EXPECT_EQ(Run("GET k"), "\"v\"");
  Advance(1);
  EXPECT_EQ(Run("GET k"), "(nil)");
}

TEST_F(StringsTest, PastDeadlinesRemoveTheKey) {
  Run("SET k v");
  EXPECT_EQ(Run("SET k w PXAT 1"), "+OK");
  EXPECT_EQ(Run("GET k"), "(nil)");
  Run("SET k v");
  EXPECT_EQ(Run("GETEX k EXAT 1"), "\"v\"");
  EXPECT_EQ(Run("GET k"), "(nil)");
  EXPECT_EQ(Run("SET k v GET PXAT " + std::to_string(now_ms_)), "(nil)");
  EXPECT_EQ(state_.keyspace.Size(0), 0u);
}

TEST_F(StringsTest, WritesThatChangeNothingLeaveTheRevision) {
  Run("SET k v");
  const uint64_t revision = RevisionOf("k");
  for (std::string_view line :
       {"SET k w NX", "SETNX k w", "MSETNX other 1 k 2", "GETEX k", "GETEX k PERSIST",
        "SETRANGE k 5 \"\"", "SETBIT k 1 1", "SETBIT k 0 0", "BITFIELD k GET u8 0 SET u8 0 118",
        "BITFIELD k OVERFLOW FAIL INCRBY u8 0 200", "INCR k", "SET k w EX 0", "DECRBY k x"}) {
    Run(line);
    EXPECT_EQ(RevisionOf("k"), revision) << line;
  }
  EXPECT_EQ(Run("GET k"), "\"v\"");
  for (std::string_view line : {"SET k v", "APPEND k x", "SETBIT k 7 1", "BITFIELD k SET u8 0 1",
                                "GETSET k 5", "INCRBY k 2", "GETEX k EX 9", "SETRANGE k 9 x"}) {
    const uint64_t before = RevisionOf("k");
    Run(line);
    EXPECT_GT(RevisionOf("k"), before) << line;
  }
}

TEST_F(StringsTest, Counters) {
  EXPECT_EQ(Run("INCR n"), ":1");
  EXPECT_EQ(Run("INCRBY n 9223372036854775806"), ":9223372036854775807");
  EXPECT_EQ(Run("INCR n"), "-ERR increment or decrement would overflow");
  EXPECT_EQ(Run("DECRBY n -9223372036854775808"), "-ERR decrement would overflow");
  Run("SET n \" 1\"");
  EXPECT_EQ(Run("INCR n"), "-ERR value is not an integer or out of range");
  // A number in text form, which editing leaves behind.
  Run("SET n 1");
  Run("APPEND n 0");
  EXPECT_EQ(Run("INCR n"), ":11");
}

TEST_F(StringsTest, CountersInPlaceTellSnapshotsFirst) {
  Run("SET n 1 EX 100");
  std::vector<std::string> seen;
  state_.keyspace.set_before_change([&](std::optional<uint32_t> partition) {
    ASSERT_EQ(partition, Keyspace::PartitionOf(state_.keyspace.HashOf("n")));
    Entry::Scratch scratch;
    seen.emplace_back(state_.keyspace.Find(0, "n")->string(scratch));
  });
  EXPECT_EQ(Run("INCR n"), ":2");
  state_.keyspace.set_before_change({});
  EXPECT_EQ(seen, std::vector<std::string>{"1"});
  EXPECT_TRUE(state_.keyspace.Find(0, "n")->has_expiry());
  state_.keyspace.CheckInvariants();
}

TEST_F(StringsTest, FloatCounters) {
  Run("SET f 10.50");
  EXPECT_EQ(Run("INCRBYFLOAT f 0.1"), "\"10.6\"");
  EXPECT_EQ(Run("INCRBYFLOAT f -5"), "\"5.6\"");
  Run("SET f 5.0e3");
  EXPECT_EQ(Run("INCRBYFLOAT f 2.0e2"), "\"5200\"");
  EXPECT_EQ(Run("INCRBYFLOAT f inf"), "-ERR increment would produce NaN or Infinity");
  EXPECT_EQ(Run("INCRBYFLOAT f x"), "-ERR value is not a valid float");
}

TEST_F(StringsTest, LongDoublesAreWrittenAsTheCLibraryWritesThem) {
  EXPECT_EQ(FormatLongDouble(0.0L), "0");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
  EXPECT_EQ(FormatLongDouble(100.0L), "100");
  EXPECT_EQ(FormatLongDouble(3.0e-18L), "0");
  Random random(5);
  char expected[5120];
  for (int round = 0; round < 2000; ++round) {
    const auto digits = static_cast<long double>(static_cast<int64_t>(random.Next()));
    const long double value =
        round % 100 == 0 ? digits * 1e4900L
                         : digits / static_cast<long double>(random.Below(uint64_t{1} << 62) + 1);
    std::snprintf(expected, sizeof expected, "%.17Lf", value);
    std::string trimmed = expected;
    while (trimmed.back() == '0') trimmed.pop_back();
    if (trimmed.back() == '.') trimmed.pop_back();
    if (trimmed == "-0") trimmed = "0";
    EXPECT_EQ(FormatLongDouble(value), trimmed);
  }
}

TEST_F(StringsTest, LengthLimit) {
  ASSERT_TRUE(state_.settings.Set("proto-max-bulk-len", "1mb").ok());
  const std::string error = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  EXPECT_EQ(Run("SETRANGE k 1048575 x"), ":1048576");
  EXPECT_EQ(Run("SETRANGE k 1048576 x"), error);
  EXPECT_EQ(Run("SETRANGE k 9223372036854775807 x"), error);
  EXPECT_EQ(Run("APPEND k x"), error);
  EXPECT_EQ(Run("SETBIT k 8388607 1"), ":0");
  EXPECT_EQ(Run("SETBIT k 8388608 1"), "-ERR bit offset is not an integer or out of range");
  EXPECT_EQ(Run("BITFIELD k GET u8 #1048576"), "-ERR bit offset is not an integer or out of range");
  Run("SETRANGE a 511 x");
  EXPECT_EQ(Run("LCS a k LEN"),
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
}

TEST_F(StringsTest, MgetOfManyKeys) {
  std::vector<std::string> mset = {"MSET"};
  std::vector<std::string> mget = {"MGET"};
  std::string expected = "*101";
  for (int i = 0; i < 100; ++i) {
    mset.insert(mset.end(), {"key:" + std::to_string(i), "value:" + std::to_string(i)});
    mget.push_back("key:" + std::to_string(i));
    expected += "\n  \"value:" + std::to_string(i) + "\"";
  }
  mget.push_back("none");
  EXPECT_EQ(RunWords(mset), "+OK");
  EXPECT_EQ(RunWords(mget), expected + "\n  (nil)");
}

TEST_F(StringsTest, BitfieldGrowsTheStringEvenIfItFails) {
  EXPECT_EQ(Run("BITFIELD k OVERFLOW FAIL SET u8 8 256 GET u8 0"), "*2\n  (nil)\n  :0");
  EXPECT_EQ(Run("GET k"), "\"\\x00\\x00\"");
  EXPECT_EQ(Run("BITFIELD none GET u8 0"), "*1\n  :0");
  EXPECT_EQ(Run("GET none"), "(nil)");
}

TEST_F(StringsTest, LcsAnswersAMapInResp3) {
  Run("MSET a ohmytext b mynewtext");
  resp_version_ = 3;
  EXPECT_EQ(Run("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"),
            "%2\n  \"matches\"\n  *1\n    *3\n      *2\n        :4\n        :7\n      *2\n"
            "        :5\n        :8\n      :4\n  \"len\"\n  :6");
}

}  // namespace
}  // namespace mydis
