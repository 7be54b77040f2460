#include "state/keyspace.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "state/container_edit.h"
#include "types/hash.h"

namespace mydis {
namespace {

std::string Text(const Keyspace& keyspace, std::string_view key) {
  const Entry* entry = keyspace.Find(0, key);
  if (entry == nullptr) return "(none)";
  Entry::Scratch scratch;
  return std::string(entry->string(scratch));
}

std::string Saved(const Keyspace& keyspace) {
  std::string out;
  for (uint32_t p = 0; p < kPartitions; ++p) keyspace.SavePartition(p, out);
  return out;
}

TEST(Keyspace, StringsKeepTheirBytesInEveryEncoding) {
  Keyspace keyspace(7, 16);
  for (std::string value :
       {std::string(), std::string("x"), std::string("12"), std::string("-9223372036854775808"),
        std::string("9223372036854775808"), std::string("007"), std::string("-0"),
        std::string("+1"), std::string(2000, 'a'), std::string("a\0b", 3)}) {
    keyspace.SetString(0, "k", value, Ttl::None());
    EXPECT_EQ(Text(keyspace, "k"), value);
    EXPECT_EQ(keyspace.Find(0, "k")->string_size(), value.size());
    keyspace.CheckInvariants();
  }
  keyspace.SetString(0, "k", "-9223372036854775808", Ttl::None());
  EXPECT_TRUE(keyspace.Find(0, "k")->is_integer());
  EXPECT_TRUE(keyspace.Erase(0, "k"));
  EXPECT_FALSE(keyspace.Erase(0, "k"));
  EXPECT_EQ(keyspace.Size(0), 0u);
}

TEST(Keyspace, RandomOperationsAgreeWithAModel) {
  Random random(1);
  Keyspace keyspace(random.Next(), 16);
  std::map<std::string, std::string> model;
  for (int step = 0; step < 30000; ++step) {
    keyspace.set_revision(static_cast<uint64_t>(step) + 1);
    const std::string key = "key:" + std::to_string(random.Below(700));
    switch (random.Below(6)) {
      case 0:
      case 1: {
        std::string value(random.Below(random.Chance(1, 20) ? 3000 : 40), 'v');
        keyspace.SetString(0, key, value, random.Chance(1, 3) ? Ttl::At(step + 5000) : Ttl::None());
        model[key] = value;
        break;
      }
      case 2:
        keyspace.SetInteger(0, key, step, Ttl::Keep());
        model[key] = std::to_string(step);
        break;
      case 3:
        EXPECT_EQ(keyspace.Erase(0, key), model.erase(key) == 1);
        break;
      case 4:
        keyspace.EditString(0, key, [](std::string& s) { s += "tail"; });
        model[key] += "tail";
        break;
      case 5:
        EXPECT_EQ(keyspace.SetDeadline(0, key, 100000 + step), model.contains(key));
        break;
    }
    if (step % 3000 == 0) keyspace.CheckInvariants();
  }
  keyspace.CheckInvariants();
  EXPECT_EQ(keyspace.Size(0), model.size());
  for (const auto& [key, value] : model) EXPECT_EQ(Text(keyspace, key), value);

  Keyspace copy(keyspace.hash_seed(), 16);
  for (uint32_t p = 0; p < kPartitions; ++p) {
    std::string bytes;
    keyspace.SavePartition(p, bytes);
    EXPECT_TRUE(copy.LoadPartition(p, bytes));
  }
  copy.CheckInvariants();
  EXPECT_EQ(copy.MemoryBytes(), keyspace.MemoryBytes());
  EXPECT_EQ(Saved(copy), Saved(keyspace));
}

TEST(Keyspace, KeysExpireSoonestFirstAndExactlyAtTheirDeadline) {
  struct Listener : KeyspaceListener {
    void OnKeyChanged(uint32_t, std::string_view) override {}
    void OnKeyExpired(uint32_t, std::string_view key) override { order += std::string(key) + " "; }
    void OnFlush(std::optional<uint32_t>) override {}
    void OnEvent(EventClass, std::string_view, uint32_t, std::string_view) override {}
    std::string order;
  } listener;
  Keyspace keyspace(3, 16);
  keyspace.set_listener(&listener);
  keyspace.SetString(0, "c", "1", Ttl::At(100));
  keyspace.SetString(0, "b", "1", Ttl::At(100));
  keyspace.SetString(0, "a", "1", Ttl::At(101));
  keyspace.SetString(0, "z", "1", Ttl::At(50));
  keyspace.SetString(0, "kept", "1", Ttl::None());
  EXPECT_EQ(keyspace.NextDeadline(), 50);
  EXPECT_EQ(keyspace.RemoveExpired(49), 0u);
  EXPECT_EQ(keyspace.RemoveExpired(100), 3u);
  EXPECT_EQ(listener.order, "z b c ");
  EXPECT_EQ(keyspace.Size(0), 2u);
  EXPECT_EQ(keyspace.ExpiringCount(0), 1u);
  EXPECT_TRUE(keyspace.ClearDeadline(0, "a"));
  EXPECT_EQ(keyspace.NextDeadline(), std::nullopt);
  keyspace.CheckInvariants();
}

TEST(Keyspace, OfDatabasesWithTheSameDeadlineTheFirstExpiresFirst) {
  Keyspace keyspace(3, 16);
  keyspace.SetString(7, "seven", "1", Ttl::At(100));
  keyspace.SetString(2, "two", "1", Ttl::At(100));
  keyspace.SetString(4, "four", "1", Ttl::At(99));
  EXPECT_EQ(keyspace.SoonestKey()->first, 4u);
  EXPECT_EQ(keyspace.RemoveExpired(100, 1), 1u);
  EXPECT_EQ(keyspace.SoonestKey()->first, 2u);
  keyspace.SwapDatabases(2, 9);
  EXPECT_EQ(keyspace.SoonestKey()->first, 7u);
  EXPECT_EQ(keyspace.RemoveExpired(100, 1), 1u);
  EXPECT_EQ(keyspace.Size(7), 0u);
  EXPECT_EQ(*keyspace.Deadline(9, *keyspace.Find(9, "two")), 100);
  keyspace.Flush(9);
  EXPECT_EQ(keyspace.SoonestKey(), std::nullopt);
  EXPECT_EQ(keyspace.NextDeadline(), std::nullopt);
  keyspace.CheckInvariants();
}

TEST(Keyspace, ScanVisitsEverythingThatStays) {
  Random random(5);
  Keyspace keyspace(9, 16);
  std::set<std::string> stays;
  for (int i = 0; i < 5000; ++i) {
    keyspace.SetString(0, "stay" + std::to_string(i), "v", Ttl::None());
    stays.insert("stay" + std::to_string(i));
    keyspace.SetString(0, "go" + std::to_string(i), "v", Ttl::None());
  }
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int steps = 0;
  do {
    size_t visited = 0;
    cursor = keyspace.Scan(0, cursor, 10, [&](const Entry& entry) {
      seen.insert(std::string(entry.key()));
      ++visited;
    });
    EXPECT_LE(visited, 12u);
    keyspace.Erase(0, "go" + std::to_string(random.Below(5000)));
    keyspace.SetString(0, "new" + std::to_string(random.Below(5000)), "v", Ttl::None());
    ++steps;
  } while (cursor != 0);
  EXPECT_GT(steps, 500);
  for (const std::string& key : stays) EXPECT_TRUE(seen.contains(key)) << key;
  EXPECT_EQ(keyspace.Scan(0, ~uint64_t{0}, 10, [](const Entry&) { FAIL(); }), 0u);
}

TEST(Keyspace, TheNthKeyIsTheOneOfTheCanonicalOrder) {
  Random random(3);
  Keyspace keyspace(random.Next(), 16);
  const auto check = [&keyspace] {
    keyspace.CheckInvariants();
    uint64_t n = 0;
    keyspace.ForEach(0, [&](const Entry& entry) {
      ASSERT_EQ(keyspace.Nth(0, n).key(), entry.key());
      ++n;
    });
    EXPECT_EQ(n, keyspace.Size(0));
  };
  // Enough that some partitions have keys of the same tag, whose order is that of the keys.
  for (int i = 0; i < 300'000; ++i)
    keyspace.SetInteger(0, "key:" + std::to_string(i), i, Ttl::None());
  check();
  for (int i = 0; i < 300'000; ++i) {
    if (random.Chance(9, 10)) keyspace.Erase(0, "key:" + std::to_string(i));
  }
  check();
  keyspace.Flush(0);
  keyspace.SetInteger(0, "one", 1, Ttl::None());
  check();
}

TEST(Keyspace, WatchRevisionNoticesEveryChange) {
  Keyspace keyspace(9, 16);
  const uint64_t missing = keyspace.WatchRevision(0, "k");
  keyspace.set_revision(1);
  keyspace.SetString(0, "k", "v", Ttl::None());
  const uint64_t present = keyspace.WatchRevision(0, "k");
  EXPECT_NE(present, missing);
  keyspace.set_revision(2);
  keyspace.Erase(0, "k");
  EXPECT_NE(keyspace.WatchRevision(0, "k"), missing);  // Created and deleted again: still a change.
  EXPECT_NE(keyspace.WatchRevision(0, "k"), present);
}

TEST(Keyspace, ASwapOfDatabasesChangesKeysWithoutTheirRevisions) {
  Keyspace keyspace(1, 16);
  keyspace.set_revision(1);
  keyspace.SetString(0, "k", "a", Ttl::None());
  keyspace.SetString(1, "k", "b", Ttl::None());
  EXPECT_FALSE(keyspace.ChangedSince(0, "k", 1));
  keyspace.set_revision(2);
  keyspace.SwapDatabases(0, 1);
  EXPECT_TRUE(keyspace.ChangedSince(0, "k", 1));
  EXPECT_FALSE(keyspace.ChangedSince(0, "k", 2));
}

TEST(Keyspace, DatabasesSwapMoveAndFlush) {
  Keyspace keyspace(9, 16);
  keyspace.SetString(0, "a", "zero", Ttl::At(10));
  keyspace.SetString(1, "b", std::string(5000, 'x'), Ttl::At(20));
  keyspace.SwapDatabases(0, 1);
  EXPECT_EQ(Text(keyspace, "b").size(), 5000u);
  keyspace.CheckInvariants();
  keyspace.Move(0, "b", 2, "c");
  EXPECT_EQ(keyspace.Find(0, "b"), nullptr);
  EXPECT_EQ(*keyspace.Deadline(2, *keyspace.Find(2, "c")), 20);
  keyspace.CheckInvariants();
  keyspace.FlushAll();
  EXPECT_EQ(keyspace.MemoryBytes(), 0u);
  EXPECT_EQ(keyspace.NextDeadline(), std::nullopt);
  keyspace.CheckInvariants();
}

Hash TimedHash(std::initializer_list<int64_t> deadlines) {
  Hash hash;
  for (const int64_t deadline : deadlines) {
    const std::string field = "f" + std::to_string(hash.size());
    hash.Set(field, "v", EncodingLimits());
    if (deadline > 0) hash.SetDeadline(field, deadline);
  }
  return hash;
}

// The index of hashes by their fields' deadlines follows whatever becomes of a hash.
TEST(Keyspace, FieldDeadlinesFollowTheirHash) {
  Keyspace keyspace(9, 16);
  for (const std::string key : {"a", "b", "c", "d", "e"})
    keyspace.Put(0, key, TimedHash({30, 10, 0}), Ttl::None());
  keyspace.Put(3, "other", TimedHash({40}), Ttl::None());
  keyspace.CheckInvariants();
  keyspace.Move(0, "a", 1, "a");
  keyspace.Copy(0, "b", 0, "b2");
  keyspace.SetString(0, "c", "no hash any more", Ttl::None());
  keyspace.Put(0, "d", TimedHash({20}), Ttl::None());
  EXPECT_TRUE(keyspace.Erase(0, "e"));
  keyspace.CheckInvariants();
  keyspace.SwapDatabases(0, 2);
  keyspace.CheckInvariants();
  EXPECT_EQ(keyspace.NextDeadline(), 10);
  keyspace.RemoveExpired(20);
  EXPECT_EQ(keyspace.Find(2, "d"), nullptr);
  EXPECT_EQ(keyspace.Find(2, "b2")->as<Hash>().size(), 2u);
  EXPECT_EQ(keyspace.Find(1, "a")->as<Hash>().size(), 2u);
  EXPECT_EQ(keyspace.NextDeadline(), 30);
  keyspace.CheckInvariants();
  keyspace.Flush(2);
  keyspace.CheckInvariants();
  {
    ContainerEdit<Hash> edit(keyspace, 1, "a");
    EXPECT_TRUE(edit->ClearDeadline("f0"));
  }
  EXPECT_EQ(keyspace.NextDeadline(), 40);
  keyspace.CheckInvariants();
  keyspace.RemoveExpired(40);
  EXPECT_EQ(keyspace.NextDeadline(), std::nullopt);
  EXPECT_EQ(keyspace.Size(3), 0u);
  keyspace.CheckInvariants();
}

// Digests are of these bytes: what was restored from them, or came to be by another history, has
// the same, now and after the deadlines.
TEST(Keyspace, FieldDeadlinesSurviveASnapshot) {
  Keyspace first(9, 16);
  first.set_revision(1);
  const EncodingLimits large{.hash_max_listpack_entries = 0};
  for (int i = 0; i < 200; ++i) {
    Hash hash;
    for (int f = 0; f < i % 7 + 1; ++f) {
      const std::string field = "field" + std::to_string(f * 5 % 7);
      hash.Set(field, std::to_string(i), i % 2 == 0 ? EncodingLimits() : large);
      if ((i + f) % 3 == 0) hash.SetDeadline(field, 100 + (i * 31 + f * 17) % 50);
    }
    first.Put(0, "key" + std::to_string(i), std::move(hash), Ttl::None());
  }
  Keyspace second(9, 16);
  for (uint32_t p = 0; p < kPartitions; ++p) {
    std::string bytes;
    first.SavePartition(p, bytes);
    ASSERT_TRUE(second.LoadPartition(p, bytes));
  }
  for (const int64_t now : {0, 110, 125, 200}) {
    for (Keyspace* keyspace : {&first, &second}) {
      keyspace->set_revision(static_cast<uint64_t>(now + 2));
      keyspace->RemoveExpired(now);
      keyspace->CheckInvariants();
    }
    EXPECT_EQ(Saved(first), Saved(second)) << now;
    EXPECT_EQ(first.NextDeadline(), second.NextDeadline());
    EXPECT_EQ(first.MemoryBytes(), second.MemoryBytes());
  }
}

}  // namespace
}  // namespace mydis
