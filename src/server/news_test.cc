// Who listens, and what is told to them.
#include "server/news.h"

#include <gtest/gtest.h>

#include "state/event_flags.h"

namespace mydis {
namespace {

constexpr uint32_t kEverything = 0xffffffff;

TEST(Audience, CountsConnectionsByChannelAndPattern) {
  Audience audience;
  EXPECT_TRUE(audience.empty());
  EXPECT_EQ(audience.Find(false, "news").receivers, 0);
  audience.Add(SubscriptionKind::kChannel, "news", 0);
  audience.Add(SubscriptionKind::kChannel, "news", 2);
  audience.Add(SubscriptionKind::kPattern, "n*", 2);
  audience.Add(SubscriptionKind::kPattern, "x*", 3);
  audience.Add(SubscriptionKind::kShardChannel, "news", 5);
  EXPECT_FALSE(audience.empty());
  EXPECT_EQ(audience.Find(false, "news").receivers, 3);
  EXPECT_EQ(audience.Find(false, "news").threads, MaskOf(0) | MaskOf(2));
  EXPECT_EQ(audience.Find(true, "news").receivers, 1);
  EXPECT_EQ(audience.Find(true, "news").threads, MaskOf(5));
  EXPECT_EQ(audience.Find(true, "n").receivers, 0);
  audience.Remove(SubscriptionKind::kChannel, "news", 0);
  EXPECT_EQ(audience.Find(false, "news").threads, MaskOf(2));
  audience.Remove(SubscriptionKind::kChannel, "news", 2);
  audience.Remove(SubscriptionKind::kPattern, "n*", 2);
  audience.Remove(SubscriptionKind::kPattern, "x*", 3);
  EXPECT_EQ(audience.Find(false, "news").receivers, 0);
  EXPECT_FALSE(audience.empty());
  audience.Remove(SubscriptionKind::kShardChannel, "news", 5);
  EXPECT_TRUE(audience.empty());
}

TEST(Audience, TellsWhetherMessageOrSubscriptionCameFirst) {
  Audience audience;
  const uint64_t first = audience.Add(SubscriptionKind::kChannel, "a", 0);
  const uint64_t message = audience.Find(false, "a").number;
  const uint64_t second = audience.Add(SubscriptionKind::kChannel, "a", 0);
  EXPECT_LT(first, message);
  EXPECT_GE(second, message);
  EXPECT_LT(second, audience.Find(false, "a").number);
}

TEST(Audience, KnowsThreadsWithTrackers) {
  Audience audience;
  EXPECT_EQ(audience.trackers(), 0u);
  audience.AddTracker(1);
  audience.AddTracker(1);
  audience.AddTracker(4);
  EXPECT_EQ(audience.trackers(), MaskOf(1) | MaskOf(4));
  EXPECT_EQ(audience.TrackerCount(), 3u);
  audience.RemoveTracker(1);
  audience.RemoveTracker(4);
  EXPECT_EQ(audience.trackers(), MaskOf(1));
}

TEST(News, HoldsOnlyWhatSomebodyWants) {
  Audience audience;
  News news;
  EXPECT_EQ(news.AddMessage(audience, {.index = 1}, false, "a", "x"), 0);
  EXPECT_TRUE(news.empty());
  audience.Add(SubscriptionKind::kChannel, "a", 3);
  EXPECT_EQ(news.AddMessage(audience, {.index = 2, .operation = 7}, false, "a", "hello"), 1);
  EXPECT_EQ(news.AddMessage(audience, {.index = 2}, false, "b", "hello"), 0);
  ASSERT_EQ(news.items().size(), 1u);
  const NewsItem& item = news.items()[0];
  EXPECT_EQ(news.first(item), "a");
  EXPECT_EQ(news.second(item), "hello");
  EXPECT_EQ(item.at.index, 2u);
  EXPECT_EQ(item.at.operation, 7u);
  EXPECT_EQ(news.threads(), MaskOf(3));
}

TEST(News, TellsEventsOnBothChannels) {
  Audience audience;
  audience.Add(SubscriptionKind::kPattern, "*", 0);
  News news;
  news.AddEvent(audience, {}, kEverything, EventClass::kList, "lpush", 9, "k");
  ASSERT_EQ(news.items().size(), 2u);
  EXPECT_EQ(news.first(news.items()[0]), "__keyspace@9__:k");
  EXPECT_EQ(news.second(news.items()[0]), "lpush");
  EXPECT_EQ(news.first(news.items()[1]), "__keyevent@9__:lpush");
  EXPECT_EQ(news.second(news.items()[1]), "k");
  news.AddEvent(audience, {}, *ParseEventFlags("K$"), EventClass::kList, "lpush", 9, "k");
  EXPECT_EQ(news.items().size(), 2u) << "the class is not wanted";
  news.AddEvent(audience, {}, *ParseEventFlags("Kl"), EventClass::kList, "lpush", 9, "k");
  EXPECT_EQ(news.items().size(), 3u);
}

TEST(News, TellsAKeyOnceForOneCommand) {
  News news;
  const NewsPosition here{.index = 5, .operation = 1};
  news.AddKeyChanged(1, here, "k");
  news.AddKeyChanged(1, here, "k");
  EXPECT_EQ(news.items().size(), 1u);
  news.AddKeyChanged(1, here, "l");
  news.AddKeyChanged(1, {.index = 5, .operation = 2}, "l");
  EXPECT_EQ(news.items().size(), 3u);
  news.AddAllChanged(1, here);
  news.AddAllChanged(1, here);
  EXPECT_EQ(news.items().size(), 4u);
}

}  // namespace
}  // namespace mydis
