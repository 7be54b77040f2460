#include "consensus/membership_coordinator.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

// Three voters, of which this one, 1, leads.
class CoordinatorTest : public testing::Test {
 protected:
  CoordinatorTest() {
    Member self;
    self.raft_id = 1;
    self.instance_id = "n1";
    members_ = Members::Found(self);
    std::vector<Member> others(2);
    for (uint64_t i = 0; i < 2; ++i) {
      others[i].raft_id = 2 + i;
      others[i].instance_id = "n" + std::to_string(2 + i);
    }
    members_.Apply(Members::EncodeContext(others), ConfState{.voters = {1, 2, 3}});
    for (uint64_t id : {1, 2, 3}) status_.peers.push_back({.id = id, .match = id});
  }

  void Transfer() {
    coordinator_.Request({.kind = AdminKind::kTransfer}, {}, 10'000'000,
                         [this](Status status, const std::string&) { answers_.push_back(status); });
  }
  // An instance with n3's id and an empty directory asks for its place.
  void JoinAsN3(uint64_t replaces) {
    Member empty;
    empty.instance_id = "n3";
    empty.nonce = 7;
    empty.host = "elsewhere";
    coordinator_.Request({.kind = AdminKind::kAdd, .instance_id = "n3"}, {empty, replaces},
                         20'000'000,
                         [this](Status status, const std::string&) { answers_.push_back(status); });
  }
  void PumpAt(uint64_t now_us) { coordinator_.Pump(now_us, true, members_, status_, 10); }

  Members members_;
  EngineStatus status_;
  std::vector<uint64_t> transfers_;
  std::vector<Status> answers_;
  std::vector<ConfChange> proposed_;
  MembershipCoordinator coordinator_{
      1,
      5,
      {.propose = [this](uint64_t, const ConfChange& change) { proposed_.push_back(change); },
       .transfer = [this](uint64_t to) { transfers_.push_back(to); },
       .tell_removed = [](uint64_t) {}}};
};

TEST_F(CoordinatorTest, ATransferWaitsUntilSomebodyHasBeenHeardOf) {
  Transfer();
  PumpAt(1'000'000);
  EXPECT_TRUE(answers_.empty()) << answers_[0].message();
  EXPECT_TRUE(transfers_.empty());
  status_.peers[1].recent_active = true;
  PumpAt(1'200'000);
  EXPECT_EQ(transfers_, std::vector<uint64_t>{2});
  coordinator_.OnLeader(2);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(answers_[0].ok());
}

TEST_F(CoordinatorTest, ATransferEndsWhenNobodyIsHeardOf) {
  Transfer();
  for (uint64_t now = 1'000'000; now < 4'000'000; now += 100'000) PumpAt(now);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(transfers_.empty());
}

TEST_F(CoordinatorTest, OneThatWaitsHoldsNobodyUp) {
  Transfer();
  bool promoted = false;
  coordinator_.Request({.kind = AdminKind::kPromote, .instance_id = "n2"}, {}, 10'000'000,
                       [&](Status status, const std::string&) { promoted = status.ok(); });
  PumpAt(1'000'000);
  PumpAt(1'100'000);
  EXPECT_TRUE(promoted);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(CoordinatorTest, ASoleVoterDoesNotWait) {
  members_.Apply(Members::EncodeContext({}), ConfState{.voters = {1}});
  Transfer();
  PumpAt(1'000'000);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].code(), ErrorCode::kUnavailable);
}

TEST_F(CoordinatorTest, AMemberThatIsAliveIsNotReplaced) {
  const uint64_t nonce = members_.FindInstance("n3")->nonce;
  status_.peers[2].recent_active = true;
  PumpAt(1'000'000);
  // The core forgets who was active from time to time.
  status_.peers[2].recent_active = false;
  for (uint64_t now : {1'500'000, 2'900'000}) {
    JoinAsN3(nonce);
    PumpAt(now);
    ASSERT_FALSE(answers_.empty());
    EXPECT_EQ(answers_.back().code(), ErrorCode::kBusy);
    EXPECT_NE(answers_.back().message().find("alive"), std::string::npos);
  }
  EXPECT_TRUE(proposed_.empty());
}

TEST_F(CoordinatorTest, AMemberThatIsSilentIsReplaced) {
  status_.peers[2].recent_active = true;
  PumpAt(1'000'000);
  status_.peers[2].recent_active = false;
  JoinAsN3(members_.FindInstance("n3")->nonce);
  PumpAt(3'100'000);
  EXPECT_TRUE(answers_.empty());
  ASSERT_EQ(proposed_.size(), 1u);
  EXPECT_EQ(proposed_[0].steps[1].kind, ConfChangeKind::kRemove);
}

TEST_F(CoordinatorTest, ANewLeaderReplacesNobodyBeforeTheyMayHaveAnswered) {
  JoinAsN3(members_.FindInstance("n3")->nonce);
  PumpAt(1'000'000);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(proposed_.empty());
}

}  // namespace
}  // namespace mydis
