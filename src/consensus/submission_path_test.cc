// The pieces that a submission passes on its way, each by itself: the origin's queue, the leader's
// intake, read barriers, reach, and what they say on the wire.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "consensus/members.h"
#include "consensus/origin_queue.h"
#include "consensus/reach_tracker.h"
#include "consensus/read_barriers.h"
#include "consensus/submit_intake.h"
#include "consensus/wire.h"

namespace mydis {
namespace {

constexpr uint64_t kOrigin = 77;

struct Sent {
  WireSubmit head;
  std::vector<Payload> bodies;
};

class OriginQueueTest : public testing::Test {
 protected:
  void Submit(uint64_t deadline_us = 0) {
    auto submission = std::make_unique<Submission>();
    submission->payload += "body";
    submission->deadline_us = deadline_us;
    queue_.Submit(std::move(submission), now_);
  }
  void Pump(bool leader = true) { queue_.Pump(now_, leader, true, 0); }
  void Accept(uint64_t below) {
    queue_.Answered({.origin = kOrigin,
                     .stream = sent_.back().head.stream,
                     .verdict = SubmitVerdict::kAccepted,
                     .sequence = below},
                    now_);
  }

  uint64_t now_ = 1'000'000;
  bool connected_ = true;
  bool moving_ = false;
  std::vector<Sent> sent_;
  OriginQueue queue_{{.origin = kOrigin, .instance_id = "a", .window_count = 4},
                     [this](const WireSubmit& head, std::vector<Payload> bodies) {
                       if (connected_) sent_.push_back({head, std::move(bodies)});
                       return connected_;
                     },
                     [this] { return moving_; }};
};

TEST_F(OriginQueueTest, NumbersWhatItSendsAndGivesItBackInOrder) {
  Submit();
  Submit();
  Pump();
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_TRUE(sent_[0].head.start);
  EXPECT_EQ(sent_[0].head.sequence, 1u);
  ASSERT_EQ(sent_[0].bodies.size(), 2u);
  Envelope envelope;
  ASSERT_TRUE(LoadEnvelope(*sent_[0].bodies[1], &envelope));
  EXPECT_EQ(envelope.origin, kOrigin);
  EXPECT_EQ(envelope.sequence, 2u);
  EXPECT_EQ(queue_.Local(2), nullptr);
  EXPECT_NE(queue_.Local(1), nullptr);
  EXPECT_EQ(queue_.Applied(1, true, 10, now_)->index, 10u);
  EXPECT_EQ(queue_.Applied(2, true, 11, now_)->index, 11u);
  EXPECT_EQ(queue_.unapplied(), 0u);
}

TEST_F(OriginQueueTest, SendsEverythingAgainToANewLeader) {
  Submit();
  Submit();
  Pump();
  queue_.Applied(1, true, 10, now_);
  queue_.LeaderChanged();
  Pump();
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_GT(sent_[1].head.stream, sent_[0].head.stream);
  EXPECT_TRUE(sent_[1].head.start);
  EXPECT_EQ(sent_[1].head.sequence, 2u);
}

TEST_F(OriginQueueTest, SendsAgainAfterSilenceButNotOnceAccepted) {
  Submit();
  Pump();
  now_ += 900'000;
  Pump();
  EXPECT_EQ(sent_.size(), 1u);
  now_ += 200'000;
  Pump();
  EXPECT_EQ(sent_.size(), 2u);
  Accept(2);
  now_ += 2'000'000;
  Pump();
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(OriginQueueTest, WhatIsOnItsWayStillIsNotSilence) {
  Submit();
  Pump();
  moving_ = true;
  for (int i = 0; i < 109; ++i) {
    now_ += 101'000;
    Pump();
  }
  EXPECT_EQ(sent_.size(), 1u);
  // From its arrival on the leader has as long as ever.
  moving_ = false;
  now_ += 900'000;
  Pump();
  EXPECT_EQ(sent_.size(), 1u);
  now_ += 200'000;
  Pump();
  EXPECT_EQ(sent_.size(), 2u);
}

// A leader that passes large entries on over a slow network has no use for more of the same.
TEST_F(OriginQueueTest, WhatWasSentInVainIsSentLessAndLessOften) {
  Submit(1'000'000'000);
  Pump();
  std::vector<uint64_t> gaps;
  uint64_t last = now_;
  Accept(2);
  for (int i = 0; i < 2000 && gaps.size() < 4; ++i) {
    now_ += 100'000;
    Pump();
    if (sent_.size() == gaps.size() + 1) continue;
    gaps.push_back((now_ - std::exchange(last, now_)) / 1'000'000);
    Accept(2);
  }
  EXPECT_EQ(gaps, (std::vector<uint64_t>{5, 10, 20, 40}));
  EXPECT_NE(queue_.Applied(1, true, 10, now_), nullptr);
  Submit();
  Pump();
  const size_t sent = sent_.size();
  Accept(3);
  now_ += 5'100'000;
  Pump();
  EXPECT_EQ(sent_.size(), sent + 1);
}

// Who waits is told at once, nothing is sent in vain, and a full window holds nobody back.
TEST_F(OriginQueueTest, ALeaderWithoutRoomIsAskedWithoutWrites) {
  for (int i = 0; i < 4; ++i) Submit();
  Pump();
  EXPECT_FALSE(queue_.HasRoom());
  const auto full = [&] {
    queue_.Answered({.origin = kOrigin,
                     .stream = sent_.back().head.stream,
                     .verdict = SubmitVerdict::kDiskFull},
                    now_);
  };
  full();
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(queue_.HasRoom());
    Submit();
    Submit();
    Pump();
    EXPECT_EQ(sent_.size(), i + 1);  // Not at once again.
    now_ += 300'000;
    Pump();
    ASSERT_EQ(sent_.size(), i + 2);
    EXPECT_TRUE(sent_.back().bodies.empty());
    EXPECT_TRUE(sent_.back().head.start);
    EXPECT_EQ(sent_.back().head.sequence, 1u);
    full();
    const std::vector<Ended> ended = queue_.TakeEnded();
    ASSERT_EQ(ended.size(), 2u);
    EXPECT_EQ(ended[0].outcome.status.code(), ErrorCode::kDiskFull);
  }
  // An answer that does not come is asked for again.
  now_ += 300'000;
  Pump();
  now_ += 1'100'000;
  Pump();
  EXPECT_EQ(sent_.size(), 13u);
  Accept(1);
  Pump();
  ASSERT_EQ(sent_.size(), 14u);
  EXPECT_EQ(sent_.back().bodies.size(), 4u);
  EXPECT_EQ(sent_.back().head.stream, sent_[12].head.stream);
}

TEST_F(OriginQueueTest, AnEntryThatCameTooEarlyShowsALoss) {
  Submit();
  Submit();
  Pump();
  now_ += 100'000;
  EXPECT_EQ(queue_.Applied(2, false, 10, now_), nullptr);
  Pump();
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].head.sequence, 1u);
}

TEST_F(OriginQueueTest, WhatWasNeverSentCertainlyDidNotHappen) {
  Submit(now_ + 1000);
  now_ += 30'000;
  Pump(false);
  auto ended = queue_.TakeEnded();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].outcome.status.code(), ErrorCode::kNotCommitted);
  EXPECT_EQ(queue_.unapplied(), 0u);
}

TEST_F(OriginQueueTest, WhatWasSentIsUnknownAndGoesOnWithoutItsClients) {
  Submit(now_ + 1000);
  Pump();
  now_ += 30'000;
  Pump();
  auto ended = queue_.TakeEnded();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].outcome.status.code(), ErrorCode::kUnknown);
  EXPECT_EQ(queue_.unapplied(), 1u);
  queue_.LeaderChanged();
  Pump();
  EXPECT_EQ(sent_.size(), 2u);
  EXPECT_EQ(queue_.Applied(1, true, 10, now_), nullptr);
  EXPECT_EQ(queue_.unapplied(), 0u);
}

TEST_F(OriginQueueTest, ALargeOneAndThoseBehindItMayTakeLonger) {
  auto large = std::make_unique<Submission>();
  large->payload += std::string(16 << 20, 'x');  // Four seconds.
  queue_.Submit(std::move(large), now_);
  Submit();
  Pump();
  now_ += 13'900'000;
  Pump();
  EXPECT_TRUE(queue_.TakeEnded().empty());
  now_ += 200'000;
  Pump();
  EXPECT_EQ(queue_.TakeEnded().size(), 2u);
}

TEST_F(OriginQueueTest, TheWindowHoldsBack) {
  for (int i = 0; i < 6; ++i) Submit();
  EXPECT_FALSE(queue_.HasRoom());
  Pump();
  EXPECT_EQ(sent_[0].bodies.size(), 4u);
  for (uint64_t i = 1; i <= 4; ++i) queue_.Applied(i, true, i, now_);
  EXPECT_TRUE(queue_.HasRoom());
  Pump();
  EXPECT_EQ(sent_.back().head.sequence, 5u);
  EXPECT_FALSE(sent_.back().head.start);
}

TEST_F(OriginQueueTest, ASnapshotThatContainsItTellsSo) {
  Submit();
  Submit();
  Pump();
  queue_.Restored(1, 40);
  auto ended = queue_.TakeEnded();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].outcome.status.code(), ErrorCode::kUnknown);
  EXPECT_TRUE(ended[0].outcome.applied);
  EXPECT_EQ(ended[0].submission->index, 40u);
  EXPECT_NE(queue_.Local(2), nullptr);
}

class SubmitIntakeTest : public testing::Test {
 protected:
  Payload Body(uint64_t sequence) {
    std::string bytes(kEnvelopeSize, '\0');
    StoreEnvelope(bytes.data(),
                  Envelope{.kind = EntryBody::kCommands, .origin = kOrigin, .sequence = sequence});
    return MakePayload(std::move(bytes));
  }
  void Receive(uint64_t stream, bool start, uint64_t sequence, int count = 1) {
    std::vector<Payload> bodies;
    for (int i = 0; i < count; ++i) bodies.push_back(Body(sequence + static_cast<uint64_t>(i)));
    intake_.Receive(2, {kOrigin, stream, start, sequence}, std::move(bodies));
  }

  std::vector<uint64_t> proposed_;
  std::vector<WireSubmitAnswer> answers_;
  SubmitIntake intake_{[this](Payload payload) {
                         Envelope envelope;
                         EXPECT_TRUE(LoadEnvelope(*payload, &envelope));
                         proposed_.push_back(envelope.sequence);
                         return 100 + proposed_.size();
                       },
                       [this](uint64_t, const WireSubmitAnswer& a) { answers_.push_back(a); }};
};

TEST_F(SubmitIntakeTest, TakesAStreamInOrderAndNothingTwice) {
  intake_.Lead(true);
  Receive(1, true, 1, 2);
  Receive(1, true, 1, 2);
  Receive(1, false, 3);
  intake_.TurnDone(1'000);
  EXPECT_EQ(proposed_, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_TRUE(answers_.empty()) << "a commit will say more";
  intake_.TurnDone(101'000);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].verdict, SubmitVerdict::kAccepted);
  EXPECT_EQ(answers_[0].sequence, 4u);
}

TEST_F(SubmitIntakeTest, AGapOrAMissingStartAsksForANewStream) {
  intake_.Lead(true);
  Receive(1, false, 5);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].verdict, SubmitVerdict::kRestart);
  Receive(2, true, 1);
  Receive(2, false, 3);
  EXPECT_EQ(answers_[1].verdict, SubmitVerdict::kRestart);
  EXPECT_EQ(proposed_, (std::vector<uint64_t>{1}));
}

TEST_F(SubmitIntakeTest, WaitsForTheGateAndIsRefusedWhenLeadershipGoes) {
  intake_.Lead(false);
  Receive(1, true, 1);
  EXPECT_TRUE(proposed_.empty());
  intake_.Lead(true);
  EXPECT_EQ(proposed_.size(), 1u);
  intake_.Lead(false);
  Receive(1, false, 2);
  intake_.Close(3);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].verdict, SubmitVerdict::kNotLeader);
  EXPECT_EQ(answers_[0].leader, 3u);
}

TEST_F(SubmitIntakeTest, ARefusedProposalBreaksTheStream) {
  intake_.Lead(true);
  Receive(1, true, 1);
  intake_.Refused(101);
  intake_.TurnDone(1'000);
  EXPECT_EQ(answers_.back().verdict, SubmitVerdict::kRestart);
  Receive(1, false, 2);
  EXPECT_EQ(answers_.back().verdict, SubmitVerdict::kRestart);
  EXPECT_EQ(proposed_.size(), 1u);
}

TEST(ReadBarriersTest, ARoundServesThoseBeforeItAndLaterOnesTheNext) {
  ReadBarriers barriers(1000, 500'000);
  std::vector<int> done;
  const auto take = [&](uint64_t applied) {
    for (auto& due : barriers.TakeDue(applied, 1, true)) due.done(due.status);
  };
  uint64_t first = 0;
  uint64_t second = 0;
  barriers.Add(UINT64_MAX, [&](Status) { done.push_back(1); });
  ASSERT_TRUE(barriers.Start(1, true, &first));
  barriers.Add(UINT64_MAX, [&](Status) { done.push_back(2); });
  EXPECT_FALSE(barriers.Start(2, true, &second));
  barriers.Answered(first, 10);
  ASSERT_TRUE(barriers.Start(3, true, &second));
  EXPECT_NE(first, second);
  take(9);
  EXPECT_TRUE(done.empty());
  take(10);
  EXPECT_EQ(done, (std::vector<int>{1}));
  barriers.Answered(first, 10);  // Late, of an old round: no answer to the second.
  take(100);
  EXPECT_EQ(done.size(), 1u);
  barriers.Answered(second, 10);
  take(100);
  EXPECT_EQ(done, (std::vector<int>{1, 2}));
}

TEST(ReachTrackerTest, AsksEverybodyAndCompletesWhenAllHaveIt) {
  Members members = Members::Found({.raft_id = 1, .instance_id = "a", .host = "h"});
  members.Apply(Members::EncodeContext({{.raft_id = 2, .instance_id = "b", .host = "h"}}),
                ConfState{.voters = {1}, .learners = {2}});
  std::vector<uint64_t> asked;
  ReachTracker reach(1, 500'000, [&](uint64_t to, WireMessage) { asked.push_back(to); });
  bool done = false;
  reach.Watch(5, UINT32_MAX, 0, 0, [&](const Reach& r) { done = r.applied == 1; });
  const auto pump = [&](uint64_t now) {
    for (auto& due : reach.Pump(members, now)) due.done(due.reach);
  };
  pump(1);
  EXPECT_EQ(asked, (std::vector<uint64_t>{2}));
  reach.OnApplied(2, {4, 4});
  pump(2);
  EXPECT_FALSE(done);
  reach.OnApplied(2, {5, 5});
  pump(3);
  EXPECT_TRUE(done);
}

TEST(MembersTest, TableSurvivesItsEncodingAndKnowsWhoWasRemoved) {
  Members members = Members::Found({.raft_id = 1, .instance_id = "a", .host = "h", .raft_port = 9});
  EXPECT_FALSE(Members().WasRemoved(1));
  members.Apply(Members::EncodeContext({{.raft_id = 2, .instance_id = "b", .host = "::1"}}),
                ConfState{.voters = {1}, .learners = {2}});
  members.Apply("", ConfState{.voters = {1}});
  EXPECT_TRUE(members.WasRemoved(2));
  EXPECT_EQ(members.next_raft_id(), 3u);
  std::string bytes;
  members.Save(bytes);
  Members loaded;
  ASSERT_TRUE(loaded.Load(bytes).ok());
  EXPECT_EQ(loaded, members);
  EXPECT_EQ(loaded.Load(bytes.substr(1)).code(), ErrorCode::kCorrupt);
}

// Every prefix of a head is refused, and the whole gives back what was written.
template <typename T>
void CheckWire(const T& message) {
  const WireMessage wire = Encode(message);
  T decoded;
  ASSERT_TRUE(Decode(wire.head, &decoded));
  EXPECT_EQ(Encode(decoded).head, wire.head);
  for (size_t n = 0; n < wire.head.size(); ++n) {
    T partial;
    EXPECT_FALSE(Decode(std::string_view(wire.head).substr(0, n), &partial)) << n;
  }
}

TEST(WireTest, HeadsGoThereAndBack) {
  const Member member{.raft_id = 3, .instance_id = "c", .host = "host", .raft_port = 7, .nonce = 9};
  CheckWire(WireRaft{.to = 5, .bytes = "xyz", .has_body = {true, false, true}});
  CheckWire(WireSubmit{1, 2, true, 300});
  CheckWire(WireSubmitAnswer{1, 2, SubmitVerdict::kDiskFull, 3, 4});
  CheckWire(WireWatch{1000});
  CheckWire(WireApplied{1000, 2000});
  CheckWire(WireAdmin{1, 2, "i", "h", 4});
  CheckWire(WireAdminAnswer{1, ErrorCode::kBusy, "text"});
  CheckWire(WireSnapshotOffer{1, 2, 3, "raft"});
  CheckWire(WireSnapshotWant{1, 2, SnapshotVerdict::kFailed, 3});
  CheckWire(WireSnapshotChunk{1, 2, 3});
  CheckWire(WireDigest{1000, 2, {.first = 3, .count = 4, .digest = 5}});
  CheckWire(WireSnapshotAsk{1000});
  CheckWire(WireRemoved{4});
  CheckWire(WireJoin{"name", member, 8});
  CheckWire(WireJoinAnswer{.text = "t", .host = "h", .port = 1, .members = {member}});
  CheckWire(WireProbe{"name", member, 3, true});
  CheckWire(WireProbeAnswer{.text = "t", .self = member, .promised_to = "p", .known = {member}});
}

}  // namespace
}  // namespace mydis
