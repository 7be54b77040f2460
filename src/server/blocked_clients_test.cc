#include "server/blocked_clients.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mydis {
namespace {

// In these tests a key's supply is the number it holds.
size_t NumberIn(const Entry* entry, std::string_view) {
  return entry == nullptr || !entry->is_integer() ? 0 : static_cast<size_t>(entry->integer());
}
constexpr WaitRule kTaking = {.supply = NumberIn};
constexpr WaitRule kOtherTaking = {.supply = NumberIn};
// Wakes without a key too, and is a read.
constexpr WaitRule kReading = {
    .supply =
        [](const Entry* entry, std::string_view tag) {
          return entry == nullptr && tag != "deletion" ? size_t{0} : kUnlimitedSupply;
        },
    .writes = false,
};

class BlockedClientsTest : public ::testing::Test {
 protected:
  BlockedClientsTest() { keyspace_.set_listener(&blocked_); }
  ~BlockedClientsTest() override { blocked_.CheckInvariants(); }

  std::shared_ptr<Waiter> Wait(std::vector<std::string> keys, const WaitRule& rule = kTaking,
                               std::string tag = "", bool compare = false) {
    auto waiter = std::make_shared<Waiter>();
    waiter->ticket = blocked_.NextTicket();
    waiter->rule = &rule;
    waiter->keys = std::move(keys);
    waiter->tag = std::move(tag);
    blocked_.Register(waiter, compare);
    return waiter;
  }
  void Set(std::string_view key, int64_t number, uint32_t db = 0) {
    keyspace_.SetInteger(db, key, number, Ttl::None());
  }
  using Waiters = std::vector<std::shared_ptr<Waiter>>;
  Waiters Ready(bool writes = true, bool reads = true) {
    std::vector<std::shared_ptr<Attempt>> attempts;
    if (blocked_.HasChanged()) blocked_.TakeReady(keyspace_, writes, reads, &attempts);
    blocked_.CheckInvariants();
    Waiters ready;
    for (const auto& attempt : attempts) {
      ready.push_back(attempt->waiter);
      attempts_.push_back(attempt);
    }
    return ready;
  }

  BlockedClients blocked_;
  std::vector<std::shared_ptr<Attempt>> attempts_;  // All so far.
  Keyspace keyspace_{1, 4};
};

TEST_F(BlockedClientsTest, WakesAsManyAsThereAreElementsInOrderOfArrival) {
  const auto first = Wait({"k"});
  const auto second = Wait({"k"});
  const auto third = Wait({"k"});
  Set("other", 3);
  EXPECT_FALSE(blocked_.HasChanged());
  Set("k", 2);
  EXPECT_EQ(Ready(), (Waiters{first, second}));
  EXPECT_FALSE(blocked_.HasChanged());
  EXPECT_EQ(blocked_.clients(), 3u);
  blocked_.Finish(*first);
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{}) << "the second one's attempt is under way for what is there";
  Set("k", 0);
  blocked_.Finish(*second);
  EXPECT_EQ(Ready(), Waiters{});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{third});
  blocked_.Finish(*third);
  EXPECT_EQ(blocked_.clients(), 0u);
  EXPECT_EQ(blocked_.CountKeys().first, 0u);
}

TEST_F(BlockedClientsTest, WhoFoundNothingKeepsItsPlace) {
  const auto first = Wait({"k", "l"});
  const auto second = Wait({"k"});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{first});
  const auto third = Wait({"l"});
  Set("k", 0);
  EXPECT_TRUE(blocked_.PutBack(first));
  EXPECT_EQ(Ready(), Waiters{});
  Set("l", 1);
  EXPECT_EQ(Ready(), Waiters{first}) << "it came before the third";
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{second});
  EXPECT_TRUE(blocked_.PutBack(second));
  EXPECT_EQ(Ready(), Waiters{second}) << "the key still has one for it";
  blocked_.Finish(*second);
  EXPECT_EQ(Ready(), Waiters{});
  EXPECT_TRUE(blocked_.Leave(*third));
  blocked_.Finish(*first);
}

TEST_F(BlockedClientsTest, ChangesDuringAnAttemptAreNotMissed) {
  const auto waiter = Wait({"k", "l"});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{waiter});
  Set("k", 0);
  Set("l", 1);
  EXPECT_EQ(Ready(), Waiters{});
  EXPECT_TRUE(blocked_.PutBack(waiter));
  EXPECT_EQ(Ready(), Waiters{waiter});
  blocked_.Finish(*waiter);
}

TEST_F(BlockedClientsTest, TheEndOfAnAttemptFreesTheSupplyThatItHeld) {
  const auto first = Wait({"k", "l"});
  const auto second = Wait({"k"});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{first});
  // It takes from another key; what is in this one is the second one's.
  blocked_.Finish(*first);
  EXPECT_EQ(Ready(), Waiters{second});
  blocked_.Finish(*second);
}

TEST_F(BlockedClientsTest, WhoLeavesIsNotTried) {
  const auto first = Wait({"k"});
  const auto second = Wait({"k"});
  EXPECT_TRUE(blocked_.Leave(*first));
  EXPECT_TRUE(blocked_.Leave(*first));
  Set("k", 2);
  EXPECT_EQ(Ready(), Waiters{second});
  EXPECT_FALSE(blocked_.Leave(*second)) << "its attempt is under way";
  EXPECT_FALSE(blocked_.PutBack(second));
  EXPECT_EQ(blocked_.clients(), 0u);
  EXPECT_TRUE(blocked_.Leave(*second));
  const auto third = Wait({"k"});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{third});
  blocked_.Finish(*third);
  EXPECT_FALSE(blocked_.Leave(*third)) << "it has been served, which its session is yet to hear";
}

TEST_F(BlockedClientsTest, AnAttemptIsPassedToWhoIsFirst) {
  const auto first = Wait({"k"});
  const auto second = Wait({"k"});
  const auto third = Wait({"k"});
  const auto fourth = Wait({"k"});
  fourth->words = {"another", "command"};
  Set("k", 4);
  EXPECT_EQ(Ready().size(), 4u);
  // The first one's attempt has found nothing; the second one's is passed to it.
  EXPECT_TRUE(blocked_.PutBack(first));
  EXPECT_EQ(blocked_.PassToFirst(attempts_[1]), nullptr);
  EXPECT_EQ(attempts_[1]->waiter, first);
  blocked_.Finish(*first);
  // The second one has a new attempt, behind the third one's, which becomes its own.
  EXPECT_EQ(Ready(), Waiters{second});
  EXPECT_EQ(blocked_.PassToFirst(attempts_[2]), nullptr);
  EXPECT_EQ(attempts_[2]->waiter, second);
  EXPECT_EQ(attempts_[4]->waiter, third);
  // Another command's is not.
  EXPECT_EQ(blocked_.PassToFirst(attempts_[3]), nullptr);
  EXPECT_EQ(attempts_[3]->waiter, fourth);
  for (const auto& waiter : {second, fourth}) blocked_.Finish(*waiter);
  // An attempt of one who has left serves who waits.
  const auto fifth = Wait({"k"});
  EXPECT_FALSE(blocked_.Leave(*third));
  EXPECT_EQ(blocked_.PassToFirst(attempts_[4]), third);
  EXPECT_EQ(attempts_[4]->waiter, fifth);
  blocked_.Finish(*fifth);
  EXPECT_EQ(blocked_.clients(), 0u);
}

TEST_F(BlockedClientsTest, RulesAndTagsHaveQueuesOfTheirOwn) {
  const auto list = Wait({"k"}, kTaking);
  const auto set = Wait({"k"}, kOtherTaking);
  const auto group = Wait({"k"}, kTaking, "group");
  const auto reader = Wait({"k"}, kReading);
  const auto other_reader = Wait({"k"}, kReading);
  WaitPlan plan{.rule = &kOtherTaking, .keys = {"k"}};
  EXPECT_TRUE(blocked_.AnyoneBefore(0, plan));
  EXPECT_FALSE(blocked_.AnyoneBefore(1, plan));
  plan.tag = "nobody's";
  EXPECT_FALSE(blocked_.AnyoneBefore(0, plan));
  Set("k", 1);
  EXPECT_EQ(Ready(), (Waiters{list, set, group, reader, other_reader}));
  for (const auto& waiter : {list, set, group}) blocked_.Finish(*waiter);
  // Readers that look and find nothing for them are not asked again before the next change.
  EXPECT_TRUE(blocked_.PutBack(reader));
  EXPECT_TRUE(blocked_.PutBack(other_reader));
  EXPECT_EQ(Ready(), Waiters{});
  EXPECT_TRUE(blocked_.Leave(*reader));
  EXPECT_TRUE(blocked_.Leave(*other_reader));
}

TEST_F(BlockedClientsTest, DeletionsWakeThoseWhoWantIt) {
  const auto plain = Wait({"k"}, kReading);
  const auto wants = Wait({"k"}, kReading, "deletion");
  EXPECT_EQ(blocked_.CountKeys(), (std::pair<size_t, size_t>{1, 1}));
  Set("k", 0);
  EXPECT_EQ(Ready().size(), 2u);
  blocked_.PutBack(plain);
  blocked_.PutBack(wants);
  keyspace_.Erase(0, "k");
  EXPECT_EQ(Ready(), Waiters{wants});
  blocked_.Finish(*wants);
  EXPECT_TRUE(blocked_.Leave(*plain));
}

TEST_F(BlockedClientsTest, WholeDatabasesAreCompared) {
  const auto here = Wait({"k"});
  Set("k", 1, 1);
  EXPECT_FALSE(Ready().size() > 0);
  keyspace_.SwapDatabases(0, 1);
  EXPECT_EQ(Ready(), Waiters{here});
  blocked_.Finish(*here);
}

TEST_F(BlockedClientsTest, APauseKeepsBackWhatItIsFor) {
  const auto writer = Wait({"k"});
  const auto reader = Wait({"k"}, kReading);
  Set("k", 1);
  EXPECT_EQ(Ready(false, true), Waiters{reader});
  EXPECT_TRUE(blocked_.HasChanged());
  EXPECT_EQ(Ready(false, true), Waiters{});
  EXPECT_EQ(Ready(), Waiters{writer});
  EXPECT_FALSE(blocked_.HasChanged());
  blocked_.Finish(*writer);
  blocked_.Finish(*reader);
}

TEST_F(BlockedClientsTest, WhoComesWhenThereIsSomethingIsComparedAtOnce) {
  Set("k", 2);
  const auto first = Wait({"k", "k", "l"}, kTaking, "", true);
  EXPECT_EQ(first->keys, (std::vector<std::string>{"k", "l"}));
  EXPECT_EQ(Ready(), Waiters{first});
  blocked_.Finish(*first);
}

TEST_F(BlockedClientsTest, AllLeaveButThoseUnderWay) {
  const auto trying = Wait({"k"});
  Set("k", 1);
  EXPECT_EQ(Ready(), Waiters{trying});
  const auto first = Wait({"k", "l"});
  const auto second = Wait({"m"});
  EXPECT_EQ(blocked_.LeaveAll(), (Waiters{first, second}));
  EXPECT_EQ(blocked_.clients(), 1u);
  blocked_.Finish(*trying);
  EXPECT_EQ(blocked_.CountKeys().first, 0u);
}

TEST_F(BlockedClientsTest, WhoMayNotHaveItIsTakenOutAndNotTried) {
  const auto refused = Wait({"k"});
  const auto other = Wait({"k"});
  const auto trying = Wait({"l"});
  Set("l", 1);
  EXPECT_EQ(Ready(), Waiters{trying});
  const auto chosen = [&](const Waiter& waiter) { return &waiter != other.get(); };
  EXPECT_EQ(blocked_.LeaveIf(chosen), Waiters{refused});
  EXPECT_TRUE(blocked_.WasTakenOut(*refused));
  EXPECT_FALSE(blocked_.WasTakenOut(*other));
  EXPECT_FALSE(blocked_.WasTakenOut(*trying));
  Set("k", 2);
  EXPECT_EQ(Ready(), Waiters{other});
  EXPECT_TRUE(blocked_.Leave(*refused));
  blocked_.Finish(*other);
  blocked_.Finish(*trying);
  EXPECT_EQ(blocked_.clients(), 0u);
}

}  // namespace
}  // namespace mydis
