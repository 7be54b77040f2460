#include "consensus/append_flights.h"

#include <gtest/gtest.h>

#include <string>

#include "base/codec.h"
#include "consensus/engine.h"

namespace mydis {
namespace {

constexpr uint64_t kPeer = 2;

// As raftpb encodes it: type, to, from, term, log term, index, commit, reject.
std::string Message(MessageType type, uint64_t index, bool reject = false) {
  std::string bytes;
  Encoder out(bytes);
  const uint64_t values[][2] = {{1, static_cast<uint64_t>(type)},
                                {2, 1},
                                {3, kPeer},
                                {4, 5},
                                {5, 0},
                                {6, index},
                                {8, 0},
                                {10, reject ? 1u : 0u}};
  for (const auto& [field, value] : values) {
    out.Varint(field << 3);
    out.Varint(value);
  }
  out.Varint(12 << 3 | 2);
  out.Bytes("context");
  return bytes;
}

class AppendFlightsTest : public testing::Test {
 protected:
  bool UnderWay(uint64_t index) const { return flights_.UnderWay(kPeer, index, now_); }
  AppendFlights flights_;
  uint64_t now_ = 1'000;
};

TEST_F(AppendFlightsTest, EntriesAreUnderWayUntilTheirAnswer) {
  EXPECT_FALSE(UnderWay(10));
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Sent(kPeer, 13, 20, now_);
  EXPECT_FALSE(UnderWay(9));
  EXPECT_TRUE(UnderWay(10));
  EXPECT_TRUE(UnderWay(20));
  EXPECT_FALSE(UnderWay(21));
  EXPECT_FALSE(flights_.UnderWay(3, 10, now_));
  flights_.Received(kPeer, Message(MessageType::kAppendResponse, 12));
  EXPECT_FALSE(UnderWay(12));
  EXPECT_TRUE(UnderWay(13));
  flights_.Received(kPeer, Message(MessageType::kAppendResponse, 20));
  EXPECT_FALSE(UnderWay(20));
}

TEST_F(AppendFlightsTest, NothingIsUnderWayBehindARefusal) {
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Received(kPeer, Message(MessageType::kAppendResponse, 9, true));
  EXPECT_FALSE(UnderWay(10));
  // Sent again from further back.
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Sent(kPeer, 5, 12, now_);
  EXPECT_TRUE(UnderWay(5));
}

// Entries behind a gap do not hide those before it, and an answer in the middle ends the wait.
TEST_F(AppendFlightsTest, MessagesWithGapsAndOverlaps) {
  flights_.Sent(kPeer, 10, 20, now_);
  flights_.Sent(kPeer, 31, 40, now_);
  EXPECT_TRUE(UnderWay(10));
  EXPECT_FALSE(UnderWay(21));
  EXPECT_TRUE(UnderWay(31));
  flights_.Sent(kPeer, 10, 30, now_);
  flights_.Received(kPeer, Message(MessageType::kAppendResponse, 20));
  EXPECT_FALSE(UnderWay(21));
  EXPECT_TRUE(UnderWay(40));
}

TEST_F(AppendFlightsTest, OtherMessagesAndBytesSayNothing) {
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Received(kPeer, Message(MessageType::kHeartbeatResponse, 12));
  const std::string answer = Message(MessageType::kAppendResponse, 12);
  flights_.Received(3, answer);
  for (const std::string& bytes : {std::string(), std::string("\xff"), answer.substr(0, 3),
                                   std::string("\x0d\x04\x00\x00\x00", 5)})
    flights_.Received(kPeer, bytes);
  EXPECT_TRUE(UnderWay(12));
}

TEST_F(AppendFlightsTest, WhatIsLostIsSentAgain) {
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Forget(kPeer);
  EXPECT_FALSE(UnderWay(10));
  flights_.Sent(kPeer, 10, 12, now_);
  now_ += AppendFlights::kLostAfterUs - 1;
  EXPECT_TRUE(UnderWay(10));
  flights_.StillMoving(kPeer, now_);
  now_ += 1;
  EXPECT_TRUE(UnderWay(10));
  now_ += AppendFlights::kLostAfterUs;
  EXPECT_FALSE(UnderWay(10));
  flights_.Sent(kPeer, 10, 12, now_);
  flights_.Clear();
  EXPECT_FALSE(UnderWay(10));
}

}  // namespace
}  // namespace mydis
