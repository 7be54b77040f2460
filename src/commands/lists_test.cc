// What transcripts do not show of the list commands: events, revisions and memory.
#include <gmock/gmock.h>

#include "commands/command_fixture.h"
#include "types/list.h"

namespace mydis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventLog final : public KeyspaceListener {
 public:
  void OnKeyChanged(uint32_t, std::string_view) override {}
  void OnKeyExpired(uint32_t, std::string_view) override {}
  void OnFlush(std::optional<uint32_t>) override {}
  void OnEvent(EventClass event_class, std::string_view event, uint32_t,
               std::string_view key) override {
    if (event_class == EventClass::kNew) return;  // The keyspace's own.
    const bool expected =
        event == "del" ? event_class == EventClass::kGeneric : event_class == EventClass::kList;
    events.push_back(fmt::format("{}{} {}", expected ? "" : "wrong class: ", event, key));
  }
  std::vector<std::string> events;
};

class ListsTest : public CommandFixture {
 protected:
  std::vector<std::string> EventsOf(std::string_view line) {
    EventLog log;
    state_.keyspace.set_listener(&log);
    Run(line);
    state_.keyspace.set_listener(nullptr);
    return log.events;
  }
};

TEST_F(ListsTest, TellEventsAsRedisDoes) {
  EXPECT_THAT(EventsOf("LPUSH k a b c"), ElementsAre("lpush k"));
  EXPECT_THAT(EventsOf("RPUSH k d"), ElementsAre("rpush k"));
  EXPECT_THAT(EventsOf("LPUSHX k 0"), ElementsAre("lpush k"));
  EXPECT_THAT(EventsOf("RPUSHX none 0"), IsEmpty());
  EXPECT_THAT(EventsOf("LINSERT k BEFORE a x"), ElementsAre("linsert k"));
  EXPECT_THAT(EventsOf("LINSERT k BEFORE none x"), IsEmpty());
  EXPECT_THAT(EventsOf("LSET k 0 y"), ElementsAre("lset k"));
  EXPECT_THAT(EventsOf("LSET k 100 y"), IsEmpty());
  EXPECT_THAT(EventsOf("LREM k 0 y"), ElementsAre("lrem k"));
  EXPECT_THAT(EventsOf("LREM k 0 none"), IsEmpty());
  EXPECT_THAT(EventsOf("LTRIM k 0 -1"), ElementsAre("ltrim k"));
  EXPECT_THAT(EventsOf("LPOP k"), ElementsAre("lpop k"));
  EXPECT_THAT(EventsOf("RPOP k 2"), ElementsAre("rpop k"));
  EXPECT_THAT(EventsOf("LPOP k 0"), IsEmpty());
  EXPECT_THAT(EventsOf("LMOVE k k LEFT RIGHT"), ElementsAre("rpush k", "lpop k"));
  EXPECT_THAT(EventsOf("RPOPLPUSH k other"), ElementsAre("lpush other", "rpop k"));
  EXPECT_THAT(EventsOf("LMPOP 2 none k LEFT"), ElementsAre("lpop k", "del k"));
  EXPECT_THAT(EventsOf("LMOVE other third LEFT LEFT"),
              ElementsAre("lpush third", "lpop other", "del other"));
  EXPECT_THAT(EventsOf("LREM third 0 b"), ElementsAre("lrem third", "del third"));
  Run("RPUSH k a");
  EXPECT_THAT(EventsOf("LTRIM k 5 6"), ElementsAre("ltrim k", "del k"));
}

TEST_F(ListsTest, WhatChangesNothingKeepsTheRevision) {
  Run("RPUSH k a b");
  const uint64_t revision = RevisionOf("k");
  for (const char* line : {"LREM k 0 none", "LSET k 9 x", "LINSERT k AFTER none x", "LPOP k 0"}) {
    Run(line);
    EXPECT_EQ(RevisionOf("k"), revision) << line;
  }
  Run("LMOVE k k LEFT LEFT");
  EXPECT_GT(RevisionOf("k"), revision);
}

TEST_F(ListsTest, MemoryIsWhatTheContentsCount) {
  const size_t empty = state_.keyspace.MemoryBytes();
  for (int i = 0; i < 5000; ++i) Run(fmt::format("RPUSH k element{}", i));
  for (int i = 0; i < 4000; ++i) Run("LPOP k");
  Run("LINSERT k AFTER element4500 x");
  Run("LREM k 1 x");
  const size_t grown = state_.keyspace.MemoryBytes();
  const std::string contents = Contents();
  State loaded{/*hash_seed=*/42};
  for (uint32_t p = 0; p < kPartitions; ++p) {
    std::string bytes;
    state_.keyspace.SavePartition(p, bytes);
    ASSERT_TRUE(loaded.keyspace.LoadPartition(p, bytes));
  }
  EXPECT_EQ(loaded.keyspace.MemoryBytes(), grown);
  state_.keyspace.CheckInvariants();
  loaded.keyspace.CheckInvariants();
  Run("DEL k");
  EXPECT_EQ(state_.keyspace.MemoryBytes(), empty);
}

}  // namespace
}  // namespace mydis
