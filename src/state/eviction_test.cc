#include "state/eviction.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "state/events.h"

namespace mydis {
namespace {

constexpr uint64_t kNow = 1'700'000'000'000;

// Notes which keys were evicted.
class Evicted final : public KeyspaceListener {
 public:
  void OnKeyChanged(uint32_t, std::string_view) override {}
  void OnKeyExpired(uint32_t, std::string_view) override {}
  void OnFlush(std::optional<uint32_t>) override {}
  void OnEvent(EventClass, std::string_view event, uint32_t, std::string_view key) override {
    if (event == "evicted") keys.emplace_back(key);
  }
  std::vector<std::string> keys;
};

class EvictionTest : public ::testing::Test {
 protected:
  EvictionTest() { keyspace_.set_listener(&evicted_); }

  void Set(const std::string& key, Ttl ttl = Ttl::None(), uint32_t db = 0) {
    keyspace_.set_revision(++revision_);
    keyspace_.SetString(db, key, std::string(100, 'v'), ttl);
  }
  void Configure(std::string_view policy) {
    ASSERT_TRUE(settings_.Set("maxmemory-policy", policy).ok());
  }
  // The limit is what is used now, less so many keys of Set().
  void TakeAway(size_t keys) {
    const uint64_t key = Keyspace::CostOf(*keyspace_.Find(0, "k0"));
    const uint64_t limit = UsedMemory(keyspace_) - keys * key;
    ASSERT_TRUE(settings_.Set("maxmemory", fmt::format("{}", limit)).ok());
  }
  size_t Make(EvictionList& list) {
    keyspace_.set_revision(++revision_);
    Random random(7);
    return MakeRoom(keyspace_, settings_, list, random);
  }
  size_t Make() {
    EvictionList none;
    return Make(none);
  }
  bool Has(const std::string& key, uint32_t db = 0) { return keyspace_.Find(db, key) != nullptr; }

  Keyspace keyspace_{42, 16};
  Settings settings_;
  Evicted evicted_;
  uint64_t revision_ = 0;
};

TEST_F(EvictionTest, NothingGoesWithoutPolicyOrBelowTheLimit) {
  for (int i = 0; i < 10; ++i) Set(fmt::format("k{}", i));
  TakeAway(3);
  EXPECT_TRUE(OverLimit(UsedMemory(keyspace_), settings_));
  EXPECT_FALSE(MayEvict(keyspace_, settings_));
  EXPECT_EQ(Make(), 0u);
  Configure("allkeys-lru");
  EXPECT_TRUE(MayEvict(keyspace_, settings_));
  EXPECT_EQ(Make(), 3u);
  EXPECT_EQ(Make(), 0u);
  EXPECT_EQ(keyspace_.Size(0), 7u);
}

TEST_F(EvictionTest, TheListGoesFirstAndInItsOrder) {
  for (int i = 0; i < 100; ++i) Set(fmt::format("k{}", i));
  Configure("allkeys-lru");
  TakeAway(2);
  EvictionList list;
  list.Add({0, keyspace_.Find(0, "k30")->revision(), "k30"});
  list.Add({0, keyspace_.Find(0, "k40")->revision() - 1, "k40"});  // Written since it was listed.
  list.Add({3, 1, "k50"});                                         // Not there.
  list.Add({99, 1, "k51"});                                        // No such database.
  list.Add({0, keyspace_.Find(0, "k60")->revision(), "k60"});
  list.Add({0, keyspace_.Find(0, "k70")->revision(), "k70"});
  EXPECT_EQ(Make(list), 2u);
  EXPECT_EQ(evicted_.keys, (std::vector<std::string>{"k30", "k60"}));
  EXPECT_EQ(list.size(), 1u);
}

TEST_F(EvictionTest, VolatilePoliciesTakeOnlyWhatExpires) {
  for (const char* policy : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    keyspace_.FlushAll();
    evicted_.keys.clear();
    for (int i = 0; i < 500; ++i) Set(fmt::format("k{}", i));
    Set("soon", Ttl::At(kNow + 10));
    Set("late", Ttl::At(kNow + 20), 5);
    Configure(policy);
    TakeAway(5);
    EvictionList list;
    list.Add({0, keyspace_.Find(0, "k1")->revision(), "k1"});  // Does not expire any more.
    EXPECT_EQ(Make(list), 2u) << policy;
    EXPECT_FALSE(Has("soon")) << policy;
    EXPECT_FALSE(Has("late", 5)) << policy;
    EXPECT_FALSE(MayEvict(keyspace_, settings_)) << policy;
    ASSERT_TRUE(settings_.Set("maxmemory", "0").ok());
  }
}

TEST_F(EvictionTest, TtlTakesTheSoonest) {
  for (int i = 0; i < 100; ++i) Set(fmt::format("k{}", i), Ttl::At(kNow + 1000 - i));
  Configure("volatile-ttl");
  TakeAway(3);
  EXPECT_EQ(Make(), 3u);
  EXPECT_EQ(evicted_.keys, (std::vector<std::string>{"k99", "k98", "k97"}));
}

TEST_F(EvictionTest, WhatFollowsFromTheStateIsTheSameEverywhere) {
  Keyspace other(42, 16);
  for (int i = 0; i < 300; ++i) Set(fmt::format("k{}", i));
  for (int i = 299; i >= 0; --i) {
    other.set_revision(static_cast<uint64_t>(i) + 1);
    other.SetString(0, fmt::format("k{}", i), std::string(100, 'v'), Ttl::None());
  }
  Configure("allkeys-random");
  TakeAway(50);
  EXPECT_EQ(Make(), 50u);
  Evicted there;
  other.set_listener(&there);
  EvictionList none;
  Random random(7);
  EXPECT_EQ(MakeRoom(other, settings_, none, random), 50u);
  EXPECT_EQ(evicted_.keys, there.keys);
}

TEST_F(EvictionTest, OneCallRemovesNoMoreThanItsBound) {
  for (size_t i = 0; i < kEvictionsAtOnce + 10; ++i) Set(fmt::format("k{}", i));
  Configure("allkeys-lru");
  ASSERT_TRUE(settings_.Set("maxmemory", "1").ok());
  EXPECT_EQ(Make(), kEvictionsAtOnce);
  EXPECT_EQ(Make(), 10u);
}

TEST_F(EvictionTest, CandidatesAreTheLeastUsed) {
  for (const char* policy : {"allkeys-lru", "allkeys-lfu"}) {
    keyspace_.FlushAll();
    Configure(policy);
    for (int i = 0; i < 2000; ++i) {
      const UseScope written(kNow, settings_.use_rule());
      Set(fmt::format("k{}", i));
    }
    for (int i = 0; i < 1000; ++i) {
      const UseScope read(kNow + 5000, settings_.use_rule());
      for (int n = 0; n < 20; ++n) keyspace_.Find(0, fmt::format("k{}", i));
    }
    Random random(3);
    EvictionList list = ChooseCandidates(keyspace_, settings_, 100, kNow + 6000, random);
    EXPECT_GE(list.size(), 90u) << policy;
    size_t used = 0;
    while (auto candidate = list.Pop()) used += std::stoi(candidate->key.substr(1)) < 1000;
    EXPECT_LE(used, 10u) << policy;  // Of five at random all are of the used half: 3 in 100.
  }
  Configure("allkeys-random");
  Random random(3);
  EXPECT_TRUE(ChooseCandidates(keyspace_, settings_, 100, kNow, random).empty());
}

TEST_F(EvictionTest, TheListIsSaved) {
  EvictionList list;
  list.Add({0, 5, "a"});
  list.Add({15, 1ull << 47, std::string("\0b", 2)});
  std::string bytes;
  list.Save(bytes);
  EvictionList again;
  Decoder in(bytes);
  ASSERT_TRUE(again.Load(in) && in.AtEnd());
  std::string same;
  again.Save(same);
  EXPECT_EQ(bytes, same);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    Decoder part(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(again.Load(part)) << cut;
  }
}

TEST(UseClockTest, TheCounterGrowsSlowlyAndDecays) {
  const UseRule rule{.frequency = true, .log_factor = 10, .decay_minutes = 1};
  uint32_t word = 0;
  EXPECT_EQ(FrequencyOf(word, rule, kNow), 5u);
  for (int i = 0; i < 1000; ++i) word = CountUse(word, rule, kNow);
  const uint32_t frequency = FrequencyOf(word, rule, kNow);
  EXPECT_GT(frequency, 10u);
  EXPECT_LT(frequency, 40u);
  EXPECT_EQ(FrequencyOf(word, rule, kNow + 3 * 60'000), frequency - 3);
  EXPECT_EQ(FrequencyOf(word, rule, kNow + 500 * 60'000), 0u);
  const UseRule lasting{.frequency = true, .log_factor = 0, .decay_minutes = 0};
  for (int i = 0; i < 1000; ++i) word = CountUse(word, lasting, kNow);
  EXPECT_EQ(FrequencyOf(word, lasting, kNow + 500 * 60'000), 255u);
}

}  // namespace
}  // namespace mydis
