// Sending a snapshot to another instance, with every way to be interrupted.
#include <gtest/gtest.h>

#include "base/random.h"
#include "consensus/sim_disk.h"
#include "consensus/snapshot_store.h"

namespace mydis {
namespace {

constexpr uint64_t kCluster = 77;
const SnapshotId kId{42, 3};

class SnapshotReceiverTest : public testing::Test {
 protected:
  SnapshotReceiverTest() : content_(900'000, '\0') {
    Random random(5);
    for (char& c : content_) c = static_cast<char>(random.Next());
    sender_ = *SnapshotStore::Open(sender_disk_, "a", kCluster);
    auto writer = *sender_->Create(kId, "members");
    EXPECT_TRUE(writer->Append(content_).ok());
    EXPECT_TRUE(writer->Commit());
    source_ = *sender_->OpenSource(kId);
    size_ = source_->info().file_size;
    Reopen();
  }
  void Reopen() { receiver_ = *SnapshotStore::Open(disk_, "b", kCluster); }

  // Sends from `offset` on, at most `chunks` chunks.
  Status Send(uint64_t offset, int chunks = 1000) {
    for (; offset < size_ && chunks > 0; --chunks) {
      auto bytes = source_->ReadChunk(offset, 100'000);
      if (!bytes) return bytes.error();
      if (Status s = receiver_->ReceiveChunk(kId, offset, *bytes); !s.ok()) return s;
      offset += bytes->size();
    }
    return Status::Ok();
  }
  std::string Received() {
    auto reader = *receiver_->OpenReader(kId);
    EXPECT_EQ(reader->info().meta, "members");
    std::string all;
    for (auto part = *reader->Next(); !part.empty(); part = *reader->Next()) all += part;
    return all;
  }

  std::string content_;
  SimDisk sender_disk_, disk_;
  std::unique_ptr<SnapshotStore> sender_, receiver_;
  std::unique_ptr<SnapshotSource> source_;
  uint64_t size_ = 0;
};

TEST_F(SnapshotReceiverTest, ArrivesWhole) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0).ok());
  EXPECT_EQ(*receiver_->Choose(0), std::nullopt) << "not before it is committed";
  ASSERT_TRUE(receiver_->CommitReceive(kId));
  EXPECT_EQ(receiver_->Newest()->id, kId);
  disk_.Crash(1);
  Reopen();
  EXPECT_EQ(Received(), content_);
  EXPECT_EQ(*receiver_->BeginReceive(kId, size_), size_) << "it is here already";
  EXPECT_TRUE(receiver_->CommitReceive(kId));
}

TEST_F(SnapshotReceiverTest, ResumesWhereItBrokeOff) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0, 4).ok());
  EXPECT_EQ(receiver_->ReceiveChunk(kId, 0, "x").code(), ErrorCode::kInvalid);
  EXPECT_EQ(receiver_->CommitReceive(kId).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(*receiver_->BeginReceive(kId, size_), 400'000u) << "a new connection";
  Reopen();
  const uint64_t offset = *receiver_->BeginReceive(kId, size_);
  EXPECT_GT(offset, 200'000u) << "a new process";
  EXPECT_LE(offset, 400'000u);
  ASSERT_TRUE(Send(offset).ok());
  ASSERT_TRUE(receiver_->CommitReceive(kId));
  EXPECT_EQ(Received(), content_);
}

TEST_F(SnapshotReceiverTest, ResumesAfterCrashes) {
  uint64_t resumed = 0;
  for (uint64_t seed = 0; seed < 51; ++seed) {
    SimDisk fresh;
    receiver_ = *SnapshotStore::Open(fresh, "b", kCluster);
    ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
    fresh.StopAfter(1 + seed % 17);
    Status s = Send(0);
    if (s.ok() && receiver_->CommitReceive(kId)) {
      fresh.StopAfter(0);
    }
    receiver_.reset();
    fresh.Crash(seed);
    receiver_ = *SnapshotStore::Open(fresh, "b", kCluster);
    auto offset = receiver_->BeginReceive(kId, size_);
    ASSERT_TRUE(offset) << offset.error().message();
    resumed += *offset > 0;
    ASSERT_TRUE(Send(*offset).ok());
    ASSERT_TRUE(receiver_->CommitReceive(kId)) << seed;
    ASSERT_EQ(Received(), content_);
    receiver_.reset();
  }
  EXPECT_GT(resumed, 10u);
}

TEST_F(SnapshotReceiverTest, DamageOnTheWayIsFoundAndFetchedAgain) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0, 3).ok());
  std::string bytes = *source_->ReadChunk(300'000, 100'000);
  bytes[5] = static_cast<char>(bytes[5] ^ 1);
  ASSERT_TRUE(receiver_->ReceiveChunk(kId, 300'000, bytes).ok());
  ASSERT_TRUE(Send(400'000).ok());
  EXPECT_EQ(receiver_->CommitReceive(kId).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(receiver_->Newest(), std::nullopt);
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0).ok());
  EXPECT_TRUE(receiver_->CommitReceive(kId));
}

TEST_F(SnapshotReceiverTest, AnotherSnapshotTakesThePlace) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0, 3).ok());
  ASSERT_EQ(*receiver_->BeginReceive({43, 3}, 1000), 0u);
  EXPECT_EQ(disk_.List("b")->size(), 1u);
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
}

TEST_F(SnapshotReceiverTest, AnotherClustersOrAMisnamedSnapshotIsRefused) {
  receiver_ = *SnapshotStore::Open(disk_, "b", kCluster + 1);
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0).ok());
  EXPECT_EQ(receiver_->CommitReceive(kId).error().code(), ErrorCode::kCorrupt);
  Reopen();
  const SnapshotId other{43, 3};
  ASSERT_EQ(*receiver_->BeginReceive(other, size_), 0u);
  ASSERT_TRUE(receiver_->ReceiveChunk(other, 0, *source_->ReadChunk(0, size_)).ok());
  EXPECT_EQ(receiver_->CommitReceive(other).error().code(), ErrorCode::kCorrupt);
}

TEST_F(SnapshotReceiverTest, AFullDiskPausesIt) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  disk_.SetCapacity(250'000);
  EXPECT_EQ(Send(0).code(), ErrorCode::kDiskFull);
  disk_.SetCapacity(std::nullopt);
  const uint64_t offset = *receiver_->BeginReceive(kId, size_);
  EXPECT_EQ(offset, 200'000u);
  ASSERT_TRUE(Send(offset).ok());
  EXPECT_TRUE(receiver_->CommitReceive(kId));
  EXPECT_EQ(Received(), content_);
}

TEST_F(SnapshotReceiverTest, WhatIsOutOfDateIsRemoved) {
  ASSERT_EQ(*receiver_->BeginReceive(kId, size_), 0u);
  ASSERT_TRUE(Send(0, 3).ok());
  auto writer = *receiver_->Create({50, 3}, "");
  ASSERT_TRUE(writer->Commit());
  ASSERT_TRUE(receiver_->RemoveOld().ok());
  EXPECT_EQ(disk_.List("b")->size(), 1u);
  EXPECT_EQ(receiver_->ReceiveChunk(kId, 300'000, "x").code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace mydis
