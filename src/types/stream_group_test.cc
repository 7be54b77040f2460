// Consumer groups against a plain model, and the account of what they have read.
#include "types/stream_group.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "base/random.h"
#include "types/stream.h"

namespace mydis {
namespace {

struct Delivered {
  std::string consumer;
  int64_t time_ms;
  int64_t deliveries;
  bool operator==(const Delivered&) const = default;
};
using Model = std::map<StreamId, Delivered>;

void ExpectSame(const StreamGroup& group, const Model& model) {
  group.CheckInvariants();
  ASSERT_EQ(group.pending().size(), model.size());
  auto at = group.pending().Begin();
  for (const auto& [id, delivered] : model) {
    ASSERT_TRUE(at.valid());
    EXPECT_EQ(at->id, id);
    EXPECT_EQ((Delivered{std::string(at->consumer->name), at->delivery_time_ms, at->deliveries}),
              delivered);
    at.Next();
  }
  EXPECT_FALSE(at.valid());
}

TEST(StreamGroupTest, BehavesLikeAnOrderedMap) {
  static const std::array<std::string, 4> kNames = {"", "alice", "bob", "b\xff"};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    Stream stream;
    StreamGroup& group = stream.CreateGroup("group");
    Model model;
    StreamId last;
    for (int step = 0; step < 3000; ++step) {
      const std::string& name = kNames[random.Below(kNames.size())];
      StreamConsumer* consumer = group.FindConsumer(name);
      if (consumer == nullptr) consumer = &group.CreateConsumer(name, step);
      // Any ID, or one that is pending.
      StreamId id{random.Below(last.ms + 1), 0};
      if (!model.empty() && random.Below(2) == 0) {
        const auto found = model.lower_bound(id);
        if (found != model.end()) id = found->first;
      }
      const uint64_t kind = random.Below(100);
      if (kind < 55) {
        if (random.Below(4) > 0) id = last = {last.ms + 1, 0};
        group.Deliver(id, *consumer, step);
        model[id] = {name, step, 1};
      } else if (kind < 85) {
        EXPECT_EQ(group.Acknowledge(id), model.erase(id) > 0);
      } else if (kind < 99) {
        StreamPending* pending = group.FindPending(id);
        ASSERT_EQ(pending != nullptr, model.contains(id));
        if (pending == nullptr) continue;
        group.Reassign(*pending, *consumer);
        ++pending->deliveries;
        model[id].consumer = name;
        ++model[id].deliveries;
      } else {
        group.DeleteConsumer(*consumer);
        std::erase_if(model, [&](const auto& entry) { return entry.second.consumer == name; });
      }
      if (step % 100 == 0) ExpectSame(group, model);
    }
    ExpectSame(group, model);
    stream.CheckInvariants();
    const Stream copy = stream.Clone();
    ExpectSame(*copy.FindGroup("group"), model);
    EXPECT_EQ(copy.MemoryBytes(), stream.MemoryBytes());
    EXPECT_TRUE(stream.DestroyGroup("group"));
    stream.CheckInvariants();
    EXPECT_EQ(stream.MemoryBytes(), Stream().MemoryBytes());
  }
}

class LagTest : public testing::Test {
 protected:
  void Add(uint64_t from, uint64_t to) {
    const std::array<std::string_view, 2> fields = {"f", "v"};
    for (uint64_t i = from; i <= to; ++i) stream_.Append({i, 0}, fields, limits_);
  }
  Stream stream_;
  EncodingLimits limits_;
};

TEST_F(LagTest, CountsWhatIsUnread) {
  StreamGroup& group = stream_.CreateGroup("g");
  EXPECT_EQ(stream_.Lag(group), 0);
  Add(1, 5);
  EXPECT_EQ(stream_.Lag(group), 5);  // Before the first entry.
  stream_.Advance(group, {1, 0});
  EXPECT_EQ(group.entries_read, 1);
  EXPECT_EQ(stream_.Lag(group), 4);
  stream_.Advance(group, {2, 0});
  EXPECT_EQ(stream_.Lag(group), 3);
  // A tombstone ahead: nobody knows, until the group has come past it.
  EXPECT_TRUE(stream_.Erase({4, 0}));
  EXPECT_EQ(stream_.Lag(group), std::nullopt);
  stream_.Advance(group, {3, 0});
  EXPECT_EQ(group.entries_read, StreamGroup::kUnknownEntriesRead);
  stream_.Advance(group, {5, 0});
  EXPECT_EQ(group.entries_read, 5);
  EXPECT_EQ(stream_.Lag(group), 0);
  Add(6, 6);
  EXPECT_EQ(stream_.Lag(group), 1);
}

TEST_F(LagTest, SeesTombstonesThatAreBehindNoMore) {
  Add(1, 5);
  EXPECT_TRUE(stream_.Erase({1, 0}));
  StreamGroup& group = stream_.CreateGroup("g");
  EXPECT_EQ(stream_.Lag(group), 4);
  EXPECT_EQ(stream_.EntriesUpTo({2, 0}), 2);
  EXPECT_EQ(stream_.EntriesUpTo({3, 0}), std::nullopt);
  EXPECT_EQ(stream_.EntriesUpTo({9, 0}), std::nullopt);
  for (uint64_t i = 2; i <= 5; ++i) EXPECT_TRUE(stream_.Erase({i, 0}));
  EXPECT_EQ(stream_.EntriesUpTo({3, 0}), 5);
}

}  // namespace
}  // namespace mydis
