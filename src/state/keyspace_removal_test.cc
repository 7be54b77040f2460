// What becomes of the memory of what is removed.
#include <gtest/gtest.h>

#include "state/container_edit.h"
#include "state/keyspace.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sorted_set.h"
#include "types/stream.h"

namespace mydis {
namespace {

// Keeps what it is given.
class Keeper final : public Reclaimer {
 public:
  void Reclaim(std::unique_ptr<Remains> remains) override { kept.push_back(std::move(remains)); }
  // The objects of each piece that came since the last call.
  std::vector<size_t> Take() {
    std::vector<size_t> objects;
    for (; taken_ < kept.size(); ++taken_) objects.push_back(kept[taken_]->objects());
    return objects;
  }
  std::vector<std::unique_ptr<Remains>> kept;

 private:
  size_t taken_ = 0;
};

using Objects = std::vector<size_t>;

Set SetOf(int members) {
  Set set;
  for (int i = 0; i < members; ++i) set.Add("member " + std::to_string(i), EncodingLimits());
  return set;
}

Hash HashOf(int fields, int64_t deadline_ms) {
  Hash hash;
  for (int i = 0; i < fields; ++i) {
    const std::string field = "field " + std::to_string(i);
    hash.Set(field, "value", EncodingLimits());
    hash.SetDeadline(field, deadline_ms + i);
  }
  return hash;
}

std::string Saved(const Keyspace& keyspace) {
  std::string out;
  for (uint32_t p = 0; p < kPartitions; ++p) keyspace.SavePartition(p, out);
  return out;
}

class KeyspaceRemovalTest : public ::testing::Test {
 protected:
  KeyspaceRemovalTest() { keyspace_.set_reclaimer(&keeper_); }
  ~KeyspaceRemovalTest() override { keyspace_.CheckInvariants(); }
  Keeper keeper_;
  Keyspace keyspace_{9, 16};
};

TEST_F(KeyspaceRemovalTest, LargeValuesAreHandedOverHoweverTheyGo) {
  constexpr int kMany = 5000;
  const auto put = [&](std::string_view key, Ttl ttl = Ttl::None()) {
    keyspace_.Put(0, key, SetOf(kMany), ttl);
    EXPECT_EQ(keeper_.Take(), Objects()) << "nothing goes by being written";
  };
  put("erased");
  EXPECT_TRUE(keyspace_.Erase(0, "erased"));
  EXPECT_EQ(keeper_.Take(), Objects{1});
  put("written over");
  keyspace_.SetString(0, "written over", "v", Ttl::None());
  EXPECT_EQ(keeper_.Take(), Objects{1});
  put("replaced");
  keyspace_.Put(0, "replaced", SetOf(3), Ttl::None());
  EXPECT_EQ(keeper_.Take(), Objects{1});
  put("expired", Ttl::At(10));
  EXPECT_EQ(keyspace_.RemoveExpired(10), 1u);
  EXPECT_EQ(keeper_.Take(), Objects{1});
  put("moved");
  put("target");
  keyspace_.Move(0, "moved", 0, "target");
  EXPECT_EQ(keeper_.Take(), Objects{1});
  EXPECT_EQ(keyspace_.Find(0, "target")->as<Set>().size(), static_cast<size_t>(kMany));
  SortedSet sorted;
  for (int i = 0; i < kMany; ++i) sorted.Add("m" + std::to_string(i), i, {}, EncodingLimits());
  keyspace_.Put(0, "sorted", std::move(sorted), Ttl::None());
  List list;
  for (int i = 0; i < kMany; ++i) list.Push(ListEnd::kBack, "an element", EncodingLimits());
  keyspace_.Put(0, "list", std::move(list), Ttl::None());
  keyspace_.Erase(0, "sorted");
  keyspace_.Erase(0, "list");
  EXPECT_EQ(keeper_.Take(), (Objects{1, 1}));
  // They are whole, and outlive everything.
  keyspace_.FlushAll();
}

TEST_F(KeyspaceRemovalTest, WhatIsQuicklyFreedIsFreedAtOnce) {
  keyspace_.Put(0, "set", SetOf(100), Ttl::None());
  keyspace_.Put(0, "hash", HashOf(100, 50), Ttl::None());
  keyspace_.SetString(0, "string", std::string(10 << 20, 'x'), Ttl::None());
  for (const char* key : {"set", "hash", "string"}) EXPECT_TRUE(keyspace_.Erase(0, key)) << key;
  EXPECT_EQ(keeper_.Take(), Objects());
}

// A hash whose fields have deadlines leaves the index with its value.
TEST_F(KeyspaceRemovalTest, NoDeadlineOfWhatIsGoneIsLeft) {
  keyspace_.Put(0, "hash", HashOf(2000, 50), Ttl::None());
  keyspace_.SetString(0, "hash", "v", Ttl::None());
  EXPECT_EQ(keeper_.Take(), Objects{1});
  EXPECT_EQ(keyspace_.NextDeadline(), std::nullopt);
  keyspace_.Put(0, "hash", HashOf(2000, 50), Ttl::At(40));
  keyspace_.Put(1, "other", HashOf(3, 70), Ttl::At(80));
  keyspace_.Flush(0);
  EXPECT_EQ(keeper_.Take(), Objects{1});
  EXPECT_EQ(keyspace_.NextDeadline(), 70);
  EXPECT_EQ(keyspace_.RemoveExpired(71), 0u);
  EXPECT_EQ(keyspace_.Find(1, "other")->as<Hash>().size(), 1u);
}

TEST_F(KeyspaceRemovalTest, AValueOfAnyTypeCanBeFreedInParts) {
  constexpr int kMany = 5000;
  const EncodingLimits limits;
  List list;
  SortedSet sorted;
  Stream stream;
  for (int i = 0; i < kMany; ++i) {
    const std::string text = "element " + std::to_string(i);
    list.Push(ListEnd::kBack, text, limits);
    sorted.Add(text, i % 7, {}, limits);
    const std::string_view fields[] = {"field", text};
    stream.Append({static_cast<uint64_t>(i + 1), 0}, fields, limits);
  }
  keyspace_.Put(0, "list", std::move(list), Ttl::None());
  keyspace_.Put(0, "set", SetOf(kMany), Ttl::None());
  keyspace_.Put(0, "sorted", std::move(sorted), Ttl::None());
  keyspace_.Put(0, "hash", HashOf(kMany, 100), Ttl::None());
  keyspace_.Put(0, "stream", std::move(stream), Ttl::None());
  for (const char* key : {"list", "set", "sorted", "hash", "stream"}) {
    EXPECT_TRUE(keyspace_.Erase(0, key));
    ASSERT_EQ(keeper_.Take(), Objects{1}) << key;
    for (int part = 1; part < kMany / 1000; ++part)
      EXPECT_TRUE(keeper_.kept.back()->FreeSome(1000)) << key << " " << part;
    EXPECT_FALSE(keeper_.kept.back()->FreeSome(1000)) << key;
    EXPECT_FALSE(keeper_.kept.back()->FreeSome(1000)) << key;
  }
}

TEST_F(KeyspaceRemovalTest, ADatabaseCanBeFreedInParts) {
  for (int i = 0; i < 10000; ++i)
    keyspace_.SetString(0, "k" + std::to_string(i), std::string(2000, 'x'), Ttl::None());
  keyspace_.Flush(0);
  ASSERT_EQ(keeper_.kept.size(), 1u);
  int parts = 1;
  while (keeper_.kept[0]->FreeSome(1000)) ++parts;
  EXPECT_GT(parts, 10);
  EXPECT_LT(parts, 40);
  EXPECT_EQ(keeper_.Take(), Objects{10000}) << "it counts for as much as before";
  EXPECT_FALSE(keeper_.kept[0]->FreeSome(1000));
}

TEST_F(KeyspaceRemovalTest, DatabasesLeaveAsAWholeAndAreForgottenAtOnce) {
  Keyspace plain(9, 16);
  for (Keyspace* keyspace : {&keyspace_, &plain}) {
    keyspace->set_revision(1);
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "k" + std::to_string(i);
      keyspace->SetString(0, key, std::string(i % 2 == 0 ? 10 : 2000, 'x'), Ttl::At(i + 1));
      keyspace->SetString(3, key, "v", Ttl::None());
    }
    keyspace->Put(3, "set", SetOf(5000), Ttl::None());
  }
  const size_t before = keyspace_.MemoryBytes();
  for (Keyspace* keyspace : {&keyspace_, &plain}) {
    keyspace->set_revision(2);
    keyspace->Flush(0);
  }
  EXPECT_EQ(keeper_.Take(), Objects{1000});
  EXPECT_EQ(keyspace_.Size(0), 0u);
  EXPECT_EQ(keyspace_.ExpiringCount(0), 0u);
  EXPECT_EQ(keyspace_.NextDeadline(), std::nullopt);
  EXPECT_LT(keyspace_.MemoryBytes(), before);
  EXPECT_EQ(keyspace_.MemoryBytes(), plain.MemoryBytes());
  EXPECT_EQ(Saved(keyspace_), Saved(plain));
  keyspace_.SetString(0, "k1", "anew", Ttl::None());
  keyspace_.CheckInvariants();
  keyspace_.FlushAll();
  EXPECT_EQ(keeper_.Take(), (Objects{1, 1001}));
  EXPECT_EQ(keyspace_.MemoryBytes(), 0u);
  keyspace_.FlushAll();
  EXPECT_EQ(keeper_.Take(), Objects()) << "what is empty is nobody's work";
}

}  // namespace
}  // namespace mydis
