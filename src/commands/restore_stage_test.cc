// MYDIS STAGE: the keys of a backup wait beside those that are there. The transcript
// mydis-restore.resp has the steps and their errors.
#include "state/restore_stage.h"

#include "commands/command_fixture.h"

namespace mydis {
namespace {

class RestoreStageTest : public CommandFixture {
 protected:
  // A part with all keys of another cluster, of which each has `size` bytes.
  std::vector<std::string> PartOf(int keys, size_t size) {
    Keyspace other(/*hash_seed=*/7, kDatabases);
    for (int i = 0; i < keys; ++i)
      other.SetText(0, fmt::format("new:{}", i), std::string(size, 'x'), Ttl::None());
    other.SetText(3, "ends", "v", Ttl::At(static_cast<int64_t>(now_ms_ + 1000)));
    std::vector<std::string> words = {"MYDIS", "STAGE", "KEYS", "id", "0"};
    for (uint32_t p = 0; p < kPartitions; ++p) other.SavePartition(p, words.emplace_back());
    return words;
  }
};

TEST_F(RestoreStageTest, PutsKeysOfAnotherClusterWhereTheyBelong) {
  RunAll("SET old v; HSET hash f v; MYDIS STAGE BEGIN id");
  const uint64_t before = state_.revision;
  EXPECT_EQ(RunWords(PartOf(1000, 10)), "+OK");
  EXPECT_EQ(Run("DBSIZE"), ":2");
  EXPECT_EQ(Run("MYDIS STAGE COMMIT id 1"), ":1001");
  EXPECT_EQ(Run("EXISTS old hash"), ":0");
  EXPECT_EQ(Run("STRLEN new:999"), ":10");
  EXPECT_GT(RevisionOf("new:7"), before);
  EXPECT_LT(RevisionOf("new:7"), state_.revision);
  state_.keyspace.CheckInvariants();
  Advance(1000);
  EXPECT_EQ(state_.keyspace.Size(3), 0u);
}

TEST_F(RestoreStageTest, CountsAgainstMaxmemoryWithWhatIsThere) {
  RunAll("SET old v; MYDIS STAGE BEGIN id");
  ASSERT_TRUE(
      state_.settings.Set("maxmemory", std::to_string(state_.CountedBytes() + 100'000)).ok());
  EXPECT_EQ(RunWords(PartOf(1000, 100)),
            "-OOM the backup and the keys that are there need more than 'maxmemory': the restore "
            "has ended");
  EXPECT_EQ(state_.restoring, nullptr);
  Run("MYDIS STAGE BEGIN id");
  EXPECT_EQ(RunWords(PartOf(100, 100)), "+OK");
  EXPECT_EQ(Run("GET old"), "\"v\"");
}

TEST_F(RestoreStageTest, RefusesMoreWritesThanItHasRevisionsFor) {
  RunAll("SET old v; MYDIS STAGE BEGIN id");
  state_.revision += RestoreStage::kRevisionsAhead;
  EXPECT_EQ(Run("MYDIS STAGE COMMIT id 0"),
            "-ERR too much was written meanwhile: the restore has ended");
  EXPECT_EQ(Run("EXISTS old"), ":1");
  EXPECT_EQ(state_.restoring, nullptr);
}

}  // namespace
}  // namespace mydis
