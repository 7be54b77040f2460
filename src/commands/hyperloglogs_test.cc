// That a count which is remembered is never that of another value.
#include "commands/command_fixture.h"
#include "types/hyperloglog.h"

namespace mydis {
namespace {

class HyperLogLogsTest : public CommandFixture {
 protected:
  static std::string Filled(int elements) {
    std::string value = hyperloglog::Empty();
    for (int i = 0; i < elements; ++i)
      hyperloglog::Raise(value, hyperloglog::MarkOf(std::to_string(i)), 3000);
    return value;
  }
  // Puts a value under the revision, as several commands of one script do.
  void PutAt(uint64_t revision, uint32_t db, int elements) {
    state_.keyspace.set_revision(revision);
    state_.keyspace.SetText(db, "k", Filled(elements), Ttl::None());
  }
};

TEST_F(HyperLogLogsTest, CountsFollowEveryChange) {
  Run("PFADD k a b c");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Run("PFCOUNT k"), ":3");
    Run("SET other 1");
  }
  Run("PFADD k d");
  EXPECT_EQ(Run("PFCOUNT k"), ":4");
  RunAll("SET other 1; PFCOUNT k; DEL k; PFADD k e");
  EXPECT_EQ(Run("PFCOUNT k"), ":1");
  RunAll("SET other 1; PFCOUNT k; SET k text; SET other 1");
  EXPECT_EQ(Run("PFCOUNT k"), "-WRONGTYPE Key is not a valid HyperLogLog string value.");
}

TEST_F(HyperLogLogsTest, AChangeUnderTheSameRevisionIsSeen) {
  PutAt(5, 0, 10);
  EXPECT_EQ(Run("PFCOUNT k"), ":10");
  PutAt(5, 0, 20);
  EXPECT_EQ(Run("PFCOUNT k"), ":20");
  state_.keyspace.set_revision(6);
  EXPECT_EQ(Run("PFCOUNT k"), ":20");
  PutAt(6, 0, 30);
  EXPECT_EQ(Run("PFCOUNT k"), ":30");
}

TEST_F(HyperLogLogsTest, DatabasesThatChangePlacesAreSeen) {
  PutAt(5, 0, 10);
  PutAt(5, 1, 20);
  state_.keyspace.set_revision(6);
  EXPECT_EQ(Run("PFCOUNT k"), ":10");
  db_ = 1;
  EXPECT_EQ(Run("PFCOUNT k"), ":20");
  state_.keyspace.SwapDatabases(0, 1);
  EXPECT_EQ(Run("PFCOUNT k"), ":10");
  db_ = 0;
  EXPECT_EQ(Run("PFCOUNT k"), ":20");
}

TEST_F(HyperLogLogsTest, ARestoredStateIsAnother) {
  PutAt(5, 0, 10);
  state_.keyspace.set_revision(6);
  EXPECT_EQ(Run("PFCOUNT k"), ":10");
  const uint32_t partition = Keyspace::PartitionOf(state_.keyspace.HashOf("k"));
  std::string bytes;
  Keyspace other(42, 16);
  other.set_revision(5);
  other.SetText(0, "k", Filled(40), Ttl::None());
  other.SavePartition(partition, bytes);
  state_.keyspace.Flush(0);
  ASSERT_TRUE(state_.keyspace.LoadPartition(partition, bytes));
  state_.keyspace.set_revision(6);
  EXPECT_EQ(Run("PFCOUNT k"), ":40");
}

}  // namespace
}  // namespace mydis
