#include <set>

#include "commands/command_fixture.h"

namespace mydis {
namespace {

class KeysTest : public CommandFixture {
 protected:
  std::optional<int64_t> DeadlineOf(std::string_view key, uint32_t db = 0) const {
    const Entry* entry = state_.keyspace.Find(db, key);
    return entry == nullptr ? std::nullopt : state_.keyspace.Deadline(db, *entry);
  }
  // One step of SCAN: adds the keys it names and returns the next cursor.
  std::string Step(const std::string& cursor, const std::string& options,
                   std::multiset<std::string>* keys) {
    const std::string reply = Run("SCAN " + cursor + " " + options);
    std::vector<std::string> lines;
    for (size_t at = 0; at <= reply.size();) {
      const size_t end = std::min(reply.find('\n', at), reply.size());
      lines.push_back(reply.substr(at, end - at));
      at = end + 1;
    }
    const auto unquoted = [](const std::string& line) {
      const size_t start = line.find('"') + 1;
      return line.substr(start, line.rfind('"') - start);
    };
    for (size_t i = 3; i < lines.size(); ++i) keys->insert(unquoted(lines[i]));
    return unquoted(lines[1]);
  }
};

TEST_F(KeysTest, DeletesAndCounts) {
  Run("MSET a 1 b 2 c 3");
  EXPECT_EQ(Run("EXISTS a a nokey"), ":2");
  EXPECT_EQ(Run("TOUCH a b nokey"), ":2");
  EXPECT_EQ(Run("DEL a a nokey"), ":1");
  EXPECT_EQ(Run("UNLINK b c"), ":2");
  EXPECT_EQ(Run("DBSIZE"), ":0");
  EXPECT_EQ(Run("TYPE a"), "+none");
  EXPECT_EQ(Run("RANDOMKEY"), "(nil)");
  Run("SET a 1");
  EXPECT_EQ(Run("TYPE a"), "+string");
  EXPECT_EQ(Run("RANDOMKEY"), "\"a\"");
}

TEST_F(KeysTest, RenameTakesTheDeadlineAlong) {
  Run("SET a 1 EX 100");
  Run("SET b 2");
  const auto deadline = DeadlineOf("a");
  EXPECT_EQ(Run("RENAME a b"), "+OK");
  EXPECT_EQ(DeadlineOf("b"), deadline);
  EXPECT_EQ(Run("GET b"), "\"1\"");
  EXPECT_EQ(Run("EXISTS a"), ":0");
  Run("SET c 3");
  EXPECT_EQ(Run("RENAME c b"), "+OK");
  EXPECT_EQ(DeadlineOf("b"), std::nullopt);
  EXPECT_EQ(Run("RENAME nokey b"), "-ERR no such key");
  EXPECT_EQ(Run("RENAME nokey nokey"), "-ERR no such key");
  const uint64_t revision = RevisionOf("b");
  EXPECT_EQ(Run("RENAME b b"), "+OK");
  EXPECT_EQ(RevisionOf("b"), revision);
  EXPECT_EQ(Run("RENAMENX b b"), ":0");
  Run("SET d 4");
  EXPECT_EQ(Run("RENAMENX b d"), ":0");
  EXPECT_EQ(Run("RENAMENX b e"), ":1");
  EXPECT_EQ(Run("RENAMENX nokey e"), "-ERR no such key");
  state_.keyspace.CheckInvariants();
}

TEST_F(KeysTest, CopyAndMove) {
  Run("SET a 1 EX 100");
  Run("SET b 2 EX 5");
  EXPECT_EQ(Run("COPY a b"), ":0");
  EXPECT_EQ(Run("COPY a b REPLACE"), ":1");
  EXPECT_EQ(DeadlineOf("b"), DeadlineOf("a"));
  EXPECT_EQ(Run("COPY a a DB 3"), ":1");
  EXPECT_EQ(DeadlineOf("a", 3), DeadlineOf("a"));
  Run("PERSIST a");
  EXPECT_EQ(Run("COPY a b replace db 0"), ":1");
  EXPECT_EQ(DeadlineOf("b"), std::nullopt);
  EXPECT_EQ(Run("COPY a a"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("COPY nokey x"), ":0");
  EXPECT_EQ(Run("COPY a x DB"), "-ERR syntax error");
  EXPECT_EQ(Run("COPY a x DB 16"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("COPY a x DB y"), "-ERR value is not an integer or out of range");

  EXPECT_EQ(Run("MOVE a 3"), ":0");
  EXPECT_EQ(Run("MOVE a 4"), ":1");
  EXPECT_EQ(Run("EXISTS a"), ":0");
  EXPECT_EQ(Run("MOVE a 4"), ":0");
  EXPECT_EQ(Run("MOVE b 0"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("MOVE b -1"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("MOVE b 99999999999"),
            "-ERR value is out of range, value must between -2147483648 and 2147483647");
  // An edited string stays raw in its copy.
  Run("APPEND r x");
  Run("APPEND r x");
  Run("COPY r s");
  EXPECT_EQ(Run("OBJECT ENCODING s"), "\"raw\"");
  state_.keyspace.CheckInvariants();
}

TEST_F(KeysTest, SwapdbExchangesEverything) {
  Run("SET a 1 PX 50");
  Run("COPY a b DB 1");
  EXPECT_EQ(Run("SWAPDB 0 1"), "+OK");
  EXPECT_EQ(Run("KEYS *"), "*1\n  \"b\"");
  Run("SWAPDB 0 0");
  EXPECT_EQ(Run("DBSIZE"), ":1");
  Advance(50);
  EXPECT_EQ(Run("DBSIZE"), ":0");
  EXPECT_EQ(state_.keyspace.Size(1), 0u);
  EXPECT_EQ(Run("SWAPDB x 1"), "-ERR invalid first DB index");
  EXPECT_EQ(Run("SWAPDB 99 x"), "-ERR invalid second DB index");
  EXPECT_EQ(Run("SWAPDB 99 1"), "-ERR DB index is out of range");
  state_.keyspace.CheckInvariants();
}

TEST_F(KeysTest, ExpireConditions) {
  Run("SET k v");
  EXPECT_EQ(Run("EXPIRE k 100 XX"), ":0");
  EXPECT_EQ(Run("EXPIRE k 100 GT"), ":0");
  EXPECT_EQ(Run("EXPIRE k 100 LT"), ":1");
  EXPECT_EQ(Run("EXPIRE k 50 NX"), ":0");
  EXPECT_EQ(Run("EXPIRE k 100 GT"), ":0");
  EXPECT_EQ(Run("EXPIRE k 200 XX GT"), ":1");
  EXPECT_EQ(Run("EXPIRE k 300 LT"), ":0");
  EXPECT_EQ(Run("TTL k"), ":200");
  EXPECT_EQ(Run("EXPIRE k 1 NX GT"),
            "-ERR NX and XX, GT or LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k 1 GT LT"), "-ERR GT and LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k 1 ab"), "-ERR Unsupported option ab");
  EXPECT_EQ(Run("EXPIRE nokey 1"), ":0");
}

TEST_F(KeysTest, ExpireRanges) {
  Run("SET k v");
  const std::string invalid = "-ERR invalid expire time in 'expire' command";
  EXPECT_EQ(Run("EXPIRE k 9223372036854775807"), invalid);
  EXPECT_EQ(Run("EXPIRE k 9223372036854775"), invalid);
  EXPECT_EQ(Run("EXPIRE k -9223372036854776"), invalid);
  EXPECT_EQ(Run("EXPIRE nokey 9223372036854775807"), invalid);
  EXPECT_EQ(Run("PEXPIRE k 9223372036854775807"), "-ERR invalid expire time in 'pexpire' command");
  EXPECT_EQ(Run("EXPIREAT k 9223372036854776"), "-ERR invalid expire time in 'expireat' command");
  EXPECT_EQ(Run("PEXPIREAT k 9223372036854775807"), ":1");
  EXPECT_EQ(Run("PEXPIRETIME k"), ":9223372036854775807");
  EXPECT_EQ(Run("EXPIRETIME k"), ":9223372036854776");
  EXPECT_EQ(Run("EXPIRE k x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("PEXPIRE k -9223372036854775808"), ":1");
  EXPECT_EQ(Run("EXISTS k"), ":0");
}

TEST_F(KeysTest, PastDeadlinesDelete) {
  for (const std::string_view command :
       {"EXPIRE k 0", "EXPIRE k -1", "PEXPIREAT k 1", "EXPIREAT k 1", "PEXPIRE k 0"}) {
    Run("SET k v");
    EXPECT_EQ(Run(command), ":1") << command;
    EXPECT_EQ(Run("EXISTS k"), ":0") << command;
  }
  // LT holds for a key without a deadline, GT does not.
  Run("SET k v");
  EXPECT_EQ(Run("EXPIRE k -1 GT"), ":0");
  EXPECT_EQ(Run("EXPIRE k -1 LT"), ":1");
  EXPECT_EQ(Run("EXISTS k"), ":0");
}

TEST_F(KeysTest, TimeToLive) {
  EXPECT_EQ(Run("TTL k"), ":-2");
  EXPECT_EQ(Run("PEXPIRETIME k"), ":-2");
  Run("SET k v");
  EXPECT_EQ(Run("PTTL k"), ":-1");
  EXPECT_EQ(Run("EXPIRETIME k"), ":-1");
  EXPECT_EQ(Run("PERSIST k"), ":0");
  Run("PEXPIRE k 1500");
  EXPECT_EQ(Run("PTTL k"), ":1500");
  EXPECT_EQ(Run("TTL k"), ":2");
  Advance(1001);
  EXPECT_EQ(Run("TTL k"), ":0");
  EXPECT_EQ(Run("PERSIST k"), ":1");
  Advance(1000);
  EXPECT_EQ(Run("TTL k"), ":-1");
  EXPECT_EQ(Run("PERSIST nokey"), ":0");
}

TEST_F(KeysTest, KeysFitAPattern) {
  Run("MSET one 1 two 2 three 3 four 4 [ 5");
  EXPECT_EQ(Run("KEYS t?o"), "*1\n  \"two\"");
  EXPECT_EQ(Run("KEYS two"), "*1\n  \"two\"");
  EXPECT_EQ(Run("KEYS none"), "*0");
  EXPECT_EQ(Run("KEYS [^a-z]"), "*1\n  \"[\"");
  const std::string all = Run("KEYS *");
  EXPECT_EQ(all.substr(0, 2), "*5");
}

TEST_F(KeysTest, ScanFindsWhatIsThereAllTheTime) {
  for (int i = 0; i < 2000; ++i) Run("SET stays:" + std::to_string(i) + " x");
  std::multiset<std::string> keys;
  std::string cursor = "0";
  int steps = 0;
  do {
    cursor = Step(cursor, "COUNT 7", &keys);
    // Others come and go meanwhile, and the tables grow and shrink with them.
    for (int i = 0; i < 5; ++i) Run("SET comes:" + std::to_string(steps * 5 + i) + " x");
    if (steps % 3 == 0) Run("DEL comes:" + std::to_string(steps));
    ++steps;
  } while (cursor != "0");
  EXPECT_GT(steps, 200);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(keys.count("stays:" + std::to_string(i)), 1u) << i;
}

TEST_F(KeysTest, ScanOptions) {
  Run("MSET a1 1 a2 2 b1 3");
  std::multiset<std::string> keys;
  EXPECT_EQ(Step("0", "MATCH a* COUNT 100", &keys), "0");
  EXPECT_EQ(keys, (std::multiset<std::string>{"a1", "a2"}));
  keys.clear();
  EXPECT_EQ(Step("0", "TYPE STRING COUNT 100 MATCH *", &keys), "0");
  EXPECT_EQ(keys.size(), 3u);
  EXPECT_EQ(Run("SCAN 0 TYPE list COUNT 100"), "*2\n  \"0\"\n  *0");
  EXPECT_EQ(Run("SCAN 0 TYPE nosuch COUNT 100"), "*2\n  \"0\"\n  *0");
  for (const std::string_view bad :
       {"SCAN x", "SCAN 1x", "SCAN \" 1\"", "SCAN 18446744073709551616", "SCAN -"}) {
    EXPECT_EQ(Run(bad), "-ERR invalid cursor") << bad;
  }
  // Cursors that no scan gave are harmless.
  EXPECT_EQ(Run("SCAN 18446744073709551615"), "*2\n  \"0\"\n  *0");
  EXPECT_EQ(Run("SCAN -1"), "*2\n  \"0\"\n  *0");
  EXPECT_EQ(Run("SCAN x COUNT y"), "-ERR invalid cursor");
  EXPECT_EQ(Run("SCAN 0 COUNT 0"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 COUNT y"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SCAN 0 COUNT"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 FOO bar"), "-ERR syntax error");
}

TEST_F(KeysTest, ObjectSaysHowAValueIsKept) {
  Run("MSET i 42 big 123456789012 e text");
  Run("SET r " + std::string(45, 'x'));
  EXPECT_EQ(Run("OBJECT ENCODING i"), "\"int\"");
  EXPECT_EQ(Run("OBJECT ENCODING e"), "\"embstr\"");
  EXPECT_EQ(Run("OBJECT ENCODING r"), "\"raw\"");
  Run("SET r " + std::string(44, 'x'));
  EXPECT_EQ(Run("OBJECT ENCODING r"), "\"embstr\"");
  Run("APPEND e x");
  EXPECT_EQ(Run("object encoding e"), "\"raw\"");
  EXPECT_EQ(Run("OBJECT REFCOUNT i"), ":2147483647");
  EXPECT_EQ(Run("OBJECT REFCOUNT big"), ":1");
  EXPECT_EQ(Run("OBJECT REFCOUNT nokey"), "(nil)");
  EXPECT_EQ(Run("OBJECT FREQ i").substr(0, 40), "-ERR An LFU maxmemory policy is not sele");
  Run("TOUCH i");
  Advance(10'000);
  EXPECT_EQ(Run("OBJECT IDLETIME i"), ":10");
  Run("TOUCH i");
  EXPECT_EQ(Run("OBJECT IDLETIME i"), ":0");
}

TEST_F(KeysTest, FlushModes) {
  Run("SET a 1");
  Run("COPY a a DB 1");
  EXPECT_EQ(Run("FLUSHDB LATER"), "-ERR syntax error");
  EXPECT_EQ(Run("FLUSHDB ASYNC SYNC"), "-ERR syntax error");
  EXPECT_EQ(Run("FLUSHDB async"), "+OK");
  EXPECT_EQ(state_.keyspace.Size(0), 0u);
  EXPECT_EQ(state_.keyspace.Size(1), 1u);
  EXPECT_EQ(Run("FLUSHALL SYNC"), "+OK");
  EXPECT_EQ(state_.keyspace.Size(1), 0u);
}

TEST_F(KeysTest, MydisSetChecksNamesAndValues) {
  EXPECT_EQ(Run("MYDIS SET Write-Consistency STRONG"), "+OK");
  EXPECT_TRUE(state_.settings.strong_writes());
  EXPECT_EQ(Run("MYDIS SET write-consistency maybe"),
            "-ERR write-consistency must be one of eventual|strong");
  EXPECT_EQ(Run("MYDIS SET nosuch 1").substr(0, 32), "-ERR there is no setting 'nosuch");
}

TEST_F(KeysTest, RandomkeyFollowsTheSeed) {
  for (int i = 0; i < 100; ++i) Run("SET k" + std::to_string(i) + " x");
  std::set<std::string> seen;
  random_ = Random(7);
  for (int i = 0; i < 50; ++i) seen.insert(Run("RANDOMKEY"));
  EXPECT_GT(seen.size(), 20u);
  random_ = Random(7);
  const std::string first = Run("RANDOMKEY");
  random_ = Random(7);
  EXPECT_EQ(Run("RANDOMKEY"), first);
}

}  // namespace
}  // namespace mydis
